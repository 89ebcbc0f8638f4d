import type { FailsafeFlow } from '../../domain/network-program.ts'

/**
 * What every node needs whatever its documents say: answers to what it asked, neighbours, address leases, and the errors
 * that tell how large a packet may be (RFC 4890 §4.4, RFC 1191).
 */
export const lifelines: readonly FailsafeFlow[] = [
  icmp('icmp-fragmentation-needed', 'icmp', 3, 'input'),
  icmp('icmpv6-packet-too-big', 'icmpv6', 2, 'input'),
  icmp('icmpv6-router-advertisement', 'icmpv6', 134, 'input', ['fe80::/10']),
  icmp('icmpv6-neighbour-solicitation', 'icmpv6', 135, 'input', ['::/128', 'fe80::/10']),
  icmp('icmpv6-neighbour-advertisement', 'icmpv6', 136, 'input', ['fe80::/10']),
  icmp('icmpv6-router-solicitation', 'icmpv6', 133, 'output', ['fe80::/10']),
  icmp('icmpv6-neighbour-solicitation', 'icmpv6', 135, 'output', ['fe80::/10']),
  icmp('icmpv6-neighbour-advertisement', 'icmpv6', 136, 'output', ['fe80::/10']),
  { name: 'dhcp', direction: 'input', family: 4, protocol: 'udp', peers: [], port: 68 },
  { name: 'dhcp', direction: 'input', family: 6, protocol: 'udp', peers: ['fe80::/10'], port: 546 },
]

/** Answers to what the node itself asked, whoever gives them. */
export const replies: readonly FailsafeFlow[] = ([4, 6] as const).flatMap((family) =>
  (['tcp', 'udp'] as const).map((protocol) => ({
    name: 'established',
    direction: 'input' as const,
    family,
    protocol,
    peers: [],
  })),
)

function icmp(
  name: string,
  protocol: 'icmp' | 'icmpv6',
  icmpType: number,
  direction: FailsafeFlow['direction'],
  peers: readonly string[] = [],
): FailsafeFlow {
  return { name, direction, family: protocol === 'icmp' ? 4 : 6, protocol, peers, icmpType }
}
