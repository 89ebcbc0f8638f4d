import { familyOf } from '../domain/cidr.ts'
import { parseDurationMs } from '../domain/duration.ts'
import type { ClusterNodes, NodeFacts } from '../domain/facts.ts'
import type { NetworkProgram } from '../domain/network-program.ts'
import { addressingDefaults } from '../k3s/addressing-defaults.ts'
import type { DesiredState } from '../schema/documents.ts'
import { renderCleanups } from './cleanups.ts'
import type { ExtraRule } from './firewall/filter-chains.ts'
import { type RenderedFirewall, renderFirewall } from './firewall/render-firewall.ts'
import { networksOfNode } from './networks-of-node.ts'
import { renderProbes } from './probes.ts'
import type { EgressRule } from './routes/egress.ts'
import { podRoutesOf } from './routes/pod-routes.ts'
import { type RenderedRoutes, renderRoutes } from './routes/render-routes.ts'

/**
 * What must be true of one node's kernel; undefined where no document asks for anything.
 * @param facts of the living cluster; undefined where nobody looked
 */
export function renderNetworkProgram(
  desired: DesiredState,
  node: NodeFacts,
  facts: ClusterNodes | undefined,
): NetworkProgram | undefined {
  const { rollout } = desired.cluster.spec
  const { firewall, routes, routingRules, sysctls } = renderKernelParts(desired, node, facts)
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

type KernelParts = Pick<RenderedRoutes, 'routes' | 'routingRules' | 'sysctls'> & { readonly firewall: RenderedFirewall }

const partsOfClusters = new WeakMap<ClusterNodes, WeakMap<DesiredState, Map<string, KernelParts>>>()

/**
 * Packet filter, routes and settings. They are the same for all nodes of one role that the same documents select, and in
 * a large cluster each is made of the addresses of all nodes: made once for as long as the facts are the same value.
 */
function renderKernelParts(desired: DesiredState, node: NodeFacts, facts: ClusterNodes | undefined): KernelParts {
  // A node without an address is looked at in its own way, and one that the facts do not hold adds to them.
  const isAlike = node.addresses.length > 0 && facts?.nodes.some(({ name }) => name === node.name) === true
  if (facts === undefined || !isAlike) return kernelParts(desired, node, facts)
  const ofCluster = partsOfClusters.get(facts) ?? new WeakMap<DesiredState, Map<string, KernelParts>>()
  partsOfClusters.set(facts, ofCluster)
  const made = ofCluster.get(desired) ?? new Map<string, KernelParts>()
  ofCluster.set(desired, made)
  const names = networksOfNode(desired.nodes, node).map(({ metadata }) => metadata.name)
  const key = JSON.stringify([node.role, names])
  const parts = made.get(key) ?? kernelParts(desired, node, facts)
  made.set(key, parts)
  return parts
}

function kernelParts(desired: DesiredState, node: NodeFacts, facts: ClusterNodes | undefined): KernelParts {
  const { addressing } = desired.cluster.spec
  const networks = networksOfNode(desired.nodes, node).map((network) => ({
    network,
    file: desired.places.nodePlace(network.metadata.name, ['spec']).place.file,
  }))
  // Flannel takes routes away with the object of a node; its machine is heard for a while longer.
  const others = facts === undefined ? undefined : [...facts.nodes, ...(facts.departed ?? [])]
  const { routes, routingRules, sysctls, egressRules } = renderRoutes(networks, {
    clusterCIDRs: addressing.clusterCIDR ?? addressingDefaults.clusterCIDR,
    serviceCIDRs: addressing.serviceCIDR ?? addressingDefaults.serviceCIDR,
    nodeNetworks: nodeAddresses(desired, node, others),
  })
  const firewall = renderFirewall(desired, node, others, egressRules.map(extraRule))
  return { firewall, routes, routingRules, sysctls }
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
