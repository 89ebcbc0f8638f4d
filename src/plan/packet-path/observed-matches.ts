import type { ConnectionState } from '../../domain/packet-filter.ts'
import { type Certainty, certain, opposite } from './certainty.ts'
import type { Test } from './compiled-rule.ts'
import { interfaceTest } from './interface-test.ts'
import { connectionMarkTest, markTest } from './mark-test.ts'
import type { ObservedOption } from './observed-words.ts'
import { ask, askOriginalPort, type Dimension, protocolNumbers, type Travelling } from './packet.ts'
import { networkRange, type Range, type Ranges, rangesOf } from './ranges.ts'

export interface ObservedContext {
  readonly family: 4 | 6
  /** Names of the chains of the rule's table. */
  readonly chains: ReadonlySet<string>
  /** Absent where the members could not be read, or are more than addresses. */
  readonly sets: ReadonlyMap<string, Ranges>
  readonly addressIsLocal: (packet: Travelling, dimension: 'from' | 'to') => Certainty
}

/** What one option asks; undefined for those that ask nothing: comments, and options of other options. */
export function matchTest(option: ObservedOption, context: ObservedContext): Test | undefined {
  const { name, module } = option
  if (module === 'comment' && name === '--comment') return undefined
  const make = (module === 'connmark' && name === '--mark' ? connectionMark : undefined) ?? matches[name]
  const test = make?.(option, context) ?? (() => 'maybe')
  return option.negated ? (packet) => opposite(test(packet)) : test
}

type MakeTest = (option: ObservedOption, context: ObservedContext) => Test | undefined

/** By option; those that are not here hold maybe. */
const matches: Readonly<Record<string, MakeTest>> = {
  '-s': (option, { family }) => networkTest(option, family, 'from'),
  '-d': (option, { family }) => networkTest(option, family, 'to'),
  '-i': (option) => observedInterface(option, 'in'),
  '-o': (option) => observedInterface(option, 'out'),
  '-p': protocol,
  '--sport': (option) => ports(option, 'sourcePort'),
  '--sports': (option) => ports(option, 'sourcePort'),
  '--dport': (option) => ports(option, 'destinationPort'),
  '--dports': (option) => ports(option, 'destinationPort'),
  '--ports': eitherPort,
  '--tcp-flags': tcpFlags,
  '--icmp-type': icmpType,
  '--icmpv6-type': icmpType,
  '--ctstate': connectionState,
  '--state': connectionState,
  '--ctorigdstport': originalPort,
  '--mark': (option) => markTest(markOf(option)),
  '--match-set': setMember,
  '--src-type': (option, context) => addressType(option, context, 'from'),
  '--dst-type': (option, context) => addressType(option, context, 'to'),
  '--src-range': (option) => addressRange(option, 'from'),
  '--dst-range': (option) => addressRange(option, 'to'),
}

function networkTest({ values }: ObservedOption, family: 4 | 6, dimension: 'from' | 'to'): Test | undefined {
  const range = networkRange(values[0] ?? '')
  // Masks with holes stay dotted, and are no range.
  if (range?.family !== family) return undefined
  return addressesTest([range], dimension)
}

function addressesTest(ranges: Ranges, dimension: 'from' | 'to'): Test {
  return (packet) => certain(ask(packet, dimension, ranges) === true)
}

function observedInterface({ values }: ObservedOption, side: 'in' | 'out'): Test {
  const [name = ''] = values
  return name.endsWith('+') ? interfaceTest(name.slice(0, -1), true, side) : interfaceTest(name, false, side)
}

function protocol({ values }: ObservedOption): Test | undefined {
  const [name = ''] = values
  if (name === 'all') return () => 'yes'
  const number = /^\d+$/.test(name) ? Number(name) : observedProtocols[name]
  return number === undefined ? undefined : (packet) => certain(packet.protocol === number)
}

const observedProtocols: Readonly<Record<string, number>> = {
  ...protocolNumbers,
  'ipv6-icmp': protocolNumbers.icmpv6,
  igmp: 2,
  ipip: 4,
  dccp: 33,
  ipv6: 41,
  ospf: 89,
  vrrp: 112,
  udplite: 136,
}

