import { exitCode } from '../domain/exit-code.ts'
import type { Command, CommandCall } from './command.ts'
import { lintCapture, lintCheckout } from './lint-checkout.ts'
import { lintHostRoot } from './lint-machine.ts'
import { printLintReport } from './lint-report.ts'
import { chooseRules } from './lint-rules.ts'
import { printable } from './printable.ts'
import { releaseMisuse } from './release-option.ts'

/** Every rule over a repository, a captured cluster, or the files of a machine. */
export const lintCommand: Command = async (call) => {
  const { options, terminal } = call
  const chosen = chooseRules(options['rule'])
  const misuse = chosen.kind === 'unknown' ? chosen.message : misuseOf(call)
  if (misuse !== undefined) {
    terminal.err.write(`fairlead: ${printable(misuse)}\n`)
    return exitCode.badUsage
  }
  const only = chosen.kind === 'some' ? chosen.rules : undefined
  const { capture, 'host-root': hostRoot } = options
  if (typeof hostRoot === 'string') return printLintReport(await lintHostRoot(call, hostRoot, only), call)
  if (typeof capture === 'string') return printLintReport(await lintCapture(call, capture, only), call)
  return printLintReport(await lintCheckout(call, only), call)
}

function misuseOf({ options, words, settings }: CommandCall): string | undefined {
  const worlds = ['capture', 'base', 'host-root'].filter((name) => typeof options[name] === 'string')
  if (worlds.length > 1) return `--${worlds.join(' and --')} exclude each other`
  const isMachine = typeof options['host-root'] === 'string'
  if (isMachine && (words[0] !== undefined || settings.cluster !== undefined)) {
    return '--host-root looks at a machine alone: leave the repository out'
  }
  if (typeof options['k3s-version'] === 'string' && !isMachine) {
    return '--k3s-version belongs to --host-root; a repository says its release itself'
  }
  return releaseMisuse(options['k3s-version'])
}
