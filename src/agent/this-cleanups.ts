import { openCommands } from '../adapters/command/node-command.ts'
import { openCleanupRecords } from '../adapters/disk/cleanup-records.ts'
import { openLeftovers } from '../adapters/leftovers/leftovers.ts'
import { runInverse } from '../adapters/leftovers/run-inverse.ts'
import type { CommandPort } from '../ports/command-port.ts'
import type { CleanupPorts } from '../reconcile/network/cleanup-ports.ts'
import { gatherEvidence } from './cleanup-evidence.ts'
import type { Machine } from './this-machine.ts'

export interface MachineCleanups {
  /** What the machine is called in its cluster; found out unless told. */
  readonly node?: string
  readonly kubeconfigs: readonly string[]
  readonly commands?: CommandPort
  /** Where proc is mounted; `/proc` unless told. */
  readonly proc?: string
}

/** Cleaning up on this machine. Nothing is started or written before something is asked of it. */
export function openMachineCleanups(
  { root, stateDirectory, clock, log }: Pick<Machine, 'root' | 'stateDirectory' | 'clock' | 'log'>,
  { node, kubeconfigs, commands = openCommands(), proc }: MachineCleanups,
): CleanupPorts {
  const onNote = (note: string): void => log.debug({}, note)
  const sources = { root, kubeconfigs, onNote, ...(node === undefined ? {} : { node }) }
  return {
    leftovers: (record) =>
      openLeftovers({
        commands,
        root,
        quarantine: `${stateDirectory}/quarantine/${record}`,
        k3sArguments: async () => undefined,
        ...(proc === undefined ? {} : { proc }),
      }),
    records: openCleanupRecords(stateDirectory),
    evidence: async (wanted, signal) => await gatherEvidence(sources, wanted, signal),
    takeBack: async (steps, signal) => await runInverse(steps, commands, signal),
    clock,
    log,
  }
}
