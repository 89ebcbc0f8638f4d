import type { Removal } from '../../domain/leftovers.ts'
import type { SavedRule, SavedTable } from '../../domain/saved-tables.ts'

export type ChainRemoval = Extract<Removal, { readonly kind: 'chains' }>

/**
 * The input of one `iptables-restore --noflush` that takes the chains and rules of a removal out of a table as it is
 * now: each chain emptied, each rule in a chain of others deleted by its exact words, the chains deleted. All of it
 * happens or none of it, and no other line is in it.
 * @returns undefined when nothing of it is there any more
 */
export function removalTransaction(removal: ChainRemoval, table: SavedTable): string | undefined {
  const gone = new Set(removal.chains.filter((name) => table.chains.some((chain) => chain.name === name)))
  const rules = rulesToDelete(removal, table, gone)
  if (gone.size === 0 && rules.length === 0) return undefined
  return [
    `*${table.table}`,
    // Names a chain that exists: that empties it in the same transaction.
    ...[...gone].map((name) => `:${name} - [0:0]`),
    // As it was printed, so that nothing has to be put into words anew. One line for each time it stands there.
    ...rules.map(({ rule }) => `-D${rule.line.slice('-A'.length)}`),
    ...[...gone].map((name) => `-X ${name}`),
    'COMMIT',
    '',
  ].join('\n')
}

interface PlacedRule {
  readonly chain: string
  /** Its place in the chain, from 1. */
  readonly position: number
  readonly rule: SavedRule
}

/** The rules of a removal as they stand in the table, in its order, with the jumps that came since. */
export function rulesToDelete(
  removal: ChainRemoval,
  table: SavedTable,
  chains: ReadonlySet<string> = new Set(removal.chains),
): readonly PlacedRule[] {
  const named = new Set(removal.rules.map((words) => JSON.stringify(words)))
  return table.chains
    .filter(({ name }) => !chains.has(name))
    .flatMap(({ name, rules }) =>
      rules.flatMap((rule, index) => {
        const isNamed = named.has(JSON.stringify([name, ...rule.words]))
        return isNamed || leadsTo(rule, chains) ? [{ chain: name, position: index + 1, rule }] : []
      }),
    )
}

function leadsTo({ words }: SavedRule, chains: ReadonlySet<string>): boolean {
  const at = words.findIndex((word) => word === '-j' || word === '-g')
  return at >= 0 && chains.has(words[at + 1] ?? '')
}
