import type { FilterRule, Hook } from '../../domain/packet-filter.ts'
import type { SavedTable } from '../../domain/saved-tables.ts'
import type { Certainty } from './certainty.ts'
import type { Travelling } from './packet.ts'

/** One question of a rule. */
export type Test = (packet: Travelling) => Certainty

/** A rule of ours or of anybody else, ready to be asked. */
export interface CompiledRule {
  readonly tests: readonly Test[]
  readonly effect: Effect
  /** For people: the line as `iptables-save` prints it, or our rule in the same words. Made when somebody reads it. */
  readonly text: () => string
  /** Our own rule. */
  readonly own?: FilterRule
  /** It picks one of several at random; the first one is followed. */
  readonly isChoice: boolean
}

export type Effect =
  | { readonly kind: 'accept' | 'drop' | 'reject' | 'return' | 'notrack' | 'keepSource' }
  /** Goes on with the next rule: `LOG`, `TCPMSS`, no target at all. */
  | { readonly kind: 'continue'; readonly what: string }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  /** The mark becomes `(mark & ~mask) ^ value`. */
  | { readonly kind: 'mark'; readonly value: number; readonly mask: number }
  | { readonly kind: 'connectionMark'; readonly value: number; readonly mask: number }
  | { readonly kind: 'saveMark' | 'restoreMark'; readonly mask: number }
  /** A new destination; absent parts stay. `isFirstOfSeveral`: the kernel picks one of a range. */
  | {
      readonly kind: 'translateDestination'
      readonly address?: bigint
      readonly port?: bigint
      readonly isFirstOfSeveral: boolean
    }
  /** To an address of the interface where it came in. */
  | { readonly kind: 'redirect'; readonly port?: bigint }
  /** A new source; without an address that of the interface where it leaves. */
  | { readonly kind: 'translateSource'; readonly address?: bigint }
  /** Nobody here knows what it does. */
  | { readonly kind: 'unknown'; readonly what: string }

export type TableName = SavedTable['table']

export interface CompiledChain {
  readonly name: string
  readonly rules: readonly CompiledRule[]
  /** What happens at its end; absent for chains that others call. */
  readonly policy?: 'ACCEPT' | 'DROP'
  /** A base chain of our own nft table: accepting there ends nothing else. */
  readonly isOwnBase: boolean
}

/** Where a packet begins in one table at one hook. */
export interface BaseChain {
  readonly table: TableName
  readonly chain: CompiledChain
}

/** What one address family meets, in the order in which it meets it. */
export interface Ruleset {
  readonly bases: ReadonlyMap<Hook, readonly BaseChain[]>
  readonly chains: ReadonlyMap<TableName, ReadonlyMap<string, CompiledChain>>
}
