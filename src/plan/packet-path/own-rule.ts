import type {
  AddressMatch,
  AddressSet,
  FilterRule,
  InterfaceMatch,
  PacketAction,
  PacketMatch,
  PortMatch,
} from '../../domain/packet-filter.ts'
import { unreachable } from '../../domain/unreachable.ts'
import { certain, opposite } from './certainty.ts'
import type { CompiledRule, Effect, Test } from './compiled-rule.ts'
import { interfaceTest } from './interface-test.ts'
import { markTest } from './mark-test.ts'
import { ownRuleText } from './own-rule-text.ts'
import { ask, askOriginalPort, type Dimension, protocolNumbers } from './packet.ts'
import { networkRange, type Ranges, rangesOf } from './ranges.ts'

export interface OwnRuleContext {
  readonly sets: ReadonlyMap<string, Ranges>
  /** The destination is an address of this node. */
  readonly destinationIsLocal: Test
}

/** One rule of ours, exactly; only what it says about rates cannot be foretold. */
export function compileOwnRule(rule: FilterRule, context: OwnRuleContext): CompiledRule {
  return {
    tests: testsOf(rule.match, context),
    effect: effectOf(rule.action),
    text: () => ownRuleText(rule),
    own: rule,
    isChoice: false,
  }
}

/** The members of our sets, as ranges of addresses. */
export function setRanges(sets: readonly AddressSet[]): ReadonlyMap<string, Ranges> {
  return new Map(
    sets.map(({ name, members }) => [name, rangesOf(members.flatMap((member) => networkRange(member) ?? []))]),
  )
}

/** The cheapest first: most rules are done with after one or two. */
function testsOf(match: PacketMatch, context: OwnRuleContext): readonly Test[] {
  const { protocol, icmp, states, mark } = match
  const tests: (Test | undefined)[] = [
    protocol === undefined ? undefined : protocolTest(protocol),
    match.destinationPorts && portTest(match.destinationPorts, 'destinationPort'),
    match.sourcePorts && portTest(match.sourcePorts, 'sourcePort'),
    match.originalDestinationPorts && originalPortTest(match.originalDestinationPorts),
    icmp &&
      ((packet) => certain(packet.icmp?.type === icmp.type && (icmp.code ?? packet.icmp.code) === packet.icmp.code)),
    states && ((packet) => certain(states.includes(packet.state))),
    match.tcpSyn && ((packet) => certain(packet.protocol === protocolNumbers.tcp && packet.state === 'NEW')),
    match.inInterface && ownInterfaceTest(match.inInterface, 'in'),
    match.outInterface && ownInterfaceTest(match.outInterface, 'out'),
    mark && markTest(mark),
    match.source && addressTest(match.source, 'from', context),
    match.destination && addressTest(match.destination, 'to', context),
    match.destinationIsLocal && context.destinationIsLocal,
    match.limit && (() => 'maybe'),
  ]
  return tests.filter((test) => test !== undefined)
}

function protocolTest(protocol: NonNullable<PacketMatch['protocol']>): Test {
  const number = typeof protocol === 'number' ? protocol : protocolNumbers[protocol]
  return (packet) => certain(packet.protocol === number)
}

function portTest({ ranges, negated }: PortMatch, dimension: Dimension): Test {
  const wanted = rangesOf(ranges.map(({ first, last }) => ({ first: BigInt(first), last: BigInt(last) })))
  return (packet) => {
    const isInside = ask(packet, dimension, wanted)
    return isInside === undefined ? 'no' : certain(isInside !== negated)
  }
}

function originalPortTest({ ranges, negated }: PortMatch): Test {
  const wanted = rangesOf(ranges.map(({ first, last }) => ({ first: BigInt(first), last: BigInt(last) })))
  return (packet) => {
    // Untracked packets have no connection that could remember a port.
    const isInside = packet.state === 'UNTRACKED' ? undefined : askOriginalPort(packet, wanted)
    return isInside === undefined ? 'no' : certain(isInside !== negated)
  }
}

function ownInterfaceTest({ name, isPrefix, negated }: InterfaceMatch, side: 'in' | 'out'): Test {
  const test = interfaceTest(name, isPrefix, side)
  return negated ? (packet) => opposite(test(packet)) : test
}

function addressTest(match: AddressMatch, dimension: 'from' | 'to', { sets }: OwnRuleContext): Test {
  const ranges = match.kind === 'set' ? sets.get(match.set) : singleNetwork(match.cidr)
  // A program that names a set without bringing it is refused by the tools; until then nobody knows its members.
  if (ranges === undefined) return () => 'maybe'
  return (packet) => certain(ask(packet, dimension, ranges) !== match.negated)
}

function singleNetwork(cidr: string): Ranges | undefined {
  const range = networkRange(cidr)
  return range === undefined ? undefined : [range]
}

function effectOf(action: PacketAction): Effect {
  switch (action.kind) {
    case 'accept':
    case 'drop':
    case 'reject':
    case 'return':
    case 'notrack':
    case 'keepSource':
      return { kind: action.kind }
    case 'log':
    case 'clampMss':
    case 'dscp':
      return { kind: 'continue', what: action.kind }
    case 'mark':
      return { kind: 'mark', value: action.value, mask: action.mask }
    case 'masquerade':
      return { kind: 'translateSource' }
    case 'jump':
      return { kind: 'jump', chain: action.chain }
    default:
      return unreachable(action)
  }
}
