import type { FilterTable, LogLevel, PacketAction } from '../../domain/packet-filter.ts'
import type { AddressFamilyKey } from '../../domain/saved-tables.ts'
import { hex, ipOf } from './nft-match.ts'
import { digitOf, ownChainName } from './nft-names.ts'

const levels: Readonly<Record<LogLevel, string>> = {
  debug: 'debug',
  info: 'info',
  notice: 'notice',
  warning: 'warn',
  error: 'err',
}

/** The acting half of a rule in nft's words. */
export function printAction(action: PacketAction, table: FilterTable, family: AddressFamilyKey): string {
  switch (action.kind) {
    case 'accept':
    case 'drop':
    case 'return':
    case 'notrack':
    case 'masquerade':
      return action.kind
    case 'reject':
      return printReject(action.with, family)
    case 'log':
      return `log prefix "${action.prefix}" level ${levels[action.level]}`
    case 'clampMss':
      // The kernel never raises it, as iptables' TCPMSS does not; a SYN without the option gets none here.
      return `tcp option maxseg size set ${action.to === 'pmtu' ? 'rt mtu' : action.to}`
    case 'dscp':
      return `${ipOf(family)} dscp set ${action.value}`
    case 'mark':
      return printMark(action.value, action.mask)
    case 'keepSource':
      // Translated to itself, a connection counts as translated, and every later NAT chain leaves it alone.
      return `snat ${ipOf(family)} to ${ipOf(family)} saddr`
    case 'jump':
      return `jump ${ownChainName(table, family, action.chain)}`
  }
}

function printReject(answer: Extract<PacketAction, { kind: 'reject' }>['with'], family: AddressFamilyKey): string {
  if (answer === 'tcp-reset') return 'reject with tcp reset'
  return `reject with ${digitOf(family) === 4 ? 'icmp' : 'icmpv6'} ${answer}`
}

function printMark(value: number, mask: number): string {
  const kept = ~mask >>> 0
  return kept === 0 ? `meta mark set ${hex(value)}` : `meta mark set meta mark & ${hex(kept)} | ${hex(value)}`
}
