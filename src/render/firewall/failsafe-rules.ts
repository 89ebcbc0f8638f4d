import type { PacketAction, PacketMatch, RuleOrigin } from '../../domain/packet-filter.ts'
import type { AddressSets } from './address-matches.ts'
import type { DraftRule } from './filter-chains.ts'
import { packetMatches } from './packet-matches.ts'
import type { ProtectedTraffic } from './protected-traffic.ts'

/**
 * The first rules of a chain that can deny. Established connections come last: whoever must get through does so without
 * the help of connection tracking, which may have begun after the connection.
 * @param list names the sets: what is protected on its way through is not what is protected on its way in
 * @see node-networking §1.12, §4.5
 */
export function failsafeRules(
  list: 'inbound' | 'passing',
  traffic: readonly ProtectedTraffic[],
  action: PacketAction,
  sets: AddressSets,
): readonly DraftRule[] {
  return [
    draft('loopback', { inInterface: { name: 'lo', isPrefix: false, negated: false } }, action),
    ...traffic.flatMap((one) => matchesOf(list, one, sets).map((match) => draft(one.name, match, action))),
    draft('established', { states: ['ESTABLISHED', 'RELATED'] }, action),
  ]
}

function matchesOf(
  list: string,
  { icmpTypes, ...traffic }: ProtectedTraffic,
  sets: AddressSets,
): readonly PacketMatch[] {
  if (!traffic.families.includes(sets.family)) return []
  const { name, protocol, from, to, ports } = traffic
  const matches = packetMatches({ protocol, from, to, ports }, `${list} failsafe ${name}`, sets)
  return icmpTypes === undefined
    ? matches
    : matches.flatMap((match) => icmpTypes.map((type) => ({ ...match, icmp: { type } })))
}

function draft(name: string, match: PacketMatch, action: PacketAction): DraftRule {
  const origin: RuleOrigin = { kind: 'failsafe', name }
  return { match, action, origin }
}
