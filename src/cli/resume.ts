import { openMachine } from '../agent/this-machine.ts'
import { exitCode } from '../domain/exit-code.ts'
import type { Command } from './command.ts'
import { printable } from './printable.ts'
import { terminalLog } from './terminal-log.ts'

/** Ends a suspension. */
export const resumeCommand: Command = async ({ settings, terminal }) => {
  const { state } = openMachine(settings, terminal, terminalLog(terminal, { progress: false }))
  const before = await state.readSuspension()
  await state.writeSuspension(undefined)
  terminal.out.write(
    before === undefined
      ? 'was not suspended\n'
      : `resumed; it was suspended by ${printable(before.by)} since ${printable(before.since)}\n`,
  )
  return exitCode.done
}
