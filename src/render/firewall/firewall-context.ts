import { parseAddress } from '../../domain/cidr.ts'
import type { NodeFacts, NodeRole } from '../../domain/facts.ts'
import { addressingDefaults } from '../../k3s/addressing-defaults.ts'
import { defaultApiPort } from '../../k3s/ports/inbound-ports.ts'
import type { ClusterNetwork, DesiredState } from '../../schema/documents.ts'
import { type FlagValue, k3sSettings } from '../k3s-settings.ts'
import { networksOfNode } from '../networks-of-node.ts'
import { type OverlayTraffic, overlayTraffic } from './overlay-traffic.ts'

/** What a node's packet filter depends on besides the rules that are written. */
export interface FirewallContext {
  readonly role: NodeRole
  /** Value of `https-listen-port`. */
  readonly apiPort: number
  /** Ranges of pods. */
  readonly podRanges: readonly string[]
  readonly management: Management
  /** Every node of the cluster; absent where one is missing or has no address that is known. */
  readonly nodes?: readonly KnownNode[]
  readonly overlay: readonly OverlayTraffic[]
  /** This node may be a member of etcd. */
  readonly hasEmbeddedEtcd: boolean
  readonly hasEmbeddedRegistry: boolean
}

export interface Management {
  /** Empty for everybody. */
  readonly from: readonly string[]
  readonly sshPorts: readonly number[]
}

export interface KnownNode {
  readonly name: string
  readonly role: NodeRole
  readonly addresses: readonly string[]
}

/**
 * @param known nodes of the living cluster; undefined where nobody looked, and the inventory alone tells
 */
export function firewallContext(
  desired: DesiredState,
  node: NodeFacts,
  known: readonly NodeFacts[] | undefined,
): FirewallContext {
  const nodes = knownNodes(desired, node, known)
  const servers = serversOf(desired, known)
  const settings = servers.flatMap((server) => k3sSettings(desired, server))
  const flag = (name: string): readonly FlagValue[] =>
    settings.flatMap(({ key, value }) => (key === name ? [value] : []))
  const isOn = (name: string): boolean => flag(name).some((value) => value === true || value === 'true')
  const port = Number(flag('https-listen-port')[0] ?? defaultApiPort)
  return {
    role: node.role,
    apiPort: Number.isInteger(port) && port > 0 && port < 65_536 ? port : defaultApiPort,
    podRanges: desired.cluster.spec.addressing.clusterCIDR ?? addressingDefaults.clusterCIDR,
    management: managementOf(desired, node),
    ...(nodes === undefined ? {} : { nodes }),
    overlay: overlayTraffic(desired.cluster),
    hasEmbeddedEtcd:
      node.role === 'server' &&
      flag('datastore-endpoint').length === 0 &&
      (nodes === undefined || isOn('cluster-init') || servers.length > 1 || servers.some(carriesEtcd)),
    hasEmbeddedRegistry: isOn('embedded-registry'),
  }
}

/** Lists of several documents are one; whoever writes none adds nobody. */
function managementOf(desired: DesiredState, node: NodeFacts): Management {
  const written = networksOfNode(desired.nodes, node).map(({ spec }) => spec.firewall.management)
  const sshPorts = [...new Set(written.flatMap((one) => one.sshPorts ?? []))]
  return { from: written.flatMap(({ from }) => from), sshPorts: sshPorts.length === 0 ? [22] : sshPorts }
}

function serversOf(desired: DesiredState, known: readonly NodeFacts[] | undefined): readonly NodeFacts[] {
  const live = (known ?? []).filter(({ role }) => role === 'server')
  const names = new Set(live.map(({ name }) => name))
  const inventory = inventoryNodes(desired.cluster).filter(({ name, role }) => role === 'server' && !names.has(name))
  const all = [...live, ...inventory]
  return all.length > 0 ? all : [{ name: 'every-server', role: 'server', labels: {}, addresses: [] }]
}

function carriesEtcd({ labels }: NodeFacts): boolean {
  return labels['node-role.kubernetes.io/etcd'] === 'true'
}

function inventoryNodes(cluster: ClusterNetwork): readonly NodeFacts[] {
  return cluster.spec.nodes.map(({ name, role, labels, addresses }) => ({
    name,
    role,
    labels,
    addresses: addresses ?? [],
  }))
}

/** A node counts with every address under which it is known: by the cluster, the inventory and its own documents. */
function knownNodes(
  desired: DesiredState,
  self: NodeFacts,
  known: readonly NodeFacts[] | undefined,
): readonly KnownNode[] | undefined {
  const inventory = inventoryNodes(desired.cluster)
  if (known === undefined && inventory.length === 0) return undefined
  const groups = Map.groupBy([...(known ?? []), ...inventory, self], ({ name }) => name)
  const nodes = [...groups].map(([name, facts]): KnownNode => {
    const documents = facts.flatMap((one) => networksOfNode(desired.nodes, one))
    const addresses = [
      ...facts.flatMap((one) => [...one.addresses, ...(one.externalAddresses ?? [])]),
      ...documents.flatMap(({ spec }) => [...(spec.nodeIP ?? []), ...(spec.externalIP ?? [])]),
    ].filter((text) => parseAddress(text) !== undefined)
    const role = facts.some((one) => one.role === 'server') ? 'server' : 'agent'
    return { name, role, addresses: [...new Set(addresses)].sort() }
  })
  // A node without addresses cannot be let in by its address, and must not be locked out.
  if (nodes.some(({ name, addresses }) => addresses.length === 0 && name !== self.name)) return undefined
  return nodes.sort((a, b) => (a.name < b.name ? -1 : 1))
}
