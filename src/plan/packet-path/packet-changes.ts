import { unreachable } from '../../domain/unreachable.ts'
import type { Effect } from './compiled-rule.ts'
import { rewrite, type Travelling } from './packet.ts'

interface Changing {
  readonly packet: Travelling
  readonly notes: Set<string>
  readonly addressOf: (interfaceName: string | undefined) => bigint | undefined
}

/** What a rule does to the packet itself. What it only may do to the mark leaves those bits unknown. */
export function applyChange(journey: Changing, effect: Effect, isCertain: boolean): void {
  const { packet } = journey
  switch (effect.kind) {
    case 'mark':
      if (isCertain) setMark(packet, effect)
      else packet.markUnknown |= effect.mask | effect.value
      return
    case 'connectionMark':
      packet.connectionMark = (packet.connectionMark & ~effect.mask) ^ effect.value
      packet.connectionMarkUnknown = isCertain
        ? packet.connectionMarkUnknown & ~effect.mask
        : packet.connectionMarkUnknown | effect.mask | effect.value
      return
    case 'saveMark':
      packet.connectionMark = mixed(packet.connectionMark, packet.mark, effect.mask)
      packet.connectionMarkUnknown = isCertain
        ? mixed(packet.connectionMarkUnknown, packet.markUnknown, effect.mask)
        : packet.connectionMarkUnknown | effect.mask
      return
    case 'restoreMark':
      packet.mark = mixed(packet.mark, packet.connectionMark, effect.mask)
      packet.markUnknown = isCertain
        ? mixed(packet.markUnknown, packet.connectionMarkUnknown, effect.mask)
        : packet.markUnknown | effect.mask
      return
    case 'notrack':
      if (isCertain) packet.state = 'UNTRACKED'
      else journey.notes.add('the packet may not be tracked')
      return
    case 'translateDestination':
      if (effect.isFirstOfSeveral) journey.notes.add('one of several addresses is chosen; the first one is followed')
      translateDestination(packet, effect)
      return
    case 'redirect': {
      const address = journey.addressOf(packet.inInterface ?? 'lo')
      translateDestination(packet, { ...effect, ...(address === undefined ? {} : { address }) })
      return
    }
    case 'translateSource': {
      const address = effect.address ?? journey.addressOf(packet.outInterface)
      if (address !== undefined) rewrite(packet, 'from', address)
      packet.isSourceTranslated = true
      return
    }
    case 'accept':
    case 'drop':
    case 'reject':
    case 'return':
    case 'keepSource':
    case 'continue':
    case 'jump':
    case 'goto':
    case 'unknown':
      return
    default:
      unreachable(effect)
  }
}

function setMark(packet: Travelling, { value, mask }: { readonly value: number; readonly mask: number }): void {
  packet.mark = (packet.mark & ~mask) ^ value
  packet.markUnknown &= ~mask
}

/** The bits of `mask` from `other`, the rest from `own`. */
function mixed(own: number, other: number, mask: number): number {
  return (own & ~mask) | (other & mask)
}

function translateDestination(packet: Travelling, to: { readonly address?: bigint; readonly port?: bigint }): void {
  if (to.address !== undefined) rewrite(packet, 'to', to.address)
  if (to.port !== undefined) rewrite(packet, 'destinationPort', to.port)
  packet.isDestinationTranslated = true
}
