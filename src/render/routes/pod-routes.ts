import { familyOf, formatAddress, formatCidr, parseAddress, parseCidr } from '../../domain/cidr.ts'
import type { ClusterNodes, NodeFacts } from '../../domain/facts.ts'
import type { PodRoutePeer, PodRoutes } from '../../domain/pod-routes.ts'
import { addressingDefaults } from '../../k3s/addressing-defaults.ts'
import type { ClusterNetwork } from '../../schema/documents.ts'
import { undisputedPeers } from './undisputed-peers.ts'

const prefix = 'flannel.alpha.coreos.com'
/** Ours and the words that flannel writes into its annotation. */
const backendTypes = {
  'host-gw': { backend: 'host-gw', announced: ['host-gw'] },
  vxlan: { backend: 'vxlan', announced: ['vxlan'] },
  'wireguard-native': { backend: 'wireguard-native', announced: ['wireguard', 'wireguard-native'] },
} as const
type Backend = (typeof backendTypes)[keyof typeof backendTypes]

/**
 * The routes to pods that flannel ought to have on one node.
 * @param self the node's own name, which is no peer
 * @returns undefined where it is not flannel, or not a backend that keeps such routes, or where nobody looked at the nodes
 * @see flannel-io/flannel pkg/subnet/kube/kube.go, pkg/backend/route_network.go
 */
export function podRoutesOf(network: ClusterNetwork, facts: ClusterNodes, self: string): PodRoutes | undefined {
  const { cni } = network.spec
  if (cni.plugin !== 'flannel' || !isSeen(facts)) return undefined
  const known = backendTypes[cni.flannel.backend as keyof typeof backendTypes]
  if (known === undefined) return undefined
  const clusterCIDRs = (network.spec.addressing.clusterCIDR ?? addressingDefaults.clusterCIDR).flatMap(canonical)
  const all = peersOf(facts, known, clusterCIDRs)
  const peers = all.filter(({ node }) => node !== self)
  const others = facts.nodes.length - (facts.nodes.some(({ name }) => name === self) ? 1 : 0)
  return {
    backend: known.backend,
    directRouting: cni.flannel.directRouting,
    clusterCIDRs,
    peers,
    // A node that has no network yet, the backend from before, or a disputed network, may have routes that are no peer's.
    isComplete: facts.hasAllNodes === true && peers.length === others,
  }
}

const peersOfClusters = new WeakMap<ClusterNodes, Map<string, readonly PodRoutePeer[]>>()

/** Every node's programs name all the others: they are read once for as long as the facts are the same value. */
function peersOf(
  facts: ClusterNodes,
  { backend, announced }: Backend,
  clusterCIDRs: readonly string[],
): readonly PodRoutePeer[] {
  const ofCluster = peersOfClusters.get(facts) ?? new Map<string, readonly PodRoutePeer[]>()
  peersOfClusters.set(facts, ofCluster)
  const key = [backend, ...clusterCIDRs].join(' ')
  const known = ofCluster.get(key)
  if (known !== undefined) return known
  const announcing = facts.nodes
    .map((node) => peerOf(node, announced))
    .filter((peer) => peer !== undefined)
    .sort((a, b) => (a.node < b.node ? -1 : 1))
  const made = undisputedPeers(announcing, clusterCIDRs)
  ofCluster.set(key, made)
  return made
}

/** Somebody read nodes from an API; the inventory of a repository knows of no networks. */
function isSeen({ origin, nodes }: ClusterNodes): boolean {
  return (origin === 'live' || origin === 'capture') && nodes.some(({ podCIDRs }) => podCIDRs !== undefined)
}

/** flannel leaves out nodes that announce another backend; one that announces nothing yet has no route either. */
function peerOf({ name, podCIDRs, annotations }: NodeFacts, backends: readonly string[]): PodRoutePeer | undefined {
  const announced = annotations?.[`${prefix}/backend-type`]
  if (podCIDRs === undefined || announced === undefined || !backends.includes(announced)) return undefined
  const addresses = [annotations?.[`${prefix}/public-ip`], annotations?.[`${prefix}/public-ipv6`]]
  return {
    node: name,
    podCIDRs: podCIDRs.flatMap(canonical),
    addresses: addresses
      .map((text) => (text === undefined ? undefined : parseAddress(text)))
      .filter((address) => address !== undefined)
      .map(formatAddress)
      .toSorted((a, b) => familyOf(a) - familyOf(b)),
  }
}

function canonical(text: string): readonly string[] {
  const cidr = parseCidr(text)
  return cidr === undefined ? [] : [formatCidr(cidr)]
}
