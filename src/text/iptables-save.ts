import type { SavedChain, SavedRule, SavedTable } from '../domain/saved-tables.ts'

const tableNames: readonly string[] = ['raw', 'mangle', 'nat', 'filter', 'security']

/** What `iptables-save` says of a table that holds rules which only `nft` can show: its rules are not printed at all. */
export interface SavedText {
  readonly tables: readonly SavedTable[]
  /** Names of tables that iptables cannot show. */
  readonly incompatible: readonly string[]
}

/** Reads what `iptables-save` and `ip6tables-save` print; counters are passed over. */
export function parseIptablesSave(text: string): SavedText {
  const tables: SavedTable[] = []
  const incompatible: string[] = []
  let open: { readonly table: SavedTable['table']; readonly chains: Chains } | undefined
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      const table = line.slice(1).trim()
      open = isTable(table) ? { table, chains: new Map() } : undefined
    } else if (line === 'COMMIT') {
      if (open !== undefined) tables.push({ table: open.table, chains: [...open.chains].map(chainOf) })
      open = undefined
    } else if (line.startsWith('#')) {
      const table = /^# Table [`'](\S+)' is incompatible/.exec(line)?.[1]
      if (table !== undefined) incompatible.push(table)
    } else if (open !== undefined) {
      readLine(line, open.chains)
    }
  }
  return { tables, incompatible }
}

type Chains = Map<string, { readonly policy: SavedChain['policy']; readonly rules: SavedRule[] }>

function readLine(line: string, chains: Chains): void {
  if (line.startsWith(':')) {
    const [name = '', policy] = line.slice(1).split(' ')
    chains.set(name, { policy: policy === 'ACCEPT' || policy === 'DROP' ? policy : undefined, rules: [] })
    return
  }
  addRule(line, chains)
}

function addRule(line: string, chains: ReadonlyMap<string, { rules: SavedRule[] }>): void {
  const words = savedWords(line.startsWith('[') ? line.slice(line.indexOf(']') + 2) : line)
  const [verb, chain, ...rest] = words
  if (verb !== '-A' || chain === undefined) return
  chains.get(chain)?.rules.push({ line, words: rest })
}

function chainOf([name, { policy, rules }]: [
  string,
  { policy: SavedChain['policy']; rules: readonly SavedRule[] },
]): SavedChain {
  return { name, ...(policy === undefined ? {} : { policy }), rules }
}

function isTable(name: string): name is SavedTable['table'] {
  return tableNames.includes(name)
}

/** The arguments of one line; what stands in quotes is one of them, with `\"` and `\\` undone. */
export function savedWords(line: string): readonly string[] {
  const words: string[] = []
  for (const [, quoted, plain] of line.matchAll(/"((?:\\.|[^"\\])*)"|(\S+)/g)) {
    words.push(quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)/g, '$1'))
  }
  return words
}
