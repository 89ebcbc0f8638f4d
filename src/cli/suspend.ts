import { openMachine } from '../agent/this-machine.ts'
import { type ExitCode, exitCode } from '../domain/exit-code.ts'
import type { Suspension } from '../domain/status.ts'
import type { NodeStatePort } from '../ports/node-state-port.ts'
import { ageOf } from './age.ts'
import type { Command, Terminal } from './command.ts'
import { printable } from './printable.ts'
import { terminalLog } from './terminal-log.ts'

/** Nothing is compared or repaired on this machine until `fairlead resume`. */
export const suspendCommand: Command = async ({ settings, options, terminal }) => {
  const machine = openMachine(settings, terminal, terminalLog(terminal, { progress: false }))
  const { state, clock } = machine
  const before = await state.readSuspension()
  if (before !== undefined) {
    terminal.out.write(`suspended already, by ${printable(before.by)} since ${printable(before.since)}\n`)
    return exitCode.done
  }
  const unknown = await refuseUnknown(machine, terminal)
  if (unknown !== undefined) return unknown
  const reason = typeof options['reason'] === 'string' ? options['reason'] : ''
  await state.writeSuspension({ by: terminal.userName, reason, since: new Date(clock.nowMs()).toISOString() })
  terminal.out.write('suspended: nothing is compared or repaired until fairlead resume\n')
  return exitCode.done
}

/** `by ada 5m ago: moving house` */
export function bySuspension({ by, reason, since }: Suspension, nowMs: number): string {
  return `by ${printable(by)} ${ageOf(since, nowMs)} ago${reason === '' ? '' : `: ${printable(reason)}`}`
}

/**
 * Refuses where Fairlead never was: a wrong `--root` would get a state directory, and look as if it were held.
 * @returns undefined where there is something to suspend or to resume
 */
export async function refuseUnknown(
  machine: {
    readonly state: Pick<NodeStatePort, 'readAdoption' | 'readStatus' | 'readInventory'>
    readonly root: string
  },
  { err }: Pick<Terminal, 'err'>,
): Promise<ExitCode | undefined> {
  const { state, root } = machine
  if ((await state.readAdoption()) !== undefined || (await state.readStatus()) !== undefined) return undefined
  if ((await state.readInventory()).entries.size > 0) return undefined
  err.write(`fairlead: Fairlead does not keep ${printable(root)}\n`)
  err.write('  fix  name the root of the machine with --root, or begin with fairlead adopt\n')
  return exitCode.failed
}
