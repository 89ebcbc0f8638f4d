import type { Facts } from '../domain/facts.ts'
import type { Problem } from '../domain/problem.ts'
import { nodesWithoutAddress } from '../render/firewall/firewall-context.ts'
import type { DesiredState } from '../schema/documents.ts'

const shownNames = 3

/** Nodes that a packet filter cannot let in: worth a word where rules are written at all. */
export function unaddressedNodes(desired: DesiredState, known: Facts): readonly Problem[] {
  const isFiltered = desired.nodes.some(({ spec: { firewall } }) =>
    [firewall.input, firewall.services, firewall.forward].some((rules) => rules.length > 0),
  )
  const names = isFiltered ? nodesWithoutAddress(desired, known.nodes) : []
  if (names.length === 0) return []
  const shown = names.slice(0, shownNames).join(', ')
  const more = names.length > shownNames ? ` and ${names.length - shownNames} more` : ''
  return [
    {
      ...desired.places.clusterPlace(['spec', 'nodes']),
      code: 'NODE_WITHOUT_ADDRESS',
      severity: 'notice',
      what: `no address is known of ${shown}${more}`,
      why: 'what is kept open for nodes on the others is not open for it until it has one',
      fix: 'write its addresses in spec.nodes, or wait until its Node shows some',
    },
  ]
}