function ports({ values }: ObservedOption, dimension: Dimension): Test | undefined {
  const ranges = portRanges(values)
  return ranges && ((packet) => certain(ask(packet, dimension, ranges) === true))
}

function eitherPort({ values }: ObservedOption): Test | undefined {
  const ranges = portRanges(values)
  if (ranges === undefined) return undefined
  return (packet) =>
    certain(ask(packet, 'sourcePort', ranges) === true || ask(packet, 'destinationPort', ranges) === true)
}

/** The connection's own, before it was translated. */
function originalPort({ values }: ObservedOption): Test | undefined {
  const ranges = portRanges(values)
  if (ranges === undefined) return undefined
  return (packet) => certain(packet.state !== 'UNTRACKED' && askOriginalPort(packet, ranges) === true)
}

function portRanges(values: readonly string[]): Ranges | undefined {
  const ranges: Range[] = []
  for (const part of (values[0] ?? '').split(',')) {
    const [, first, last] = /^(\d*)(?::(\d*))?$/.exec(part) ?? []
    if (first === undefined || (first === '' && last === undefined)) return undefined
    ranges.push({ first: BigInt(first || '0'), last: BigInt(last === undefined ? first : last || '65535') })
  }
  return rangesOf(ranges)
}

/** Only the beginning of a connection can be told from the rest. */
function tcpFlags({ values }: ObservedOption): Test | undefined {
  const [mask, flags] = values
  if (mask !== 'FIN,SYN,RST,ACK' && mask !== 'SYN,RST' && mask !== 'SYN,ACK') return undefined
  return flags === 'SYN'
    ? (packet) => certain(packet.protocol === protocolNumbers.tcp && packet.state === 'NEW')
    : undefined
}

function icmpType({ values }: ObservedOption): Test | undefined {
  if (values[0] === 'any') return () => 'yes'
  const [, type, code] = /^(\d+)(?:\/(\d+))?$/.exec(values[0] ?? '') ?? []
  if (type === undefined) return undefined
  return ({ icmp }) => certain(icmp?.type === Number(type) && (code === undefined || icmp.code === Number(code)))
}

function connectionState({ values }: ObservedOption): Test {
  const states = (values[0] ?? '').split(',')
  return (packet) => {
    const isTranslated =
      (packet.isDestinationTranslated && states.includes('DNAT')) ||
      (packet.isSourceTranslated && states.includes('SNAT'))
    const state: ConnectionState = packet.state
    return certain(isTranslated || states.includes(state))
  }
}

function connectionMark(option: ObservedOption): Test {
  return connectionMarkTest(markOf(option))
}

function markOf({ values }: ObservedOption): { value: number; mask: number; negated: false } {
  const [value = '', mask = '0xffffffff'] = (values[0] ?? '').split('/')
  return { value: Number(value), mask: Number(mask), negated: false }
}

/** Sets that hold more than addresses are asked about in several directions, and never known here. */
function setMember({ values }: ObservedOption, { sets }: ObservedContext): Test | undefined {
  const [name = '', direction] = values
  const ranges = sets.get(name)
  if (ranges === undefined || (direction !== 'src' && direction !== 'dst')) return undefined
  return addressesTest(ranges, direction === 'src' ? 'from' : 'to')
}

function addressType({ values }: ObservedOption, context: ObservedContext, dimension: 'from' | 'to'): Test | undefined {
  if (values[0] === 'LOCAL') return (packet) => context.addressIsLocal(packet, dimension)
  if (values[0] !== 'MULTICAST') return undefined
  const range = networkRange(context.family === 4 ? '224.0.0.0/4' : 'ff00::/8')
  return range && addressesTest([range], dimension)
}

function addressRange({ values }: ObservedOption, dimension: 'from' | 'to'): Test | undefined {
  const [first, last] = (values[0] ?? '').split('-').map(networkRange)
  if (first === undefined || last === undefined) return undefined
  return addressesTest([{ first: first.first, last: last.first }], dimension)
}
