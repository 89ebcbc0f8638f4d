import { openMachineCheckpoints } from '../agent/this-checkpoints.ts'
import { openMachine } from '../agent/this-machine.ts'
import type { Checkpoint, CheckpointPort } from '../ports/checkpoint-port.ts'
import type { CommandCall } from './command.ts'
import { shortRevision } from './history.ts'
import { printable } from './printable.ts'
import { terminalLog } from './terminal-log.ts'

/** The change that waits for a yes on this machine, or the last one that ended; with the state it was found in. */
export interface LastChange {
  readonly checkpoints: CheckpointPort
  readonly change: Checkpoint | undefined
}

export async function lastChange({ settings, terminal }: CommandCall): Promise<LastChange> {
  const machine = openMachine(settings, terminal, terminalLog(terminal, { progress: false }))
  const checkpoints = openMachineCheckpoints(machine.stateDirectory)
  return { checkpoints, change: await checkpoints.current() }
}

/** Whoever names a change means that one and no other; undefined when it is the one, or none was named. */
export function otherThanNamed(change: Checkpoint, [id]: CommandCall['words']): string | undefined {
  if (id === undefined || id === change.id) return undefined
  return `the last change is ${change.id}, not ${printable(id)}`
}

/** `change 000007 of main@sha1:4f2c9e0b`, and what it does, a line each. */
export function describeChange({ id, revision, changes }: Checkpoint): string {
  const lines = changes.map((change) => `  ${printable(change)}\n`)
  return `change ${id} of ${shortRevision(revision)}\n${lines.join('')}`
}
