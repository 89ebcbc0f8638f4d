import type { FileChange } from '../domain/change.ts'
import { emptyNetworkPlan } from '../domain/network-change.ts'
import { type ConvergeSettings, decideNode, newNodeMemory, wantedPaths } from './converge-node.ts'
import type { NetworkReadPorts } from './network/network-ports.ts'
import { networkDrift } from './network/preview-network.ts'
import { type ObservePorts, observeNode } from './observe-node.ts'
import { pathOfChange } from './preview-plan.ts'
import { resolveSecrets } from './resolve-secrets.ts'

/** One file, or one object of the kernel, that is not as the program in force says, although nobody changed the repository. */
export interface DriftItem {
  readonly path: string
  /** `repair`: with the next pass. `report`: it stays as it is. */
  readonly handling: 'repair' | 'report'
  readonly message: string
}

/** The drift on this machine now; undefined while no program is in force. Reads, and writes nothing. */
export async function observeDrift(
  settings: ConvergeSettings,
  ports: ObservePorts,
  kernel: NetworkReadPorts | undefined,
  signal: AbortSignal,
): Promise<readonly DriftItem[] | undefined> {
  const lastGood = await ports.state.readLastGood()
  if (lastGood === undefined) return undefined
  const observed = await observeNode(settings.engine, wantedPaths(lastGood.program), ports, signal)
  const memory = { ...newNodeMemory(observed.monotonicMs), restage: false }
  const resolved = await resolveSecrets(lastGood.program, ports.secrets)
  const { plan } = decideNode(resolved, lastGood.program, observed, settings, memory)
  const drifted = plan.changes.filter((change) => change.cause === 'Drift')
  // The other reasons say that nobody guards the file now, not that it differs.
  const reported = plan.reported.filter(
    (drift) =>
      drift.reason === 'PackagedFilesReport' || drift.reason === 'FlagsEdited' || drift.reason === 'FlagsOverridden',
  )
  const items: DriftItem[] = [
    ...drifted.map(
      (change) => ({ path: pathOfChange(change), handling: 'repair', message: differenceOf(change) }) as const,
    ),
    ...reported.map(({ path, message }) => ({ path, handling: 'report', message }) as const),
  ]
  const network =
    kernel === undefined ? emptyNetworkPlan : await networkDrift(await kernel.network.readConfirmed(), kernel, signal)
  items.push(
    ...network.changes.map(({ what, id }) => ({ path: id, handling: 'repair', message: what }) as const),
    ...network.reported.map(({ what, reason }) => ({ path: what, handling: 'report', message: reason }) as const),
  )
  return items.sort((a, b) => (a.path < b.path ? -1 : 1))
}

function differenceOf(change: FileChange): string {
  if (!('before' in change) || change.before === undefined) return 'missing'
  if (change.before.type !== 'file') return `a ${change.before.type} is in its place`
  return 'after' in change && change.before.text === change.after.text ? 'mode changed' : 'content changed'
}
