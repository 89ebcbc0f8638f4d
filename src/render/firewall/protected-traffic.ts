import type { AddressFamily } from '../../domain/cidr.ts'
import type { NamedProtocol } from '../../domain/packet-filter.ts'
import { etcdPorts, kubeletPort, registryPort } from '../../k3s/ports/inbound-ports.ts'
import type { FirewallContext, KnownNode } from './firewall-context.ts'

/** Traffic that gets through before any rule is asked. */
export interface ProtectedTraffic {
  readonly name: string
  readonly protocol: NamedProtocol | number
  readonly families: readonly AddressFamily[]
  /** Networks of the other end; absent for everybody. Without any of a family nobody is protected in it. */
  readonly from?: readonly string[]
  /** Absent for the node itself. */
  readonly to?: readonly string[]
  readonly ports?: readonly (number | string)[]
  readonly icmpTypes?: readonly number[]
}

const both: readonly AddressFamily[] = [4, 6]

/**
 * What a node must hear whatever the rules say: those who administer it, the other nodes, and what addresses and path
 * sizes are found out with.
 * @see node-networking §4.5; k3s-io/docs docs/installation/requirements.md; RFC 4890 §4.4
 */
export function inboundTraffic(context: FirewallContext): readonly ProtectedTraffic[] {
  const { management, nodes, podRanges, apiPort } = context
  const clusterMembers = nodes === undefined ? undefined : [...addressesOf(nodes), ...podRanges]
  const servers = nodes?.filter(({ role }) => role === 'server').flatMap((node) => node.controlPlaneAddresses)
  const callers = nodes?.flatMap(({ controlPlaneAddresses }) => controlPlaneAddresses)
  const managers = management.from.length === 0 ? undefined : management.from
  const administrators =
    managers === undefined || callers === undefined ? undefined : [...managers, ...callers, ...podRanges]
  const hasApiPort = context.role === 'server' || context.hasEmbeddedRegistry
  return [
    tcp('ssh', management.sshPorts, managers),
    ...(hasApiPort ? [tcp('kubernetes-api', [apiPort], administrators)] : []),
    tcp('kubelet', [kubeletPort], clusterMembers),
    ...(context.hasEmbeddedEtcd ? [tcp('etcd', [`${etcdPorts.first}-${etcdPorts.last}`], servers)] : []),
    ...(context.hasEmbeddedRegistry ? [tcp('registry', [registryPort], nodes && addressesOf(nodes))] : []),
    ...context.overlay.map(({ protocol, port, families }): ProtectedTraffic => {
      const from = nodes === undefined ? {} : { from: addressesOf(nodes) }
      return { name: 'overlay', protocol, families, ...from, ...(port === undefined ? {} : { ports: [port] }) }
    }),
    { name: 'dhcp', protocol: 'udp', families: [4], ports: [68] },
    { name: 'dhcp', protocol: 'udp', families: [6], ports: [546] },
    icmpErrors,
    icmpv6Errors,
    { name: 'icmpv6-neighbour', protocol: 'icmpv6', families: [6], icmpTypes: [133, 134, 135, 136, 137] },
    { name: 'icmpv6-multicast', protocol: 'icmpv6', families: [6], icmpTypes: [130, 131, 132, 143] },
  ]
}

/** What a node must pass on: path sizes, and pods that speak with the API server, whose Service is translated by then. */
export function passingTraffic({ nodes, podRanges, apiPort }: FirewallContext): readonly ProtectedTraffic[] {
  const servers = addressesOf((nodes ?? []).filter(({ role }) => role === 'server'))
  const api: ProtectedTraffic = { ...tcp('kubernetes-api', [apiPort], podRanges), to: servers }
  return [...(servers.length === 0 ? [] : [api]), icmpErrors, icmpv6Errors]
}

/** Destination unreachable, which holds "fragmentation needed", and time exceeded (RFC 1191, RFC 792). */
const icmpErrors: ProtectedTraffic = { name: 'icmp-errors', protocol: 'icmp', families: [4], icmpTypes: [3, 11] }
const icmpv6Errors: ProtectedTraffic = {
  name: 'icmpv6-errors',
  protocol: 'icmpv6',
  families: [6],
  icmpTypes: [1, 2, 3, 4],
}

function tcp(name: string, ports: readonly (number | string)[], from: readonly string[] | undefined): ProtectedTraffic {
  return { name, protocol: 'tcp', families: both, ports, ...(from === undefined ? {} : { from }) }
}

function addressesOf(nodes: readonly KnownNode[]): readonly string[] {
  return nodes.flatMap(({ addresses }) => addresses)
}
