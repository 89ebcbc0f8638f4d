import type { Address } from '../../domain/cidr.ts'
import { holdsAddress, rangeOf } from '../flannel/ranges.ts'
import type { SavedFilter, SavedMatch, SavedRule } from './iptables-save.ts'

/** The first packet of a connection, without a mark. What is absent may be anything. */
export interface FirstPacket {
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
  readonly source?: Address
  readonly destination?: Address
  readonly inInterface?: string
}

/**
 * What a chain of the filter table does with a packet, as far as the rules say it: a rule whose matches are not all
 * understood may or may not be for it.
 * @returns `accept` or `drop` where nothing else is possible
 */
export function savedVerdict(
  filter: SavedFilter,
  chain: 'INPUT' | 'FORWARD',
  packet: FirstPacket,
): 'accept' | 'drop' | 'unknown' {
  const ends = endsOf(filter, chain, { ...packet, hook: chain }, 0)
  const isOnly = (end: End): boolean => ends.size === 1 && ends.has(end)
  return isOnly('accept') ? 'accept' : isOnly('drop') ? 'drop' : 'unknown'
}

interface HookedPacket extends FirstPacket {
  readonly hook: 'INPUT' | 'FORWARD'
}

type End = 'accept' | 'drop' | 'return'
type Match = 'yes' | 'no' | 'maybe'

/** iptables refuses loops; whoever edits the text may not. */
const maxDepth = 32
const anything: ReadonlySet<End> = new Set<End>(['accept', 'drop', 'return'])

function endsOf(filter: SavedFilter, chain: string, packet: HookedPacket, depth: number): ReadonlySet<End> {
  if (depth > maxDepth) return anything
  const ends = new Set<End>()
  for (const rule of filter.chains.get(chain) ?? []) {
    const match = ruleMatch(rule, packet)
    if (match === 'no') continue
    const found = targetEnds(filter, rule, packet, depth)
    for (const end of found) if (end !== 'continue') ends.add(end)
    if (match === 'yes' && !found.has('continue')) return ends
  }
  const policy = filter.policies.get(chain)
  return ends.add(policy === undefined ? 'return' : policy === 'ACCEPT' ? 'accept' : 'drop')
}

function targetEnds(
  filter: SavedFilter,
  rule: SavedRule,
  packet: HookedPacket,
  depth: number,
): ReadonlySet<End | 'continue'> {
  const known = targets.get(rule.target)
  if (known !== undefined) return new Set([known])
  if (!filter.chains.has(rule.target)) return new Set(['accept', 'drop', 'continue'])
  const ends = endsOf(filter, rule.target, packet, depth + 1)
  if (rule.isGoto) return ends
  return new Set([...ends].map((end) => (end === 'return' ? 'continue' : end)))
}

const targets: ReadonlyMap<string, End | 'continue'> = new Map<string, End | 'continue'>([
  ['', 'continue'],
  ['ACCEPT', 'accept'],
  ['DROP', 'drop'],
  ['REJECT', 'drop'],
  ['RETURN', 'return'],
  ...['LOG', 'NFLOG', 'MARK', 'CONNMARK', 'TRACE', 'SET'].map((name) => [name, 'continue'] as const),
])

function ruleMatch({ matches }: SavedRule, packet: HookedPacket): Match {
  const parts = matches.map((match) => negated(optionMatch(match, packet), match.isNegated))
  return parts.includes('no') ? 'no' : parts.includes('maybe') ? 'maybe' : 'yes'
}

function negated(match: Match, isNegated: boolean): Match {
  if (!isNegated || match === 'maybe') return match
  return match === 'yes' ? 'no' : 'yes'
}

function optionMatch({ option, value, isNegated }: SavedMatch, packet: HookedPacket): Match {
  switch (option) {
    case '-p':
      return value === packet.protocol || value === 'all' ? 'yes' : 'no'
    case '--dport':
    case '--dports':
      return value.split(',').some((ports) => holdsPort(ports, packet.port)) ? 'yes' : 'no'
    case '-s':
      return addressMatch(value, packet.source)
    case '-d':
      return addressMatch(value, packet.destination)
    case '-i':
      return interfaceMatch(value, packet.inInterface)
    case '--ctstate':
    case '--state':
      return value.split(',').includes('NEW') ? 'yes' : 'no'
    case '--mark':
      return markMatch(value)
    case '--dst-type':
      return destinationTypeMatch(value, packet.hook)
    case '-m':
    case '--comment':
      return isNegated ? 'no' : 'yes'
    default:
      return 'maybe'
  }
}

/** What INPUT sees is for this machine, what FORWARD sees is not, and a connection is never for many. */
function destinationTypeMatch(type: string, chain: string): Match {
  if (type === 'LOCAL') return chain === 'INPUT' ? 'yes' : 'no'
  return type === 'MULTICAST' || type === 'BROADCAST' ? 'no' : 'maybe'
}

function holdsPort(ports: string, port: number): boolean {
  const [first = 0, last = first] = ports.split(':').map(Number)
  return first <= port && port <= last
}

function addressMatch(text: string, address: Address | undefined): Match {
  const range = rangeOf(text)
  if (range === undefined) return 'maybe'
  if (range.prefixBits === 0) return 'yes'
  if (address === undefined) return 'maybe'
  return holdsAddress(range, address) ? 'yes' : 'no'
}

/** A connection from another machine never comes in over `lo`. */
function interfaceMatch(text: string, name: string | undefined): Match {
  if (text === 'lo') return 'no'
  if (name === undefined) return 'maybe'
  return text.endsWith('+') ? (name.startsWith(text.slice(0, -1)) ? 'yes' : 'no') : name === text ? 'yes' : 'no'
}

/** The packet has no mark: `0x8000/0x8000` is not for it, `0x0/0x8000` is. */
function markMatch(text: string): Match {
  const value = Number(text.split('/')[0])
  return Number.isNaN(value) ? 'maybe' : value === 0 ? 'yes' : 'no'
}
