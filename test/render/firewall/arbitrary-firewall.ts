import fc from 'fast-check'
import { nodeNetworkSchema } from '../../../src/schema/node-network.ts'
import { type Json, written } from './documents.ts'
import type { TestPacket } from './evaluate.ts'

const network4 = fc.constantFrom('10.0.0.0/8', '10.9.0.0/24', '10.9.0.7', '192.168.1.0/24', '192.168.1.6', '0.0.0.0/1')
const network6 = fc.constantFrom('fd00:1::/64', 'fd00:1::6', '2001:db8::/32', '8000::/1')
const networks = fc.array(fc.oneof({ weight: 3, arbitrary: network4 }, network6), { minLength: 1, maxLength: 12 })
const port = fc.oneof(
  fc.constantFrom<number | string>(22, 53, 80, 443, 6443, 30_080, '30000-32767', '1-1024', '20-25', 65_535),
  fc.integer({ min: 1, max: 120 }),
)
const ports = fc.array(port, { minLength: 1, maxLength: 40 })
const link = fc.constantFrom('eth0', 'eth+', 'wg0', 'cni0')

const ruleParts = {
  from: networks,
  notFrom: networks,
  to: networks,
  notTo: networks,
  inInterface: link,
  notInInterface: link,
  protocol: fc.constantFrom('tcp', 'udp', 'icmp', 'icmpv6', 'tcp'),
  ports,
  notPorts: ports,
  sourcePorts: ports,
  icmpType: fc.constantFrom(8, 128, 3),
  states: fc.uniqueArray(fc.constantFrom('New', 'Established', 'Related', 'Invalid', 'Untracked'), { minLength: 1 }),
  mark: fc.constantFrom({ value: 1, mask: 1 }, { value: 0, mask: 0xf0 }, { value: 0x30, mask: 0xf0 }),
  log: fc.constantFrom({}, { prefix: 'seen: ', level: 'warning' }),
  families: fc.constantFrom(['IPv4'], ['IPv6'], ['IPv4', 'IPv6']),
}

/** Fields of which each stands in a rule in five: rules with all of them match nothing. */
const someParts = fc
  .tuple(
    ...Object.entries(ruleParts).map(([key, part]) =>
      fc.option(part as fc.Arbitrary<unknown>, { freq: 4, nil: undefined }).map((value) => [key, value] as const),
    ),
  )
  .map((entries) => Object.fromEntries(entries.filter(([, value]) => value !== undefined)))

/** Parts that exclude each other are not left to chance: hardly a rule would be taken. */
function mended(parts: Json): Json {
  const without = new Set<string>()
  for (const [one, other] of [
    ['from', 'notFrom'],
    ['to', 'notTo'],
    ['ports', 'notPorts'],
    ['inInterface', 'notInInterface'],
  ] as const) {
    if (parts[one] !== undefined) without.add(other)
  }
  const hasPorts = ['ports', 'notPorts', 'sourcePorts'].some((key) => parts[key] !== undefined)
  const protocol = hasPorts && parts['protocol'] !== 'udp' ? 'tcp' : parts['protocol']
  if (protocol !== 'icmp' && protocol !== 'icmpv6') without.add('icmpType')
  if (protocol === undefined) without.add('protocol')
  return Object.fromEntries(Object.entries({ ...parts, protocol }).filter(([key]) => !without.has(key)))
}

function accepted(list: string): (rule: Json) => boolean {
  return (rule) => nodeNetworkSchema.safeParse(written({ firewall: { [list]: [rule] } })).success
}

const action = fc.constantFrom('Accept', 'Drop', 'Reject', 'Drop')

/** A rule of `input` that the schema takes. */
export const anyInputRule: fc.Arbitrary<Json> = fc
  .tuple(someParts, action, fc.constantFrom('a', 'b', 'kube-flannel-cali'))
  .map(([parts, verdict, name]): Json => ({ name, ...mended(parts), action: verdict }))
  .filter(accepted('input'))

export const anyServicesRule: fc.Arbitrary<Json> = anyInputRule.filter(accepted('services'))

const limits = fc.constantFrom(
  { rate: '10/minute' },
  { rate: '1/day', perSource: true },
  { rate: '5/second', burst: 9 },
)

/** Everything that `spec.firewall` may hold. */
export const anyFirewall: fc.Arbitrary<Json> = fc.record({
  management: fc.record({ from: fc.array(network4, { maxLength: 3 }), sshPorts: fc.constantFrom([22], [2222, 22]) }),
  input: fc.array(anyInputRule, { maxLength: 6 }),
  services: fc.array(anyServicesRule, { maxLength: 4 }),
  forward: fc.array(
    fc
      .tuple(anyInputRule, link, limits)
      .map(
        ([rule, outInterface, limit]): Json => ({
          ...rule,
          ...(rule['name'] === 'a' ? { outInterface } : {}),
          ...(rule['name'] === 'b' && rule['log'] === undefined ? { limit } : {}),
        }),
      )
      .filter(accepted('forward')),
    { maxLength: 4 },
  ),
  clampMSS: fc.array(fc.record({ name: fc.constant('c'), outInterface: link, mss: fc.constantFrom('pmtu', 1400) })),
  dscp: fc.array(fc.record({ name: fc.constant('d'), to: networks, class: fc.constantFrom('EF', 'CS1') })),
  marks: fc.array(fc.record({ name: fc.constant('m'), from: networks, value: fc.constantFrom(0x10, 0xf0) })),
  notrack: fc.array(fc.record({ name: fc.constant('n'), protocol: fc.constantFrom('tcp', 'udp'), ports })),
})

const source4 = fc.constantFrom(
  '10.9.0.7',
  '10.9.0.8',
  '10.200.0.1',
  '192.168.1.6',
  '192.168.1.9',
  '203.0.113.7',
  '10.42.1.3',
)
const source6 = fc.constantFrom('fd00:1::6', 'fd00:1::7', '2001:db8::1', 'fe80::1')

const packetParts = {
  inInterface: fc.constantFrom('eth0', 'eth1', 'wg0', 'lo', 'cni0'),
  sourcePort: fc.constantFrom(22, 53, 40_000, 100),
  port: fc.constantFrom(22, 53, 80, 81, 443, 6443, 10_250, 30_080, 8472, 65_535, 7),
  icmpType: fc.constantFrom(8, 128, 3, 135),
  state: fc.constantFrom('NEW', 'NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED'),
  mark: fc.constantFrom(0, 1, 0x30, 0xff),
} as const

export const anyPacket4: fc.Arbitrary<TestPacket> = fc.record({
  source: source4,
  destination: fc.constantFrom('192.168.1.5', '10.9.0.7'),
  protocol: fc.constantFrom('tcp', 'udp', 'icmp'),
  ...packetParts,
})

export const anyPacket6: fc.Arbitrary<TestPacket> = fc.record({
  source: source6,
  destination: fc.constantFrom('fd00:1::5', '2001:db8::9'),
  protocol: fc.constantFrom('tcp', 'udp', 'icmpv6'),
  ...packetParts,
})
