import type { HostPortPod } from '../../domain/facts.ts'

/** Where the pods of one Service are, as far as somebody looked. */
export interface BoundPods {
  /** Names of nodes; one with two pods, an old and a new one, is named twice. */
  readonly nodes: readonly string[]
  /** Those where the last pod that was seen is not ready. */
  readonly unready: ReadonlySet<string>
}

export const nowhere: BoundPods = { nodes: [], unready: new Set() }

/** The pods of ServiceLB that have a node, by `namespace/name` of their Service. */
export function boundPods(pods: readonly HostPortPod[]): ReadonlyMap<string, BoundPods> {
  const bound = new Map<string, { readonly nodes: string[]; readonly unready: Set<string> }>()
  for (const { servicelbOf, node, isReady } of pods) {
    if (servicelbOf === undefined || node === undefined) continue
    const own = bound.get(servicelbOf) ?? { nodes: [], unready: new Set<string>() }
    if (own.nodes.length === 0) bound.set(servicelbOf, own)
    own.nodes.push(node)
    if (isReady === false) own.unready.add(node)
    else if (own.unready.size > 0) own.unready.delete(node)
  }
  return bound
}
