import type {
  AddressMatch,
  FilterRule,
  InterfaceMatch,
  PacketAction,
  PacketMatch,
  PortMatch,
  RuleOrigin,
} from '../../domain/packet-filter.ts'
import { unreachable } from '../../domain/unreachable.ts'

/** A rule of ours in the words of `iptables-save`, for people: nothing reads it back. */
export function ownRuleText({ match, action }: FilterRule): string {
  return [...matchWords(match), ...actionWords(action)].join(' ')
}

/** `clusters/home/nodes/edge.yaml spec.firewall.input[2] (no-ssh)`, or which failsafe it is. */
export function originText(origin: RuleOrigin): string {
  return origin.kind === 'failsafe' ? `failsafe ${origin.name}` : `${origin.file} ${origin.path} (${origin.name})`
}

function matchWords(match: PacketMatch): string[] {
  const { protocol, icmp, states, mark, limit } = match
  return [
    ...addressWords('-s', match.source),
    ...addressWords('-d', match.destination),
    ...interfaceWords('-i', match.inInterface),
    ...interfaceWords('-o', match.outInterface),
    ...(protocol === undefined ? [] : ['-p', String(protocol)]),
    ...portWords('--sports', match.sourcePorts),
    ...portWords('--dports', match.destinationPorts),
    ...portWords('--ctorigdstport', match.originalDestinationPorts),
    ...(icmp === undefined
      ? []
      : ['--icmp-type', icmp.code === undefined ? `${icmp.type}` : `${icmp.type}/${icmp.code}`]),
    ...(states === undefined ? [] : ['--ctstate', states.join(',')]),
    ...(mark === undefined ? [] : [...not(mark.negated), '--mark', `${hex(mark.value)}/${hex(mark.mask)}`]),
    ...(match.destinationIsLocal === undefined ? [] : ['--dst-type', 'LOCAL']),
    ...(match.tcpSyn === undefined ? [] : ['--tcp-flags SYN,RST SYN']),
    ...(limit === undefined
      ? []
      : ['--limit', `${limit.packets}/${limit.per}`, ...(limit.perSource ? ['per-source'] : [])]),
  ]
}

function addressWords(option: '-s' | '-d', match: AddressMatch | undefined): string[] {
  if (match === undefined) return []
  if (match.kind === 'network') return [...not(match.negated), option, match.cidr]
  return [...not(match.negated), '--match-set', match.set, option === '-s' ? 'src' : 'dst']
}

function interfaceWords(option: '-i' | '-o', match: InterfaceMatch | undefined): string[] {
  return match === undefined ? [] : [...not(match.negated), option, match.isPrefix ? `${match.name}+` : match.name]
}

function portWords(option: string, match: PortMatch | undefined): string[] {
  if (match === undefined) return []
  const ranges = match.ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}:${last}`))
  return [...not(match.negated), option, ranges.join(',')]
}

function not(negated: boolean): string[] {
  return negated ? ['!'] : []
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`
}

function actionWords(action: PacketAction): string[] {
  switch (action.kind) {
    case 'accept':
    case 'drop':
    case 'return':
    case 'masquerade':
    case 'log':
    case 'notrack':
      return ['-j', action.kind.toUpperCase()]
    case 'keepSource':
      return ['-j', 'ACCEPT']
    case 'reject':
      return ['-j', 'REJECT', '--reject-with', action.with]
    case 'clampMss':
      return ['-j', 'TCPMSS', ...(action.to === 'pmtu' ? ['--clamp-mss-to-pmtu'] : ['--set-mss', `${action.to}`])]
    case 'dscp':
      return ['-j', 'DSCP', '--set-dscp', hex(action.value)]
    case 'mark':
      return ['-j', 'MARK', '--set-xmark', `${hex(action.value)}/${hex(action.mask)}`]
    case 'jump':
      return ['-j', action.chain]
    default:
      return unreachable(action)
  }
}
