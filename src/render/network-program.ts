import { familyOf } from '../domain/cidr.ts'
import { parseDurationMs } from '../domain/duration.ts'
import type { ClusterNodes, NodeFacts } from '../domain/facts.ts'
import type { NetworkProgram } from '../domain/network-program.ts'
import { addressingDefaults } from '../k3s/addressing-defaults.ts'
import type { DesiredState } from '../schema/documents.ts'
import { renderCleanups } from './cleanups.ts'
import type { ExtraRule } from './firewall/filter-chains.ts'
import { renderFirewall } from './firewall/render-firewall.ts'
import { networksOfNode } from './networks-of-node.ts'
import { renderProbes } from './probes.ts'
import type { EgressRule } from './routes/egress.ts'
import { podRoutesOf } from './routes/pod-routes.ts'
import { renderRoutes } from './routes/render-routes.ts'

/**
 * What must be true of one node's kernel; undefined where no document asks for anything.
 * @param facts of the living cluster; undefined where nobody looked
 */
export function renderNetworkProgram(
  desired: DesiredState,
  node: NodeFacts,
  facts: ClusterNodes | undefined,
): NetworkProgram | undefined {
  const known = facts?.nodes
  const { addressing, rollout } = desired.cluster.spec
  const networks = networksOfNode(desired.nodes, node).map((network) => ({
    network,
    file: desired.places.nodePlace(network.metadata.name, ['spec']).place.file,
  }))
  const { routes, routingRules, sysctls, egressRules } = renderRoutes(networks, {
    clusterCIDRs: addressing.clusterCIDR ?? addressingDefaults.clusterCIDR,
    serviceCIDRs: addressing.serviceCIDR ?? addressingDefaults.serviceCIDR,
    nodeNetworks: nodeAddresses(desired, node, known),
  })
  const firewall = renderFirewall(desired, node, known, egressRules.map(extraRule))
  const cleanups = renderCleanups(desired.cluster)
  const podRoutes = facts === undefined ? undefined : podRoutesOf(desired.cluster, facts, node.name)
  const isSilent = firewall.filter === undefined && routes.length + routingRules.length + sysctls.length === 0
  if (isSilent && cleanups.length === 0 && podRoutes === undefined) return undefined
  return {
    ...firewall,
    routes,
    routingRules,
    sysctls,
    ...(podRoutes === undefined ? {} : { podRoutes }),
    cleanups,
    ...(desired.cluster.spec.cleanups.networkPolicy === 'Auto' ? { cleanupsMayWiden: true as const } : {}),
    probes: renderProbes(desired, node),
    confirmTimeoutMs: parseDurationMs(rollout.confirmTimeout) ?? 60_000,
  }
}

/** Hosts that stay with the main routing table whatever way out pods have. */
function nodeAddresses(
  desired: DesiredState,
  node: NodeFacts,
  known: readonly NodeFacts[] | undefined,
): readonly string[] {
  const inventory = desired.cluster.spec.nodes.flatMap(({ addresses }) => addresses ?? [])
  const all = [...inventory, ...node.addresses, ...(known ?? []).flatMap(({ addresses }) => addresses)]
  return [...new Set(all.map((address) => `${address}/${familyOf(address) === 4 ? 32 : 128}`))].sort()
}

function extraRule({ family, table, rule }: EgressRule): ExtraRule {
  return { ...rule, family, chain: table === 'nat' ? 'postrouting' : 'marks' }
}
