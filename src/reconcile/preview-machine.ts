import { emptyNetworkPlan, type NetworkPlan } from '../domain/network-change.ts'
import type { LastGood } from '../ports/node-state-port.ts'
import type { Compiled } from './compile-revision.ts'
import { type ConvergeSettings, decideNode, newNodeMemory, refusalOf, wantedPaths } from './converge-node.ts'
import type { NetworkReadPorts } from './network/network-ports.ts'
import { previewNetwork } from './network/preview-network.ts'
import { planRefusal } from './node-verdict.ts'
import { type ObservedNode, type ObservePorts, observeNode } from './observe-node.ts'
import { diffLabels } from './preview-labels.ts'
import type { ClusterPreview } from './preview-plan.ts'
import { resolveSecrets } from './resolve-secrets.ts'

/** A compiled revision beside the machine it is for, as the loop would see both in its next pass. */
export interface MachinePreview extends ClusterPreview {
  readonly observed: ObservedNode
  readonly candidate: LastGood
}

/**
 * What the next pass of the loop would do on this machine. Reads, and writes nothing.
 * @param candidate the program of this node, from `compiled`
 * @param kernel undefined below another root, which has none
 */
export async function previewMachine(
  compiled: Compiled & { readonly kind: 'compiled' },
  candidate: LastGood,
  settings: ConvergeSettings,
  ports: ObservePorts,
  kernel: NetworkReadPorts | undefined,
  signal: AbortSignal,
): Promise<MachinePreview> {
  const lastGood = await ports.state.readLastGood()
  const observed = await observeNode(settings.engine, wantedPaths(candidate.program), ports, signal)
  // A preview joins a loop that has been running: nothing is staged anew for its sake.
  const memory = { ...newNodeMemory(observed.monotonicMs), restage: false }
  const resolved = await resolveSecrets(candidate.program, ports.secrets)
  const decision = decideNode(resolved, lastGood?.program, observed, settings, memory)
  const refusal = planRefusal(decision.plan) ?? refusalOf(candidate, decision, observed)
  return {
    cluster: candidate.program.cluster,
    nodes: [
      {
        node: candidate.program.node,
        plan: decision.plan,
        drops: decision.drops,
        network: kernel === undefined ? notLookedAt(candidate) : await previewNetwork(candidate, kernel, signal),
        refusal,
      },
    ],
    labels: diffLabels(undefined, compiled.cluster),
    labelsCompared: false,
    problems: compiled.problems,
    observed,
    candidate,
  }
}

/** A plan without the kernel must not look as if the documents asked nothing of it. */
function notLookedAt({ program }: LastGood): NetworkPlan {
  const { filter, routes = [], routingRules = [], sysctls = [] } = program.network ?? {}
  if (filter === undefined && routes.length + routingRules.length + sysctls.length === 0) return emptyNetworkPlan
  const reason = 'no kernel is kept with these settings; --kernel on says that this one is meant'
  return { ...emptyNetworkPlan, reported: [{ what: 'packet filter, routes and settings', reason }] }
}
