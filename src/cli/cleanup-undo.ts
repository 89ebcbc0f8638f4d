import { openCleanupRecords } from '../adapters/disk/cleanup-records.ts'
import { runInverse } from '../adapters/leftovers/run-inverse.ts'
import { type ExitCode, exitCode } from '../domain/exit-code.ts'
import type { CommandPort } from '../ports/command-port.ts'
import type { CommandCall } from './command.ts'
import { printable } from './printable.ts'

/** Takes a cleanup back, the newest where none is named. May be done again. */
export async function undoCleanup(
  undo: string | true,
  { terminal }: CommandCall,
  world: { readonly commands: CommandPort; readonly stateDirectory: string },
): Promise<ExitCode> {
  const records = openCleanupRecords(world.stateDirectory)
  const name = undo === true ? records.names().at(-1) : undo
  const record = name === undefined ? undefined : await records.read(name)
  if (record === undefined) {
    const known = records.names().map((each) => `  ${printable(each)}\n`)
    terminal.err.write(`fairlead: there is no such cleanup to take back\n${known.join('')}`)
    return exitCode.failed
  }
  // Before the first step: from here on the agent leaves it alone.
  await records.markTakenBack(record.name)
  const failed = await runInverse(record.steps, world.commands, terminal.interrupted)
  for (const line of failed) terminal.err.write(`fairlead: ${printable(line)}\n`)
  for (const line of record.lost) terminal.err.write(`fairlead: not brought back: ${printable(line)}\n`)
  terminal.out.write(record.removed.map((line) => `+ ${printable(line)}\n`).join(''))
  terminal.err.write(`taken back: ${printable(record.name)}\n`)
  return failed.length === 0 ? exitCode.done : exitCode.failed
}
