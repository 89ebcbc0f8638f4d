import type { FilterChain, FilterProgram, FilterRule, FilterTable, PacketAction } from '../../domain/packet-filter.ts'

/** Tables that an action has a meaning in, where that is not all of them. The native table would take some elsewhere. */
const tablesOf: Partial<Readonly<Record<PacketAction['kind'], readonly FilterTable[]>>> = {
  reject: ['filter'],
  clampMss: ['mangle'],
  dscp: ['mangle'],
  keepSource: ['nat'],
  masquerade: ['nat'],
  notrack: ['raw'],
  // A NAT chain sees the first packet of a connection alone.
  drop: ['raw', 'mangle', 'filter'],
}

/** The first rule that no packet filter has a place for, with the reason; both planes refuse the same ones. */
export function misplacedAction(program: FilterProgram): { rule: FilterRule; reason: string } | undefined {
  for (const chain of [...program.v4.chains, ...program.v6.chains]) {
    for (const rule of chain.rules) {
      const reason = objection(rule, chain)
      if (reason !== undefined) return { rule, reason }
    }
  }
  return undefined
}

function objection({ action }: FilterRule, { table }: FilterChain): string | undefined {
  const tables = tablesOf[action.kind]
  if (tables !== undefined && !tables.includes(table)) {
    return `${action.kind} has no place in the ${table} table, only in ${tables.join(', ')}`
  }
  if (action.kind === 'log' && action.prefix.includes('$')) return 'nft has no way to write $ in the prefix of a log'
  return undefined
}
