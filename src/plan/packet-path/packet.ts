import { parseAddress } from '../../domain/cidr.ts'
import type { ConnectionState, NamedProtocol } from '../../domain/packet-filter.ts'
import { intersection, locate, type Range, type Ranges } from './ranges.ts'

/** One packet as it reaches the node, or as the node sends it. Packets are those of the connection's own direction. */
export interface Packet {
  readonly family: 4 | 6
  readonly from: string
  readonly to: string
  readonly protocol: NamedProtocol | number
  readonly sourcePort?: number
  readonly destinationPort?: number
  readonly icmp?: { readonly type: number; readonly code: number }
  /** Where it comes in; absent when the node itself sends it. */
  readonly inInterface?: string
  readonly state: ConnectionState
  readonly mark?: number
}

/** What ranges of values may stand for one: what is asked of these is remembered. */
export type Dimension = 'from' | 'to' | 'sourcePort' | 'destinationPort'

/** A packet on its way: everything that rules ask for, and what they changed. */
export interface Travelling {
  readonly family: 4 | 6
  readonly protocol: number
  readonly icmp: { readonly type: number; readonly code: number } | undefined
  inInterface: string | undefined
  readonly values: Record<Dimension, bigint | undefined>
  readonly originalDestinationPort: bigint | undefined
  /** Of each value as it came: how far around it every answer so far would have been the same. */
  readonly around: Record<Dimension, Range>
  /** What was translated since: asking about the new value says nothing about the packet that came. */
  readonly rewritten: Set<Dimension>
  outInterface: string | undefined
  state: ConnectionState
  mark: number
  /** Bits of the mark that nobody knows any more. */
  markUnknown: number
  connectionMark: number
  connectionMarkUnknown: number
  isDestinationTranslated: boolean
  isSourceTranslated: boolean
}

export const protocolNumbers: Readonly<Record<NamedProtocol, number>> = {
  icmp: 1,
  tcp: 6,
  udp: 17,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  sctp: 132,
}

/** @throws Error for addresses that are none, or of another family: whoever asks has parsed them */
export function startTravelling(packet: Packet): Travelling {
  const { sourcePort, destinationPort, state } = packet
  const port = destinationPort === undefined ? undefined : BigInt(destinationPort)
  return {
    family: packet.family,
    protocol: typeof packet.protocol === 'number' ? packet.protocol : protocolNumbers[packet.protocol],
    icmp: packet.icmp,
    inInterface: packet.inInterface,
    values: {
      from: addressValue(packet.from, packet.family),
      to: addressValue(packet.to, packet.family),
      sourcePort: sourcePort === undefined ? undefined : BigInt(sourcePort),
      destinationPort: port,
    },
    originalDestinationPort: port,
    around: { from: everything, to: everything, sourcePort: everything, destinationPort: everything },
    rewritten: new Set(),
    outInterface: undefined,
    state,
    mark: packet.mark ?? 0,
    markUnknown: 0,
    connectionMark: 0,
    // What earlier packets left on the connection is not known.
    connectionMarkUnknown: state === 'NEW' ? 0 : 0xffff_ffff,
    isDestinationTranslated: false,
    isSourceTranslated: false,
  }
}

const everything: Range = { first: 0n, last: (1n << 128n) - 1n }

function addressValue(text: string, family: 4 | 6): bigint {
  const address = parseAddress(text)
  if (address?.family !== family) throw new Error(`not an IPv${family} address: ${text}`)
  return address.value
}

/** Whether a value is inside the ranges, remembering how far the answer holds; undefined where the packet has none. */
export function ask(packet: Travelling, dimension: Dimension, ranges: Ranges): boolean | undefined {
  const value = packet.values[dimension]
  if (value === undefined) return undefined
  const located = locate(ranges, value)
  if (!packet.rewritten.has(dimension)) remember(packet, dimension, located.around)
  return located.isInside
}

/** Without memory: where all values that may stand for this one give the same answer. */
export function askOnly(packet: Travelling, dimension: Dimension, ranges: Ranges): boolean {
  const value = packet.values[dimension]
  return value !== undefined && locate(ranges, value).isInside
}

/** The same of the destination port that the packet came with. */
export function askOriginalPort(packet: Travelling, ranges: Ranges): boolean | undefined {
  const value = packet.originalDestinationPort
  if (value === undefined) return undefined
  const located = locate(ranges, value)
  remember(packet, 'destinationPort', located.around)
  return located.isInside
}

export function remember(packet: Travelling, dimension: Dimension, around: Range): void {
  const known = packet.around[dimension]
  if (known.first >= around.first && known.last <= around.last) return
  packet.around[dimension] = intersection(known, around)
}

/** Translates an address or a port. */
export function rewrite(packet: Travelling, dimension: Dimension, value: bigint): void {
  packet.values[dimension] = value
  packet.rewritten.add(dimension)
}
