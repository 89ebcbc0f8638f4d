import type { NodeFacts } from '../../domain/facts.ts'
import type { Failsafe, IptablesBackend, Plane } from '../../domain/network-program.ts'
import type { FilterProgram } from '../../domain/packet-filter.ts'
import type { DesiredState } from '../../schema/documents.ts'
import { networksOfNode } from '../networks-of-node.ts'
import { failsafeOf } from './failsafe-flows.ts'
import type { ExtraRule } from './filter-chains.ts'
import { firewallContext } from './firewall-context.ts'
import { renderFilter } from './render-filter.ts'

/** The part of a node's program that is about packets. */
export interface RenderedFirewall {
  readonly plane: Plane
  readonly backend?: IptablesBackend
  /** Absent where nothing asks for any rule. */
  readonly filter?: FilterProgram
  readonly failsafe: Failsafe
}

/**
 * @param known nodes of the living cluster; undefined where nobody looked
 * @param extra rules that are not written in `spec.firewall`
 */
export function renderFirewall(
  desired: DesiredState,
  node: NodeFacts,
  known: readonly NodeFacts[] | undefined,
  extra: readonly ExtraRule[] = [],
): RenderedFirewall {
  const networks = networksOfNode(desired.nodes, node)
  const sources = networks.map((network) => ({
    network,
    file: desired.places.nodePlace(network.metadata.name, ['spec']).place.file,
  }))
  const context = firewallContext(desired, node, known)
  const filter = renderFilter(sources, context, extra)
  // The first document that says it counts; that two differ is found by lint.
  const plane = networks.map(({ spec }) => spec.firewall.plane).find((one) => one !== undefined)
  const backend = networks.map(({ spec }) => spec.firewall.backend).find((one) => one !== undefined)
  return {
    plane: plane ?? 'iptables',
    ...(backend === undefined ? {} : { backend }),
    ...(filter === undefined ? {} : { filter }),
    failsafe: failsafeOf(context),
  }
}
