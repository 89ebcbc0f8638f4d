import { openMachine } from '../agent/this-machine.ts'
import { exitCode } from '../domain/exit-code.ts'
import type { Command } from './command.ts'
import { bySuspension, refuseUnknown } from './suspend.ts'
import { terminalLog } from './terminal-log.ts'

/** Ends a suspension. */
export const resumeCommand: Command = async ({ settings, terminal }) => {
  const machine = openMachine(settings, terminal, terminalLog(terminal, { progress: false }))
  const { state, clock } = machine
  const before = await state.readSuspension()
  if (before === undefined) {
    const unknown = await refuseUnknown(machine, terminal)
    if (unknown !== undefined) return unknown
    terminal.out.write('was not suspended\n')
    return exitCode.done
  }
  await state.writeSuspension(undefined)
  terminal.out.write(`resumed; it was suspended ${bySuspension(before, clock.nowMs())}\n`)
  return exitCode.done
}
