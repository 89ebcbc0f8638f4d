import { type Address, parseAddress, parseCidr } from '../../../src/domain/cidr.ts'
import type { FamilyFilter, FilterChain, PacketMatch, PortMatch } from '../../../src/domain/packet-filter.ts'
import type { MatchFields } from '../../../src/render/firewall/packet-matches.ts'

/** One packet, with everything that rules of these tests ask about. */
export interface TestPacket {
  readonly source: string
  readonly destination: string
  readonly inInterface: string
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'icmpv6'
  readonly sourcePort: number
  readonly port: number
  readonly icmpType: number
  readonly state: 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED'
  readonly mark: number
}

/** What becomes of a packet in chains that the kernel asks one after another; `pass` where none of them decides. */
export function verdictOf(filter: FamilyFilter, chains: readonly FilterChain[], packet: TestPacket): string {
  for (const { rules } of chains) {
    for (const { match, action } of rules) {
      if (!matches(filter, match, packet)) continue
      if (action.kind === 'return') break
      if (action.kind !== 'log') return action.kind
    }
  }
  return 'pass'
}

function matches(filter: FamilyFilter, match: PacketMatch, packet: TestPacket): boolean {
  const address = (one: PacketMatch['source'], text: string): boolean => {
    if (one === undefined) return true
    const set = one.kind === 'set' ? filter.sets.find(({ name }) => name === one.set) : undefined
    if (one.kind === 'set' && set === undefined) throw new Error(`no set ${one.set}`)
    const networks = one.kind === 'set' ? (set?.members ?? []) : [one.cidr]
    return networks.some((cidr) => holds(cidr, text)) !== one.negated
  }
  const ports = (one: PortMatch | undefined, port: number): boolean =>
    one === undefined || one.ranges.some(({ first, last }) => first <= port && port <= last) !== one.negated
  const hasPorts = packet.protocol === 'tcp' || packet.protocol === 'udp'
  const link = match.inInterface
  const linkHolds =
    link === undefined ||
    (link.isPrefix ? packet.inInterface.startsWith(link.name) : packet.inInterface === link.name) !== link.negated
  return (
    address(match.source, packet.source) &&
    address(match.destination, packet.destination) &&
    linkHolds &&
    (match.protocol === undefined || match.protocol === packet.protocol) &&
    ((match.sourcePorts === undefined && match.destinationPorts === undefined) || hasPorts) &&
    ports(match.sourcePorts, packet.sourcePort) &&
    ports(match.destinationPorts, packet.port) &&
    (match.icmp === undefined || match.icmp.type === packet.icmpType) &&
    (match.states === undefined || match.states.includes(packet.state)) &&
    (match.mark === undefined || ((packet.mark & match.mark.mask) === match.mark.value) !== match.mark.negated)
  )
}

/** Whether the fields that somebody wrote are for a packet, as they read, without compiling anything. */
export function isMeant(
  fields: MatchFields & { readonly icmpTypes?: readonly number[] | undefined },
  packet: TestPacket,
): boolean {
  const isIn = (list: readonly string[], text: string) => list.some((one) => holds(one, text))
  const isPort = (list: readonly (number | string)[], port: number) =>
    list.some((one) => {
      const [first = 0, last = first] = String(one).split('-').map(Number)
      return first <= port && port <= last
    })
  const isLink = (name: string) =>
    name.endsWith('+') ? packet.inInterface.startsWith(name.slice(0, -1)) : packet.inInterface === name
  const family = packet.source.includes(':') ? 'IPv6' : 'IPv4'
  const state = packet.state[0] + packet.state.slice(1).toLowerCase()
  return [
    fields.from === undefined || isIn(fields.from, packet.source),
    fields.notFrom === undefined || !isIn(fields.notFrom, packet.source),
    fields.to === undefined || isIn(fields.to, packet.destination),
    fields.notTo === undefined || !isIn(fields.notTo, packet.destination),
    fields.inInterface === undefined || isLink(fields.inInterface),
    fields.notInInterface === undefined || !isLink(fields.notInInterface),
    fields.protocol === undefined || fields.protocol === packet.protocol,
    fields.ports === undefined || isPort(fields.ports, packet.port),
    fields.notPorts === undefined || !isPort(fields.notPorts, packet.port),
    fields.sourcePorts === undefined || isPort(fields.sourcePorts, packet.sourcePort),
    fields.icmpType === undefined || fields.icmpType === packet.icmpType,
    fields.icmpTypes === undefined || fields.icmpTypes.includes(packet.icmpType),
    fields.states === undefined || fields.states.some((one) => one === state),
    fields.mark === undefined || (packet.mark & fields.mark.mask) === fields.mark.value,
    fields.families === undefined || fields.families.includes(family),
  ].every(Boolean)
}

function holds(network: string, text: string): boolean {
  const address = parseAddress(text)
  const cidr = parseCidr(network.includes('/') ? network : `${network}/${network.includes(':') ? 128 : 32}`)
  if (address === undefined || cidr === undefined || cidr.family !== address.family) return false
  const hostBits = BigInt((cidr.family === 4 ? 32 : 128) - cidr.prefixBits)
  return first(cidr.network, hostBits) === first((address satisfies Address).value, hostBits)
}

function first(value: bigint, hostBits: bigint): bigint {
  return value >> hostBits
}
