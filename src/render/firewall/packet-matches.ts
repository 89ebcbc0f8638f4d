import type { AddressFamily } from '../../domain/cidr.ts'
import { parseIcmpKind } from '../../domain/icmp-types.ts'
import type {
  AddressMatch,
  ConnectionState,
  InterfaceMatch,
  NamedProtocol,
  PacketMatch,
  PortMatch,
  RateLimit,
} from '../../domain/packet-filter.ts'
import { largestBurst, parsePacketRate } from '../../domain/packet-rate.ts'
import type { AddressSets } from './address-matches.ts'
import { otherPortMatches, portMatches } from './port-matches.ts'

/** The fields by which rules of every kind say what they are for. */
export interface MatchFields {
  readonly from?: readonly string[] | undefined
  readonly notFrom?: readonly string[] | undefined
  readonly to?: readonly string[] | undefined
  readonly notTo?: readonly string[] | undefined
  readonly inInterface?: string | undefined
  readonly notInInterface?: string | undefined
  readonly outInterface?: string | undefined
  readonly notOutInterface?: string | undefined
  readonly protocol?: NamedProtocol | number | undefined
  readonly ports?: readonly (number | string)[] | undefined
  readonly notPorts?: readonly (number | string)[] | undefined
  readonly sourcePorts?: readonly (number | string)[] | undefined
  readonly icmpType?: number | string | undefined
  readonly states?: readonly ('New' | 'Established' | 'Related' | 'Invalid' | 'Untracked')[] | undefined
  readonly mark?: { readonly value: number; readonly mask: number } | undefined
  readonly limit?:
    | { readonly rate: string; readonly burst?: number | undefined; readonly perSource: boolean }
    | undefined
  readonly families?: readonly ('IPv4' | 'IPv6')[] | undefined
}

const defaultBurst = 5

/**
 * What a rule matches in one address family: several matches where one rule of the kernel cannot say it, none where the
 * rule is not for this family. No packet matches two of them.
 * @param key names the rule's sets
 */
export function packetMatches(fields: MatchFields, key: string, sets: AddressSets): readonly PacketMatch[] {
  if (!isForFamily(fields, sets.family)) return []
  const mustBeOneRule = fields.limit !== undefined
  const side = (
    list: readonly string[] | undefined,
    notList: readonly string[] | undefined,
    name: 'source' | 'destination',
  ): readonly (AddressMatch | undefined)[] => {
    const at = { rule: key, side: name, mustBeOneRule }
    return notList === undefined ? sets.matches(list, at) : sets.otherMatches(notList, at)
  }
  const common = commonParts(fields)
  const destinationPorts = fields.notPorts === undefined ? portMatches(fields.ports) : otherPortMatches(fields.notPorts)
  return combinations(
    side(fields.from, fields.notFrom, 'source'),
    side(fields.to, fields.notTo, 'destination'),
    portMatches(fields.sourcePorts),
    destinationPorts,
  ).map(([source, destination, sourcePorts, ports]) => ({
    ...(source === undefined ? {} : { source }),
    ...(destination === undefined ? {} : { destination }),
    ...common.interfaces,
    ...(sourcePorts === undefined ? {} : { sourcePorts }),
    ...(ports === undefined ? {} : { destinationPorts: ports }),
    ...common.rest,
  }))
}

function isForFamily({ families, protocol }: MatchFields, family: AddressFamily): boolean {
  if (families?.includes(family === 4 ? 'IPv4' : 'IPv6') === false) return false
  const named = protocolOf(protocol)
  return !(named === 'icmp' && family === 6) && !(named === 'icmpv6' && family === 4)
}

/** What is the same in every match of a rule. */
function commonParts(fields: MatchFields): {
  readonly interfaces: PacketMatch
  readonly rest: PacketMatch
} {
  const protocol = protocolOf(fields.protocol)
  const inInterface = interfaceOf(fields.inInterface, fields.notInInterface)
  const outInterface = interfaceOf(fields.outInterface, fields.notOutInterface)
  const icmp =
    (protocol === 'icmp' || protocol === 'icmpv6') && fields.icmpType !== undefined
      ? parseIcmpKind(protocol, String(fields.icmpType))
      : undefined
  const states = fields.states?.map((state) => state.toUpperCase() as ConnectionState)
  const limit = limitOf(fields.limit)
  return {
    interfaces: {
      ...(inInterface === undefined ? {} : { inInterface }),
      ...(outInterface === undefined ? {} : { outInterface }),
      ...(protocol === undefined ? {} : { protocol }),
    },
    rest: {
      ...(icmp === undefined ? {} : { icmp }),
      ...(states === undefined ? {} : { states: [...new Set(states)].sort() }),
      ...(fields.mark === undefined
        ? {}
        : { mark: { value: fields.mark.value, mask: fields.mark.mask, negated: false } }),
      ...(limit === undefined ? {} : { limit }),
    },
  }
}

/** Numbers that have a name: the kernel and its tools print the name. */
const protocolNames: ReadonlyMap<number, NamedProtocol> = new Map([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [47, 'gre'],
  [50, 'esp'],
  [51, 'ah'],
  [58, 'icmpv6'],
  [132, 'sctp'],
])

function protocolOf(protocol: NamedProtocol | number | undefined): NamedProtocol | number | undefined {
  return typeof protocol === 'number' ? (protocolNames.get(protocol) ?? protocol) : protocol
}

function interfaceOf(name: string | undefined, notName: string | undefined): InterfaceMatch | undefined {
  const written = name ?? notName
  if (written === undefined) return undefined
  return { name: written.replace(/\+$/, ''), isPrefix: written.endsWith('+'), negated: name === undefined }
}

function limitOf(limit: MatchFields['limit']): RateLimit | undefined {
  const rate = limit === undefined ? undefined : parsePacketRate(limit.rate)
  if (limit === undefined || rate === undefined) return undefined
  return { ...rate, burst: limit.burst ?? Math.min(defaultBurst, largestBurst(rate)), perSource: limit.perSource }
}

type Combination = readonly [
  AddressMatch | undefined,
  AddressMatch | undefined,
  PortMatch | undefined,
  PortMatch | undefined,
]

function combinations(
  sources: readonly (AddressMatch | undefined)[],
  destinations: readonly (AddressMatch | undefined)[],
  sourcePorts: readonly (PortMatch | undefined)[],
  ports: readonly (PortMatch | undefined)[],
): readonly Combination[] {
  return sources.flatMap((source) =>
    destinations.flatMap((destination) =>
      sourcePorts.flatMap((from) => ports.map((to): Combination => [source, destination, from, to])),
    ),
  )
}
