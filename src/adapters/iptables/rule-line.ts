import { Failure } from '../../domain/failure.ts'
import {
  type AddressMatch,
  commentPrefix,
  type FilterRule,
  type InterfaceMatch,
  type LogLevel,
  type PacketAction,
  type PacketMatch,
  type PortMatch,
  type RateLimit,
} from '../../domain/packet-filter.ts'
import { describeOrigin } from './rule-origin.ts'

/** `iptables-restore` takes no more arguments in one line. */
const maxArguments = 255
const logLevels: Readonly<Record<LogLevel, number>> = { error: 3, warning: 4, notice: 5, info: 6, debug: 7 }
const namedPorts: readonly string[] = ['tcp', 'udp', 'sctp']

/**
 * The lines of one rule for `iptables-restore`, in the order in which `iptables-save` prints their parts. One line, but
 * for several ranges of ports before translation, which conntrack matches one by one.
 * @throws Failure FILTER_REJECTED for a match that iptables reads as something else
 */
export function ruleLines(rule: FilterRule, chain: string, family: 4 | 6): readonly string[] {
  return splitOriginalPorts(rule.match).map((match) => {
    const words = ['-A', chain, ...matchWords(match, rule, family)]
    words.push('-m', 'comment', '--comment', `${commentPrefix}${rule.id}`, ...actionWords(rule.action, family))
    if (words.length > maxArguments) throw refused(rule, `it takes ${words.length} arguments, and a line has 255`)
    return words.join(' ')
  })
}

/** Ranges that are alternatives become rules of their own; ranges that are all excluded stay in one. */
function splitOriginalPorts(match: PacketMatch): readonly PacketMatch[] {
  const { originalDestinationPorts: ports } = match
  if (ports === undefined || ports.negated || ports.ranges.length < 2) return [match]
  return ports.ranges.map((range) => ({ ...match, originalDestinationPorts: { ranges: [range], negated: false } }))
}

function matchWords(match: PacketMatch, rule: FilterRule, family: 4 | 6): string[] {
  return [
    ...networkWords('-s', match.source, rule),
    ...networkWords('-d', match.destination, rule),
    ...interfaceWords('-i', match.inInterface),
    ...interfaceWords('-o', match.outInterface),
    ...protocolWords(match.protocol, rule, family),
    ...portWords(match, rule),
    ...icmpWords(match, rule, family),
    ...setWords('src', match.source),
    ...setWords('dst', match.destination),
    ...(match.states === undefined ? [] : ['-m', 'conntrack', '--ctstate', match.states.join(',')]),
    ...originalPortWords(match.originalDestinationPorts),
    ...markWords(match.mark),
    ...(match.destinationIsLocal === true ? ['-m', 'addrtype', '--dst-type', 'LOCAL'] : []),
    ...(match.limit === undefined ? [] : limitWords(match.limit, rule.id)),
  ]
}

const not = (negated: boolean): readonly string[] => (negated ? ['!'] : [])

function networkWords(option: '-s' | '-d', match: AddressMatch | undefined, rule: FilterRule): readonly string[] {
  if (match?.kind !== 'network') return []
  if (/\/0$/.test(match.cidr)) {
    // Printed as no condition at all by iptables, negated or not.
    if (match.negated) throw refused(rule, `nothing is outside ${match.cidr}`)
    return []
  }
  return [...not(match.negated), option, match.cidr]
}

function setWords(side: 'src' | 'dst', match: AddressMatch | undefined): readonly string[] {
  return match?.kind === 'set' ? ['-m', 'set', ...not(match.negated), '--match-set', match.set, side] : []
}

function interfaceWords(option: '-i' | '-o', match: InterfaceMatch | undefined): readonly string[] {
  return match === undefined ? [] : [...not(match.negated), option, match.isPrefix ? `${match.name}+` : match.name]
}

function protocolWords(protocol: PacketMatch['protocol'], rule: FilterRule, family: 4 | 6): readonly string[] {
  if (protocol === undefined) return []
  if (protocol === 0) throw refused(rule, 'protocol 0 means every protocol to iptables')
  // The authentication header is an extension header in IPv6: `-p ah` never matches there.
  if (family === 6 && (protocol === 'ah' || protocol === 51)) return ['-m', 'ah']
  return ['-p', protocol === 'icmpv6' ? 'ipv6-icmp' : String(protocol)]
}

