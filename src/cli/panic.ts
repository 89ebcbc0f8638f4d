import { openCommands } from '../adapters/command/node-command.ts'
import { openMachine } from '../agent/this-machine.ts'
import { exitCode } from '../domain/exit-code.ts'
import type { Command } from './command.ts'
import { panicScript } from './package-files.ts'
import { printableText } from './printable.ts'
import { terminalLog } from './terminal-log.ts'

const timeoutMs = 300_000

/** Runs `bin/fairlead-panic`, the very script that works without this program. */
export const panicCommand: Command = async ({ settings, options, terminal }) => {
  const { stateDirectory } = openMachine(settings, terminal, terminalLog(terminal, { progress: false }))
  const commands = openCommands()
  const sh = (await commands.find('sh')) ?? '/bin/sh'
  const routes = options['routes'] === true ? ['--routes'] : []
  const argv = [sh, panicScript(), '--state', stateDirectory, ...routes] as const
  const ran = await commands.run(argv, { timeoutMs })
  terminal.out.write(printableText(ran.stdout))
  terminal.err.write(printableText(ran.stderr))
  if (ran.code === 0) return exitCode.done
  if (ran.failed !== undefined) terminal.err.write(`fairlead: ${argv[1]}: ${ran.failed}\n  fix  run it with sh\n`)
  return exitCode.failed
}
