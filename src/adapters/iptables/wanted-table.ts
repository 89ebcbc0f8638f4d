import type { ChainEntry, FilterTable } from '../../domain/packet-filter.ts'
import type { OwnTable } from './own-tables.ts'

/** What is to be ours in one table, in the words of the tool that will print it. */
export interface WantedTable {
  readonly table: FilterTable
  readonly chains: ReadonlyMap<string, readonly string[]>
  readonly jumps: readonly WantedJump[]
}

export interface WantedJump extends Pick<ChainEntry, 'before' | 'after'> {
  readonly from: string
  readonly body: string
  readonly chain: string
}

export const nothingWanted = (table: FilterTable): WantedTable => ({ table, chains: new Map(), jumps: [] })

/** What was there, as something to go back to: jumps that are gone come back first in their chain. */
export function wantedAgain(table: OwnTable): WantedTable {
  const seen = new Set<string>()
  const jumps = table.jumps.filter(({ isOurs, from, body }) => {
    const key = `${from} ${body}`
    return isOurs && !seen.has(key) && seen.add(key)
  })
  return {
    table: table.table,
    chains: table.chains,
    jumps: jumps.map(({ from, body, chain }) => ({ from, body, chain, before: [], after: [] })),
  }
}
