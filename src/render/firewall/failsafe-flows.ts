import { type AddressFamily, familyOf } from '../../domain/cidr.ts'
import type { Failsafe, FailsafeFlow } from '../../domain/network-program.ts'
import type { FirewallContext } from './firewall-context.ts'
import { minimalNetworks } from './minimal-networks.ts'
import { rangeOf } from './port-matches.ts'
import { inboundTraffic, type ProtectedTraffic } from './protected-traffic.ts'

const families: readonly AddressFamily[] = [4, 6]

/**
 * The traffic that no program may drop, one flow a port and a family. Tunnels without ports (IPsec, IP in IP) have
 * rules of their own, and no flow.
 */
export function failsafeOf(context: FirewallContext): Failsafe {
  return {
    flows: [
      ...inboundTraffic(context).flatMap((traffic) => flowsOf(traffic, 'input')),
      ...outboundTraffic(context).flatMap((traffic) => flowsOf(traffic, 'output')),
    ],
  }
}

/** A node that does not reach the API servers and its DNS servers learns of no correction. */
function outboundTraffic({ nodes, apiPort }: FirewallContext): readonly ProtectedTraffic[] {
  const servers = (nodes ?? []).filter(({ role }) => role === 'server').flatMap(({ addresses }) => addresses)
  return [
    ...(servers.length === 0
      ? []
      : [{ name: 'kubernetes-api', protocol: 'tcp' as const, families, from: servers, ports: [apiPort] }]),
    { name: 'dns', protocol: 'udp', families, ports: [53] },
  ]
}

function flowsOf(traffic: ProtectedTraffic, direction: FailsafeFlow['direction']): readonly FailsafeFlow[] {
  const { name, protocol, icmpTypes, ports } = traffic
  if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'icmp' && protocol !== 'icmpv6') return []
  return traffic.families.flatMap((family): FailsafeFlow[] => {
    if (traffic.from?.every((text) => familyOf(text) !== family) === true) return []
    const flow = { name, direction, family, protocol, peers: minimalNetworks(traffic.from ?? [], family) }
    return [
      ...(icmpTypes ?? []).map((icmpType) => ({ ...flow, icmpType })),
      ...(ports ?? []).flatMap(portNumbers).map((port) => ({ ...flow, port })),
    ]
  })
}

function portNumbers(port: number | string): readonly number[] {
  const { first, last } = rangeOf(port)
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}
