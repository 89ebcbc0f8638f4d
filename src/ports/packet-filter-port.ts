import type { InverseStep } from '../domain/inverse.ts'
import type { IptablesBackend, Plane } from '../domain/network-program.ts'
import type { FilterProgram, FilterTable } from '../domain/packet-filter.ts'
import type { AddressFamilyKey, SavedTables } from '../domain/saved-tables.ts'

/** What this node can do, and which mechanism its K3s uses. Read anew when a binary or K3s changed. */
export interface FilterCapabilities {
  /** `iptables v1.8.9 (nf_tables)`, `nftables v1.0.6`; for people. */
  readonly tool: string
  readonly backend?: IptablesBackend
  /** How the backend was found: `set by spec.firewall.backend`, `KUBE-IPTABLES-HINT in nft mangle`. */
  readonly because?: string
  /** Families that cannot be served, with the reason: `ip6tables is not installed`. */
  readonly unsupported: readonly { readonly family: AddressFamilyKey; readonly reason: string }[]
  /** Both backends hold rules of Kubernetes: nothing is written to iptables then (node-networking §1.6). */
  readonly split?: { readonly nft: number; readonly legacy: number; readonly tables: readonly string[] }
}

export type FilterDriftKind =
  | 'missing-chain'
  | 'missing-jump'
  | 'duplicate-jump'
  | 'order'
  | 'content'
  | 'extra-rule'
  | 'extra-chain'
  | 'set'

/** One way in which the kernel does not hold the program. */
export interface FilterDrift {
  readonly kind: FilterDriftKind
  readonly family: AddressFamilyKey
  readonly table: FilterTable
  /** Chain or set. */
  readonly name: string
  /** The lines that differ, in the tool's own words; at most twenty of each. */
  readonly expected: readonly string[]
  readonly found: readonly string[]
}

export type FilterObservation =
  /** `reported`: chains with our prefix that hold nothing of ours; told, and left where they are. */
  | { readonly kind: 'settled'; readonly reported?: readonly FilterDrift[] }
  | { readonly kind: 'absent'; readonly drifts: readonly FilterDrift[] }
  | { readonly kind: 'drifted'; readonly drifts: readonly FilterDrift[] }

/**
 * Our part of the packet filter of one node, on one plane. Failures carry codes:
 * FILTER_REJECTED (the kernel refuses a rule; `where` is its origin), FILTER_UNSUPPORTED (no tool, no root, old version),
 * FILTER_LOCKED (somebody held the lock too long; state unknown), FILTER_INCOMPATIBLE (a table cannot be shown by iptables),
 * FILTER_SPLIT (both backends in use), FILTER_CONTESTED (changed under our hands five times), FILTER_FAILED.
 */
export interface PacketFilterPort {
  readonly plane: Plane
  capabilities(signal: AbortSignal): Promise<FilterCapabilities>
  /** Asks this kernel, apart from the live tables, whether it takes `program`; learns the words it prints it in. */
  check(program: FilterProgram, signal: AbortSignal): Promise<void>
  /** Compares what is loaded with `program`; undefined means nothing of ours is wanted. Changes nothing. */
  observe(program: FilterProgram | undefined, signal: AbortSignal): Promise<FilterObservation>
  /** One transaction per table and family, in an order in which any part is safe; foreign rules stay byte-identical. */
  replace(program: FilterProgram | undefined, signal: AbortSignal): Promise<void>
  /** What takes this node from wherever it is to the state of now, without us. Asked before a change. */
  inverse(signal: AbortSignal): Promise<readonly InverseStep[]>
  /** Everything that iptables shows on this node, ours included, for the simulation. */
  tables(signal: AbortSignal): Promise<SavedTables>
}
