import type { InterfaceMatch, NamedProtocol, PacketMatch, PortMatch, RateLimit } from '../../domain/packet-filter.ts'
import type { AddressFamilyKey } from '../../domain/saved-tables.ts'
import { ruleSetName } from './nft-names.ts'

/** What a rule is printed for. */
export interface RulePlace {
  readonly family: AddressFamilyKey
  readonly id: string
}

/** A kernel interface name has at most 15 characters; a prefix of that length is the name itself. */
const interfaceNameLength = 15

const protocolNames: Readonly<Record<NamedProtocol, string>> = {
  tcp: 'tcp',
  udp: 'udp',
  sctp: 'sctp',
  icmp: 'icmp',
  icmpv6: 'ipv6-icmp',
  esp: 'esp',
  ah: 'ah',
  gre: 'gre',
}

const secondsIn = { second: 1, minute: 60, hour: 3_600, day: 86_400 } as const

/** The matching half of a rule in nft's words; the rate comes last, so that only packets that match all else count. */
export function printMatch(match: PacketMatch, place: RulePlace): readonly string[] {
  const { source, destination, inInterface, outInterface, protocol, icmp, states, mark, limit } = match
  const ip = ipOf(place.family)
  return [
    ...(source === undefined ? [] : [`${ip} saddr ${printAddress(source)}`]),
    ...(destination === undefined ? [] : [`${ip} daddr ${printAddress(destination)}`]),
    ...(inInterface === undefined ? [] : [`iifname ${printInterface(inInterface)}`]),
    ...(outInterface === undefined ? [] : [`oifname ${printInterface(outInterface)}`]),
    ...(protocol === undefined ? [] : [`meta l4proto ${printProtocol(protocol)}`]),
    ...(match.sourcePorts === undefined ? [] : [`${portsOf(protocol)} sport ${printPorts(match.sourcePorts)}`]),
    ...(match.destinationPorts === undefined
      ? []
      : [`${portsOf(protocol)} dport ${printPorts(match.destinationPorts)}`]),
    ...(match.originalDestinationPorts === undefined ? [] : printOriginalPorts(match.originalDestinationPorts, place)),
    ...(icmp === undefined ? [] : printIcmp(icmp, protocol)),
    // Both sides' first packets: each tells the other its size.
    ...(match.tcpSyn === undefined ? [] : ['tcp flags & (syn | rst) == syn']),
    ...(states === undefined ? [] : [`ct state ${states.map((state) => state.toLowerCase()).join(',')}`]),
    ...(mark === undefined ? [] : [`meta mark & ${hex(mark.mask)} ${mark.negated ? '!=' : '=='} ${hex(mark.value)}`]),
    ...(match.destinationIsLocal === undefined ? [] : ['fib daddr type local']),
    ...(limit === undefined ? [] : [printLimit(limit, place)]),
  ]
}

/** `ip` or `ip6`: the header that addresses are read from. */
export function ipOf(family: AddressFamilyKey): 'ip' | 'ip6' {
  return family === 'v4' ? 'ip' : 'ip6'
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`
}

/** `22`, `80-90`: sorted and without overlaps, since nft lists `{ 1 }` for two of the same and then reads it as another rule. */
export function portList(match: PortMatch): readonly string[] {
  const merged: { first: number; last: number }[] = []
  for (const { first, last } of match.ranges.toSorted((a, b) => a.first - b.first)) {
    const before = merged.at(-1)
    if (before !== undefined && first <= before.last + 1) before.last = Math.max(before.last, last)
    else merged.push({ first, last })
  }
  return merged.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`))
}

/** Ports as the client wrote them that need a set of their own: nft 1.0.6 cannot read back what it lists in braces there. */
export function needsPortSet(match: PortMatch): boolean {
  return !match.negated && portList(match).length > 1
}

/** How long a source is remembered: until its allowance is full again, and at least a minute. */
export function limitMemorySeconds(limit: RateLimit): number {
  return Math.max(60, Math.ceil((limit.burst * secondsIn[limit.per]) / limit.packets))
}

function printAddress(match: NonNullable<PacketMatch['source']>): string {
  const value = match.kind === 'network' ? match.cidr : `@${match.set}`
  return `${match.negated ? '!= ' : ''}${value}`
}

function printInterface({ name, isPrefix, negated }: InterfaceMatch): string {
  return `${negated ? '!= ' : ''}"${name}${isPrefix && name.length < interfaceNameLength ? '*' : ''}"`
}

function printProtocol(protocol: NamedProtocol | number): string {
  return typeof protocol === 'number' ? `${protocol}` : protocolNames[protocol]
}

function portsOf(protocol: PacketMatch['protocol']): 'tcp' | 'udp' | 'sctp' {
  if (protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp') return protocol
  throw new Error(`protocol ${protocol ?? 'any'} has no ports`)
}

function printPorts(match: PortMatch): string {
  const list = portList(match)
  return `${match.negated ? '!= ' : ''}${list.length === 1 ? list[0] : `{ ${list.join(', ')} }`}`
}

function printOriginalPorts(match: PortMatch, { family, id }: RulePlace): readonly string[] {
  const key = 'ct original proto-dst'
  if (needsPortSet(match)) return [`${key} @${ruleSetName('ports', family, id)}`]
  return portList(match).map((range) => `${key} ${match.negated ? '!= ' : ''}${range}`)
}

function printIcmp(
  { type, code }: NonNullable<PacketMatch['icmp']>,
  protocol: PacketMatch['protocol'],
): readonly string[] {
  const word = protocol === 'icmpv6' ? 'icmpv6' : 'icmp'
  return [`${word} type ${type}`, ...(code === undefined ? [] : [`${word} code ${code}`])]
}

function printLimit(limit: RateLimit, { family, id }: RulePlace): string {
  const rate = `limit rate ${limit.packets}/${limit.per} burst ${limit.burst} packets`
  return limit.perSource ? `update @${ruleSetName('limit', family, id)} { ${ipOf(family)} saddr ${rate} }` : rate
}
