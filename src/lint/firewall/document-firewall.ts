import { type Address, parseAddress } from '../../domain/cidr.ts'
import type { LocatedLine } from '../../domain/problem.ts'
import type { NodeNetwork } from '../../schema/documents.ts'
import { holdsAddress, rangeOf } from '../flannel/ranges.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'

type WrittenRule = NodeNetwork['spec']['firewall']['input'][number]

/** One rule of a NodeNetwork, and where it stands. */
export interface DocumentRule {
  readonly rule: WrittenRule
  readonly at: LocatedLine
  /** For people: `rule "deny-rest"`. */
  readonly name: string
}

/** A connection that somebody opens. Who is not known may be anybody: a rule for some may then be for them, or not. */
export interface Packet {
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
  readonly source?: Address
  /** Addresses of the receiver. */
  readonly destinations: readonly Address[]
}

/** The rules of a node in the order in which they are asked: those of its documents by name, each from the top. */
export function documentRules(
  subject: LintSubject,
  node: NodeSubject,
  list: 'input' | 'services' | 'forward',
): readonly DocumentRule[] {
  return node.networks.flatMap(({ metadata, spec }) =>
    spec.firewall[list].map((rule, index) => ({
      rule,
      at: subject.desired?.places.nodePlace(metadata.name, ['spec', 'firewall', list, index]) ?? node.at,
      name: `${list} rule ${JSON.stringify(rule.name)}`,
    })),
  )
}

/** The rule that certainly stops this packet, whatever the rules before it that may or may not be for it. */
export function closedBy(rules: readonly DocumentRule[], packet: Packet): DocumentRule | undefined {
  for (const one of rules) {
    const match = matches(one.rule, packet)
    if (match === 'no') continue
    if (one.rule.action === 'Accept') return undefined
    if (match === 'yes') return one
  }
  return undefined
}

/** The rule that certainly lets this packet in. */
export function openedBy(rules: readonly DocumentRule[], packet: Packet): DocumentRule | undefined {
  for (const one of rules) {
    const match = matches(one.rule, packet)
    if (match === 'no') continue
    if (one.rule.action !== 'Accept') return undefined
    if (match === 'yes') return one
  }
  return undefined
}

/** A rule for every packet: nothing but a name and an action. */
export function isCatchAll({ rule }: DocumentRule): boolean {
  return Object.entries(rule).every(
    ([field, value]) => value === undefined || ['name', 'action', 'comment', 'log'].includes(field),
  )
}

type Match = 'yes' | 'no' | 'maybe'

function matches(rule: WrittenRule, packet: Packet): Match {
  if (rule.protocol !== undefined && !isProtocol(rule.protocol, packet.protocol)) return 'no'
  if (rule.ports?.some((ports) => holdsPort(ports, packet.port)) === false) return 'no'
  if (rule.notPorts?.some((ports) => holdsPort(ports, packet.port)) === true) return 'no'
  // Somebody opens a connection: its first packet is new, or not tracked at all.
  if (rule.states?.some((state) => state === 'New' || state === 'Untracked') === false) return 'no'
  const parts = [
    sourceMatch(rule, packet.source),
    destinationMatch(rule.to, packet.destinations),
    negated(destinationMatch(rule.notTo, packet.destinations), rule.notTo),
    familyMatch(rule, packet),
    unknowable.some((field) => rule[field] !== undefined) ? 'maybe' : 'yes',
    rule.states?.includes('New') === false ? 'maybe' : 'yes',
  ]
  return parts.includes('no') ? 'no' : parts.includes('maybe') ? 'maybe' : 'yes'
}

/** What a port and two addresses do not tell. */
const unknowable = [
  'inInterface',
  'notInInterface',
  'outInterface',
  'notOutInterface',
  'sourcePorts',
  'mark',
  'limit',
] as const

const protocolNumbers: Readonly<Record<Packet['protocol'], number>> = { tcp: 6, udp: 17 }

function isProtocol(written: NonNullable<WrittenRule['protocol']>, protocol: Packet['protocol']): boolean {
  return written === protocol || written === protocolNumbers[protocol]
}

function negated(match: Match, list: readonly string[] | undefined): Match {
  if (list === undefined || match === 'maybe') return list === undefined ? 'yes' : 'maybe'
  return match === 'yes' ? 'no' : 'yes'
}

function familyMatch({ families }: WrittenRule, { source }: Packet): Match {
  if (families === undefined || families.length === 2) return 'yes'
  if (source === undefined) return 'maybe'
  return families.includes(source.family === 4 ? 'IPv4' : 'IPv6') ? 'yes' : 'no'
}

function holdsPort(ports: number | string, port: number): boolean {
  const [first = 0, last = first] = String(ports).split('-').map(Number)
  return first <= port && port <= last
}

function sourceMatch({ from, notFrom }: WrittenRule, source: Address | undefined): Match {
  if (from === undefined && notFrom === undefined) return 'yes'
  if (source === undefined) return from !== undefined && isEverybody(from) ? 'yes' : 'maybe'
  if (from !== undefined) return isIn(from, source) ? 'yes' : 'no'
  return isIn(notFrom ?? [], source) ? 'no' : 'yes'
}

/** Without the receiver's address a rule for some addresses may be for it. */
function destinationMatch(to: readonly string[] | undefined, destinations: readonly Address[]): Match {
  if (to === undefined) return 'yes'
  if (destinations.length === 0) return 'maybe'
  return destinations.some((address) => isIn(to, address)) ? 'yes' : 'no'
}

function isEverybody(texts: readonly string[]): boolean {
  const ranges = texts.map(rangeOf)
  return ([4, 6] as const).every((family) => ranges.some((range) => range?.family === family && range.prefixBits === 0))
}

function isIn(texts: readonly string[], address: Address): boolean {
  return texts.some((text) => {
    const range = rangeOf(text)
    return range !== undefined && holdsAddress(range, address)
  })
}

/** Addresses for documentation: nobody who is meant by a rule has one, unless the rule is for everybody. */
export const strangers: readonly Address[] = ['203.0.113.77', '2001:db8:dead::77']
  .map(parseAddress)
  .filter((address) => address !== undefined)
