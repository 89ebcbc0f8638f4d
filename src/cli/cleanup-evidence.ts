import { gatherEvidence } from '../agent/cleanup-evidence.ts'
import { kubeconfigsFor } from '../agent/kubeconfigs.ts'
import type { CleanupKind } from '../domain/cleanup.ts'
import type { GatheredEvidence } from '../reconcile/network/gathered-evidence.ts'
import type { CommandCall } from './command.ts'
import { printable } from './printable.ts'

/** What the machine that the command runs on and its cluster say; what could not be asked is told. */
export async function askForEvidence(call: CommandCall, wanted: ReadonlySet<CleanupKind>): Promise<GatheredEvidence> {
  const { settings, terminal } = call
  const sources = {
    root: '/',
    ...(settings.node === undefined ? {} : { node: settings.node }),
    kubeconfigs: kubeconfigsFor(call, '/'),
    onNote: (note: string): void => {
      terminal.err.write(`fairlead: ${printable(note)}\n`)
    },
  }
  return await gatherEvidence(sources, wanted, terminal.interrupted)
}