function portWords(match: PacketMatch, rule: FilterRule): readonly string[] {
  const { protocol, sourcePorts, destinationPorts } = match
  if (sourcePorts === undefined && destinationPorts === undefined && match.tcpSyn !== true) return []
  if (typeof protocol !== 'string' || !namedPorts.includes(protocol)) throw refused(rule, 'ports need tcp, udp or sctp')
  const plain = [
    ...(isSingle(sourcePorts) ? onePortWords('--sport', sourcePorts) : []),
    ...(isSingle(destinationPorts) ? onePortWords('--dport', destinationPorts) : []),
    ...(match.tcpSyn === true ? ['--tcp-flags', 'SYN,RST', 'SYN'] : []),
  ]
  return [
    ...(plain.length === 0 ? [] : ['-m', protocol, ...plain]),
    ...manyPortWords('--sports', sourcePorts),
    ...manyPortWords('--dports', destinationPorts),
  ]
}

function isSingle(ports: PortMatch | undefined): ports is PortMatch {
  return ports?.ranges.length === 1
}

function onePortWords(option: string, ports: PortMatch): readonly string[] {
  return [...not(ports.negated), option, ports.ranges.map(portText).join(',')]
}

function manyPortWords(option: string, ports: PortMatch | undefined): readonly string[] {
  return ports === undefined || isSingle(ports) ? [] : ['-m', 'multiport', ...onePortWords(option, ports)]
}

function originalPortWords(ports: PortMatch | undefined): readonly string[] {
  if (ports === undefined) return []
  return ports.ranges.flatMap((range) => ['-m', 'conntrack', ...not(ports.negated), '--ctorigdstport', portText(range)])
}

function portText({ first, last }: PortMatch['ranges'][number]): string {
  return first === last ? String(first) : `${first}:${last}`
}

function icmpWords(match: PacketMatch, rule: FilterRule, family: 4 | 6): readonly string[] {
  if (match.icmp === undefined) return []
  const { type, code } = match.icmp
  const text = code === undefined ? String(type) : `${type}/${code}`
  if (family === 6) return ['-m', 'icmp6', '--icmpv6-type', text]
  if (type === 255) throw refused(rule, 'ICMP type 255 means every type to iptables')
  return ['-m', 'icmp', '--icmp-type', text]
}

function markWords(mark: PacketMatch['mark']): readonly string[] {
  return mark === undefined ? [] : ['-m', 'mark', ...not(mark.negated), '--mark', maskedText(mark.value, mark.mask)]
}

function limitWords({ packets, per, burst, perSource }: RateLimit, id: string): readonly string[] {
  const unit = { second: 'sec', minute: 'min', hour: 'hour', day: 'day' }[per]
  if (!perSource) return ['-m', 'limit', '--limit', `${packets}/${unit}`, '--limit-burst', String(burst)]
  return [
    ...['-m', 'hashlimit', '--hashlimit-upto', `${packets}/${unit}`, '--hashlimit-burst', String(burst)],
    // Tables of allowances are found by this name, at most 15 characters; an id changes with its rate.
    ...['--hashlimit-mode', 'srcip', '--hashlimit-name', `fl${id.slice(0, 13)}`],
  ]
}

function actionWords(action: PacketAction, family: 4 | 6): readonly string[] {
  switch (action.kind) {
    // Nothing after it translates the source: the packet keeps it.
    case 'keepSource':
    case 'accept':
      return ['-j', 'ACCEPT']
    case 'drop':
      return ['-j', 'DROP']
    case 'return':
      return ['-j', 'RETURN']
    case 'reject':
      return ['-j', 'REJECT', '--reject-with', rejectWord(action.with, family)]
    case 'log':
      return ['-j', 'LOG', '--log-prefix', `"${action.prefix}"`, '--log-level', String(logLevels[action.level])]
    case 'clampMss':
      return ['-j', 'TCPMSS', ...(action.to === 'pmtu' ? ['--clamp-mss-to-pmtu'] : ['--set-mss', String(action.to)])]
    case 'dscp':
      return ['-j', 'DSCP', '--set-dscp', hex(action.value, 2)]
    case 'mark':
      return ['-j', 'MARK', '--set-xmark', maskedText(action.value, action.mask)]
    case 'masquerade':
      return ['-j', 'MASQUERADE']
    case 'notrack':
      return ['-j', 'CT', '--notrack']
    case 'jump':
      return ['-j', action.chain]
  }
}

function rejectWord(word: 'port-unreachable' | 'admin-prohibited' | 'tcp-reset', family: 4 | 6): string {
  if (word === 'tcp-reset') return word
  if (word === 'port-unreachable') return family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable'
  return family === 4 ? 'icmp-admin-prohibited' : 'icmp6-adm-prohibited'
}

const maskedText = (value: number, mask: number): string => `${hex(value)}/${hex(mask)}`
const hex = (value: number, digits = 1): string => `0x${(value >>> 0).toString(16).padStart(digits, '0')}`

function refused(rule: FilterRule, reason: string): Failure {
  return new Failure(`iptables cannot hold rule ${rule.id}: ${reason}`, {
    code: 'FILTER_REJECTED',
    where: describeOrigin(rule.origin),
    fix: 'change or remove this rule',
    retry: 'when-changed',
  })
}
