import type { NodeFacts } from '../../domain/facts.ts'
import type { ExcludedNode } from './prediction.ts'
import { mismatch, type NodeSelector } from './selector.ts'
import { type Toleration, untolerated } from './tolerations.ts'

/** The nodes of a cluster, parted for one DaemonSet. */
export interface Candidates {
  readonly nodes: readonly NodeFacts[]
  readonly names: readonly string[]
  readonly excluded: readonly ExcludedNode[]
}

/** @param running names of nodes that a pod of the DaemonSet is on already */
export type FindCandidates = (
  selector: NodeSelector,
  tolerations: readonly Toleration[],
  running: readonly string[],
) => Candidates

/**
 * Parts nodes by selector and tolerations. Most Services of a cluster ask the same, so every answer is kept, and the same
 * question is answered with the same object.
 * @param nodes in the order of their names
 * @see k3s-networking §5.4 R3 to R5
 */
export function candidateFinder(nodes: readonly NodeFacts[]): FindCandidates {
  const known = new Map<string, Parted>()
  const tolerationKeys = new Map<readonly Toleration[], string>()
  return (selector, tolerations, running) => {
    const tolerated = tolerationKeys.get(tolerations) ?? JSON.stringify(tolerations)
    tolerationKeys.set(tolerations, tolerated)
    const key = `${JSON.stringify(selectorKey(selector))} ${tolerated}`
    const parted = known.get(key) ?? { found: part(nodes, selector, tolerations), withRunning: new Map() }
    known.set(key, parted)
    const staying = stayingOn(parted.found, running, tolerations)
    if (staying.length === 0) return parted.found
    const stayingKey = JSON.stringify(staying)
    const found = parted.withRunning.get(stayingKey) ?? withStaying(parted.found, nodes, new Set(staying))
    parted.withRunning.set(stayingKey, found)
    return found
  }
}

interface Parted {
  readonly found: FoundCandidates
  /** By the nodes that stay in spite of their taints. */
  readonly withRunning: Map<string, Candidates>
}

interface FoundCandidates extends Candidates {
  readonly tainted: ReadonlyMap<string, NodeFacts>
}

function selectorKey(selector: NodeSelector): unknown {
  return Object.entries(selector).sort(([a], [b]) => (a < b ? -1 : 1))
}

function part(
  nodes: readonly NodeFacts[],
  selector: NodeSelector,
  tolerations: readonly Toleration[],
): FoundCandidates {
  const candidates: NodeFacts[] = []
  const excluded: ExcludedNode[] = []
  const tainted = new Map<string, NodeFacts>()
  for (const node of nodes) {
    const reason = mismatch(node, selector)
    const [taint] = untolerated(node.taints ?? [], tolerations)
    if (reason !== undefined) excluded.push({ node: node.name, reason })
    else if (taint === undefined) candidates.push(node)
    else {
      excluded.push({ node: node.name, reason: 'taint', taint })
      tainted.set(node.name, node)
    }
  }
  return { nodes: candidates, names: candidates.map((node) => node.name), excluded, tainted }
}

/**
 * Names of nodes, in their order. A taint NoSchedule keeps new pods away and leaves those that run.
 * @see kubernetes/kubernetes pkg/controller/daemon/daemon_controller.go (`NodeShouldRunDaemonPod`)
 */
function stayingOn(
  { tainted }: FoundCandidates,
  running: readonly string[],
  tolerations: readonly Toleration[],
): readonly string[] {
  if (tainted.size === 0) return []
  const evicts = (node: NodeFacts): boolean =>
    untolerated(node.taints ?? [], tolerations).some((taint) => taint.effect === 'NoExecute')
  const staying = running.filter((name) => {
    const node = tainted.get(name)
    return node !== undefined && !evicts(node)
  })
  return [...new Set(staying)].sort()
}

function withStaying(found: Candidates, nodes: readonly NodeFacts[], staying: ReadonlySet<string>): Candidates {
  const candidates = new Set(found.nodes)
  const kept = nodes.filter((node) => candidates.has(node) || staying.has(node.name))
  return {
    nodes: kept,
    names: kept.map((node) => node.name),
    excluded: found.excluded.filter(({ node }) => !staying.has(node)),
  }
}
