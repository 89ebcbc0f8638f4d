import type { Failure } from '../../domain/failure.ts'
import {
  emptyNetworkPlan,
  type NetworkChange,
  type NetworkPlan,
  type ReportedFinding,
} from '../../domain/network-change.ts'
import { programChanges } from '../../plan/network/program-changes.ts'
import type { ConfirmedNetwork } from '../../ports/network-state-port.ts'
import type { LastGood } from '../../ports/node-state-port.ts'
import { networkOf } from './converge-network.ts'
import { judgeProgram } from './judge-program.ts'
import { describeKernelPlan, planKernel } from './kernel-plan.ts'
import { readKernel } from './kernel-state.ts'
import type { NetworkReadPorts } from './network-ports.ts'
import { protectedPeers } from './protected-peers.ts'

/**
 * What the next pass would do to this kernel. Reads, and writes nothing: what the program changes is told apart from what
 * has drifted from the one in force.
 */
export async function previewNetwork(
  candidate: LastGood,
  ports: NetworkReadPorts,
  signal: AbortSignal,
): Promise<NetworkPlan> {
  const wanted = networkOf(candidate)
  const confirmed = await ports.network.readConfirmed()
  if (wanted.digest === confirmed?.digest) return networkDrift(wanted, ports, signal)
  const { plan, failures, described } = await look(wanted, ports, signal)
  const { refusals } = await judgeProgram(wanted, plan, ports, signal)
  const changes = programChanges(confirmed?.program, wanted.program, protectedPeers(wanted.program))
  const told = tellApart(changes, described.reported)
  return { changes: told.changes, reported: [...told.reported, ...failures], refusals }
}

/** What somebody else holds, or what waits for its interface, is no change of the next pass; it is told in the words of one. */
function tellApart(
  changes: readonly NetworkChange[],
  reported: readonly ReportedFinding[],
): Pick<NetworkPlan, 'changes' | 'reported'> {
  const wanted = new Map(changes.filter(({ effect }) => effect !== 'remove').map((change) => [change.id, change]))
  const held = new Map(
    reported.flatMap((finding) => {
      const change = wanted.get(finding.what) ?? wanted.get(`sysctl:${finding.what}`)
      return change === undefined ? [] : [[finding, change] as const]
    }),
  )
  const heldChanges = new Set(held.values())
  return {
    changes: changes.filter((change) => !heldChanges.has(change)),
    reported: reported.map((finding) => ({ ...finding, what: held.get(finding)?.what ?? finding.what })),
  }
}

/** What is not as the program in force says, although nobody changed the repository. */
export async function networkDrift(
  confirmed: ConfirmedNetwork | undefined,
  ports: NetworkReadPorts,
  signal: AbortSignal,
): Promise<NetworkPlan> {
  if (confirmed === undefined) return emptyNetworkPlan
  const { failures, described } = await look(confirmed, ports, signal)
  return { ...described, reported: [...described.reported, ...failures] }
}

async function look(wanted: ConfirmedNetwork, ports: NetworkReadPorts, signal: AbortSignal) {
  const inventory = await ports.network.readInventory()
  const state = await readKernel(wanted.program, inventory, ports, signal)
  const plan = planKernel(wanted.program, state, inventory)
  return { plan, described: describeKernelPlan(plan, 'Drift'), failures: state.failures.map(unread) }
}

function unread({ message, detail }: Failure): NetworkPlan['reported'][number] {
  return { what: message, reason: detail.fix }
}
