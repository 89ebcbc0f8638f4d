import type { NodeFacts } from '../../../src/domain/facts.ts'
import type { FamilyFilter } from '../../../src/domain/packet-filter.ts'
import { renderFirewall } from '../../../src/render/firewall/render-firewall.ts'
import type { DesiredState, NodeNetwork } from '../../../src/schema/documents.ts'
import { nodeNetworkSchema } from '../../../src/schema/node-network.ts'
import { desiredState } from '../../lab/desired-state.ts'

export type Json = Readonly<Record<string, unknown>>

export const server: NodeFacts = { name: 'pi-1', role: 'server', labels: {}, addresses: ['192.168.1.5'] }
export const agent: NodeFacts = { name: 'pi-2', role: 'agent', labels: {}, addresses: ['192.168.1.6'] }

/** A checked NodeNetwork for every node of the tests. */
export function nodeNetwork(spec: Json, name = 'all'): NodeNetwork {
  return nodeNetworkSchema.parse(written(spec, name))
}

export function written(spec: Json, name = 'all'): Json {
  return {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'NodeNetwork',
    metadata: { name },
    spec: { nodes: { names: ['pi-1', 'pi-2'] }, ...spec },
  }
}

/** A cluster of these two nodes, with NodeNetworks of these parts of `spec`. */
export function cluster(specs: readonly Json[], network: Json = {}): DesiredState {
  return { ...desiredState(network), nodes: specs.map((spec, index) => nodeNetwork(spec, `n-${index}`)) }
}

/** What the server gets in one family; empty where nothing is asked for. */
export function compiled(firewall: Json, family: 4 | 6 = 4): FamilyFilter {
  const { filter } = renderFirewall(cluster([{ firewall }]), server, [server, agent])
  return (family === 4 ? filter?.v4 : filter?.v6) ?? { sets: [], chains: [] }
}
