import { type AddressFamily, familyOf, parseCidr } from '../domain/cidr.ts'
import { parseIcmpKind } from '../domain/icmp-types.ts'
import { largestBurst, parsePacketRate } from '../domain/packet-rate.ts'
import { asRecord } from '../domain/plain-json.ts'
import { rule } from './rules.ts'

/** The type exists, and belongs to the protocol that is written. */
export const icmpTypeNeedsProtocol = rule('icmpTypeNeedsProtocol', (value) => {
  const { icmpType, protocol } = asRecord(value)
  const isKnown = (one: 'icmp' | 'icmpv6'): boolean => parseIcmpKind(one, String(icmpType)) !== undefined
  // What no protocol knows is told where it stands.
  if (icmpType === undefined || (!isKnown('icmp') && !isKnown('icmpv6'))) return true
  if (protocol !== 'icmp' && protocol !== 'icmpv6') return false
  return isKnown(protocol)
})

/** Some address family is left in which the rule can match. */
export const familiesMeet = rule('familiesMeet', (value) => {
  const { from, to, families, protocol } = asRecord(value)
  const isPossible = (family: AddressFamily): boolean =>
    (families === undefined || textsOf(families).includes(family === 4 ? 'IPv4' : 'IPv6')) &&
    !((protocol === 'icmp' || protocol === 1) && family === 6) &&
    !((protocol === 'icmpv6' || protocol === 58) && family === 4) &&
    [from, to].every((list) => list === undefined || textsOf(list).some((text) => familyOf(text) === family))
  return isPossible(4) || isPossible(6)
})

/** `0.0.0.0/0` in a deny without ports looks like a narrow rule and closes everything. */
export const everybodyNotDenied = rule('everybodyNotDenied', (value) => {
  const { from, to, ports, action } = asRecord(value)
  return action === 'Accept' || ports !== undefined || ![...textsOf(from), ...textsOf(to)].some(isEverybody)
})

/** Whoever is not everybody is nobody. */
export const nobodyMeant = rule('nobodyMeant', (value) => {
  const { notFrom, notTo } = asRecord(value)
  return ![...textsOf(notFrom), ...textsOf(notTo)].some(isEverybody)
})

/** Before Services are translated a packet can be dropped, but not answered. */
export const noReject = rule('noReject', (value) => asRecord(value)['action'] !== 'Reject')

/** Only what is passed on has an interface by which it leaves. */
export const noOutInterface = rule('noOutInterface', (value) => {
  const { outInterface, notOutInterface } = asRecord(value)
  return outInterface === undefined && notOutInterface === undefined
})

/** Bits outside the mask never match, and are never set. */
export const valueInsideMask = rule('valueInsideMask', (value) => {
  const { value: mark, mask = 0xffff_ffff } = asRecord(value)
  if (typeof mark !== 'number' || typeof mask !== 'number') return true
  return mask !== 0 && (BigInt(mark) & ~BigInt(mask)) === 0n
})

export const burstFitsRate = rule('burstFitsRate', (value) => {
  const { rate, burst } = asRecord(value)
  const parsed = typeof rate === 'string' ? parsePacketRate(rate) : undefined
  return parsed === undefined || typeof burst !== 'number' || burst <= largestBurst(parsed)
})

/** Ports that do not fit into one rule of the kernel would each be counted for themselves. */
export const limitedPortsFit = rule('limitedPortsFit', (value) => {
  const { limit, ports, notPorts, sourcePorts } = asRecord(value)
  return limit === undefined || [ports, notPorts, sourcePorts].every((list) => portPlaces(list) <= 15)
})

/** What is not tracked is named by protocol and, where the protocol has them, ports. */
export const notrackIsNarrow = rule('notrackIsNarrow', (value) => {
  const { protocol, ports, sourcePorts } = asRecord(value)
  return !['tcp', 'udp', 'sctp'].includes(String(protocol)) || ports !== undefined || sourcePorts !== undefined
})

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function isEverybody(text: string): boolean {
  return parseCidr(text)?.prefixBits === 0
}

function portPlaces(value: unknown): number {
  const items: readonly unknown[] = Array.isArray(value) ? value : []
  return items.reduce<number>((sum, item) => sum + (typeof item === 'string' ? 2 : 1), 0)
}
