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

/**
 * Parts nodes by selector and tolerations. Most Services of a cluster ask the same, so every answer is kept.
 * @param nodes in the order of their names
 * @see k3s-networking §5.4 R3 to R5
 */
export function candidateFinder(
  nodes: readonly NodeFacts[],
): (selector: NodeSelector, tolerations: readonly Toleration[]) => Candidates {
  const known = new Map<string, Candidates>()
  return (selector, tolerations) => {
    const key = JSON.stringify([selectorKey(selector), tolerations])
    const found = known.get(key) ?? part(nodes, selector, tolerations)
    known.set(key, found)
    return found
  }
}

function selectorKey(selector: NodeSelector): unknown {
  return Object.entries(selector).sort(([a], [b]) => (a < b ? -1 : 1))
}

function part(nodes: readonly NodeFacts[], selector: NodeSelector, tolerations: readonly Toleration[]): Candidates {
  const candidates: NodeFacts[] = []
  const excluded: ExcludedNode[] = []
  for (const node of nodes) {
    const reason = mismatch(node, selector)
    const [taint] = untolerated(node.taints ?? [], tolerations)
    if (reason !== undefined) excluded.push({ node: node.name, reason })
    else if (taint !== undefined) excluded.push({ node: node.name, reason: 'taint', taint })
    else candidates.push(node)
  }
  return { nodes: candidates, names: candidates.map((node) => node.name), excluded }
}
