import type { FilterTable, Hook } from './packet-filter.ts'

export type AddressFamilyKey = 'v4' | 'v6'

/** The tables of a node as `iptables-save` prints them, with each rule as its list of arguments. */
export interface SavedTables {
  readonly v4: readonly SavedTable[]
  readonly v6: readonly SavedTable[]
  /** Members of the ipsets that rules name, as far as they could be read. */
  readonly sets: ReadonlyMap<string, readonly string[]>
}

export interface SavedTable {
  readonly table: FilterTable | 'security'
  readonly chains: readonly SavedChain[]
}

export interface SavedChain {
  readonly name: string
  /** Of a built-in chain only. */
  readonly policy?: 'ACCEPT' | 'DROP'
  readonly rules: readonly SavedRule[]
}

export interface SavedRule {
  /** The line as it was printed: `-A INPUT -i lo -j ACCEPT`. */
  readonly line: string
  /** Its arguments, without `-A` and the chain; quotes undone. */
  readonly words: readonly string[]
}

export const builtInChains: readonly Hook[] = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']
