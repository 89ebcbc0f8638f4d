import type { NodeFacts } from '../domain/facts.ts'
import type { NodeNetwork } from '../schema/documents.ts'

/** The NodeNetworks that are for a node, by its name or its labels, in the order of their names. */
export function networksOfNode(networks: readonly NodeNetwork[], node: NodeFacts): readonly NodeNetwork[] {
  return networks.filter(({ spec }) => {
    const { names, matchLabels } = spec.nodes
    if (names !== undefined) return names.includes(node.name)
    return Object.entries(matchLabels ?? {}).every(([key, value]) => node.labels[key] === value)
  })
}
