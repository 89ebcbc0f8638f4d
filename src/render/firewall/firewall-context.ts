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
  /** Every node that has an address, and this one; absent where nobody knows who belongs to the cluster. */
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
  /** All under which it is known. */
  readonly addresses: readonly string[]
  /** From which it may speak with API servers and etcd: what a node says of itself opens them only where nothing is written. */
  readonly controlPlaneAddresses: readonly string[]
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

/** Names of the nodes that nobody can be told to let in, as far as one cluster that was looked at is concerned; sorted. */
export function nodesWithoutAddress(desired: DesiredState, known: readonly NodeFacts[]): readonly string[] {
  return gathered(desired, known)
    .filter(({ addresses }) => addresses.length === 0)
    .map(({ name }) => name)
}

function knownNodes(
  desired: DesiredState,
  self: NodeFacts,
  known: readonly NodeFacts[] | undefined,
): readonly KnownNode[] | undefined {
  if (known === undefined && desired.cluster.spec.nodes.length === 0) return undefined
  const nodes = gathered(desired, [...(known ?? []), self])
  const isFound = ({ name, addresses }: KnownNode): boolean => addresses.length > 0 || name === self.name
  // Where nobody looked, one without an address is at work somewhere, and must not be locked out. Where the cluster was
  // looked at, it is one that has not come yet: it cannot be let in by its address, and is no reason to let everybody in.
  if (known === undefined && !nodes.every(isFound)) return undefined
  if (nodes.length > 1 && nodes.every(({ addresses }) => addresses.length === 0)) return undefined
  return nodes.filter(isFound)
}

/** A node counts with every address under which it is known: by the cluster, the inventory and its own documents. */
function gathered(desired: DesiredState, seen: readonly NodeFacts[]): readonly KnownNode[] {
  const inventory = inventoryNodes(desired.cluster)
  const listed = new Map(inventory.map((one) => [one.name, one]))
  const groups = Map.groupBy([...seen, ...inventory], ({ name }) => name)
  const nodes = [...groups].map(([name, facts]): KnownNode => {
    const addresses = validOnce(facts.flatMap((one) => [...ownAddresses(one), ...writtenAddresses(desired, one)]))
    const inGit = listed.get(name)
    const isWritten = inGit !== undefined && validOnce(inGit.addresses).length > 0
    return {
      name,
      role: facts.some((one) => one.role === 'server') ? 'server' : 'agent',
      addresses,
      controlPlaneAddresses: isWritten
        ? validOnce([...inGit.addresses, ...writtenAddresses(desired, inGit)])
        : addresses,
    }
  })
  return nodes.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function ownAddresses({ addresses, externalAddresses = [] }: NodeFacts): readonly string[] {
  return [...addresses, ...externalAddresses]
}

function writtenAddresses(desired: DesiredState, node: NodeFacts): readonly string[] {
  return networksOfNode(desired.nodes, node).flatMap(({ spec }) => [...(spec.nodeIP ?? []), ...(spec.externalIP ?? [])])
}

function validOnce(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.filter((text) => parseAddress(text) !== undefined))].sort()
}
