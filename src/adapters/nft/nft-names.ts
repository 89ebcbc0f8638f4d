import type { FilterTable, Hook } from '../../domain/packet-filter.ts'
import type { AddressFamilyKey } from '../../domain/saved-tables.ts'

/** The one table of ours. */
export const tableName = 'fairlead'

const tables: readonly FilterTable[] = ['raw', 'mangle', 'nat', 'filter']

/** What a chain of the nft table stands for: a chain of the program, or the base chain where chains are entered. */
export type NamedChain =
  | { readonly kind: 'own'; readonly table: FilterTable; readonly family: AddressFamilyKey; readonly name: string }
  | { readonly kind: 'base'; readonly table: FilterTable; readonly hook: string }

/**
 * `mangle4_FAIRLEAD-INPUT`: the table and the family are part of the name, since all of them share one nft table. No such
 * name is a word of nft's own.
 */
export function ownChainName(table: FilterTable, family: AddressFamilyKey, name: string): string {
  return `${table}${digitOf(family)}_${name}`
}

/** `hook_mangle_INPUT`. */
export function baseChainName(table: FilterTable, hook: Hook): string {
  return `hook_${table}_${hook}`
}

/** Names of sets that belong to one rule: `limit4_…` for its rate per source, `ports4_…` for its original ports. */
export function ruleSetName(kind: 'limit' | 'ports', family: AddressFamilyKey, id: string): string {
  return `${kind}${digitOf(family)}_${id}`
}

/** Undefined for a chain that is none of ours. */
export function readChainName(name: string): NamedChain | undefined {
  const base = /^hook_([a-z]+)_([A-Z]+)$/.exec(name)
  const own = /^([a-z]+)([46])_(\S+)$/.exec(name)
  const table = tables.find((each) => each === (base?.[1] ?? own?.[1]))
  if (table === undefined) return undefined
  if (base?.[2] !== undefined) return { kind: 'base', table, hook: base[2] }
  if (own?.[3] === undefined) return undefined
  return { kind: 'own', table, family: own[2] === '6' ? 'v6' : 'v4', name: own[3] }
}

export function digitOf(family: AddressFamilyKey): 4 | 6 {
  return family === 'v4' ? 4 : 6
}
