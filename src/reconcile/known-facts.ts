import type { Facts, NodeFacts } from '../domain/facts.ts'
import { saysAgent } from '../k3s/node-role.ts'
import type { DesiredState } from '../schema/documents.ts'

/**
 * The facts, with what the repository's inventory knows: the machines themselves where nobody looked at a cluster, and
 * labels, addresses and roles where they were not seen. What was seen wins; that nothing marks a node as a server was not
 * seen, a new one has no labels for a while.
 */
export function knownFacts(desired: DesiredState, facts: Facts): Facts {
  const { nodes: inventory } = desired.cluster.spec
  if (inventory.length === 0) return facts
  if (facts.origin === 'assumed') {
    const nodes = inventory.map(
      ({ name, role, addresses = [], labels }): NodeFacts => ({ name, role, addresses, labels }),
    )
    return { ...facts, origin: 'inventory', nodes }
  }
  const nodes = facts.nodes.map((node): NodeFacts => {
    const known = inventory.find((one) => one.name === node.name)
    if (known === undefined) return node
    const addresses = node.addresses.length > 0 ? node.addresses : (known.addresses ?? [])
    const isUnmarked = node.role === 'agent' && !saysAgent(node)
    const role = node.isRoleAssumed === true || isUnmarked ? known.role : node.role
    return { ...node, role, addresses, labels: { ...known.labels, ...node.labels } }
  })
  return { ...facts, nodes }
}
