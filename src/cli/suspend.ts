import { openMachine } from '../agent/this-machine.ts'
import { exitCode } from '../domain/exit-code.ts'
import type { Command } from './command.ts'
import { printable } from './printable.ts'
import { terminalLog } from './terminal-log.ts'

/** Nothing is compared or repaired on this machine until `fairlead resume`. */
export const suspendCommand: Command = async ({ settings, options, terminal }) => {
  const { state, clock } = openMachine(settings, terminal, terminalLog(terminal, { progress: false }))
  const before = await state.readSuspension()
  if (before !== undefined) {
    terminal.out.write(`suspended already, by ${printable(before.by)} since ${printable(before.since)}\n`)
    return exitCode.done
  }
  const reason = typeof options['reason'] === 'string' ? options['reason'] : ''
  await state.writeSuspension({ by: terminal.userName, reason, since: new Date(clock.nowMs()).toISOString() })
  terminal.out.write('suspended: nothing is compared or repaired until fairlead resume\n')
  return exitCode.done
}
