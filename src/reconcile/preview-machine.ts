import type { LastGood } from '../ports/node-state-port.ts'
import type { Compiled } from './compile-revision.ts'
import { type ConvergeSettings, decideNode, newNodeMemory, refusalOf, wantedPaths } from './converge-node.ts'
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
 */
export async function previewMachine(
  compiled: Compiled & { readonly kind: 'compiled' },
  candidate: LastGood,
  settings: ConvergeSettings,
  ports: ObservePorts,
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
    nodes: [{ node: candidate.program.node, plan: decision.plan, drops: decision.drops, refusal }],
    labels: diffLabels(undefined, compiled.cluster),
    labelsCompared: false,
    problems: compiled.problems,
    observed,
    candidate,
  }
}
