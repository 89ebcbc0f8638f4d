import { exitCode } from '../domain/exit-code.ts'
import type { Command } from './command.ts'
import { formatStructured, isStructured } from './structured-output.ts'

export const versionCommand: Command = async ({ options, terminal, version }) => {
  const facts = { version, node: process.versions.node, platform: `${process.platform}/${process.arch}` }
  const format = options['output']
  terminal.out.write(
    isStructured(format)
      ? formatStructured(facts, format)
      : `fairlead ${facts.version} (Node ${facts.node}, ${facts.platform})\n`,
  )
  return exitCode.done
}
