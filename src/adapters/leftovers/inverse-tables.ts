import type { InverseStep } from '../../domain/inverse.ts'
import type { SavedTable } from '../../domain/saved-tables.ts'
import { type ChainRemoval, rulesToDelete } from './table-transaction.ts'

/** Absolute paths of the pair of programs that a removal is undone with. */
export interface TablePrograms {
  readonly iptables: string
  readonly restore: string
}

/**
 * What puts the chains and rules of a removal back as they are in `table`: the chains in one transaction, each with its
 * rules; then each rule in a chain of others at its old place, or at the end where that chain has become shorter.
 * A rule that stands twice comes back once.
 */
export function tableInverse(
  removal: ChainRemoval,
  table: SavedTable,
  { iptables, restore }: TablePrograms,
): readonly InverseStep[] {
  const names = new Set(removal.chains)
  const chains = table.chains.filter(({ name }) => names.has(name))
  const rules = rulesToDelete(removal, table)
  const input = [
    `*${table.table}`,
    ...chains.map(({ name }) => `:${name} - [0:0]`),
    ...chains.flatMap((chain) => chain.rules.map(({ line }) => line)),
    'COMMIT',
    '',
  ].join('\n')
  const steps: InverseStep[] = []
  if (chains.length > 0) steps.push({ kind: 'run', argv: [restore, '--noflush', '-w', '5'], input })
  for (const { chain, position, rule } of rules) {
    const at = [iptables, '-w', '5', '-t', table.table] as const
    const check = [...at, '-C', chain, ...rule.words] as const
    // Each place counts those before it, which are back by then.
    steps.push({
      kind: 'ensure',
      check,
      argv: [...at, '-I', chain, String(position), ...rule.words],
      mayFail: true,
    })
    steps.push({ kind: 'ensure', check, argv: [...at, '-A', chain, ...rule.words] })
  }
  return steps
}
