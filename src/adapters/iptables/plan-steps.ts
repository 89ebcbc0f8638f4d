import type { AddressSet } from '../../domain/packet-filter.ts'
import type { AddressFamilyKey } from '../../domain/saved-tables.ts'
import { planSets } from './address-sets.ts'
import { type LiveState, liveTable } from './live-tables.ts'
import type { OwnTable } from './own-tables.ts'
import { isProvablyOurs } from './ownership.ts'
import { planTable, sameLines, type TablePlan } from './plan-table.ts'
import { filterTables } from './program-payload.ts'
import { nothingWanted, type WantedTable } from './wanted-table.ts'

/** What is to be ours in one backend. */
export interface WantedState {
  readonly families: ReadonlyMap<AddressFamilyKey, readonly WantedTable[]>
  readonly sets: readonly AddressSet[]
}

export type WriteStep =
  | { readonly kind: 'sets'; readonly sets: readonly AddressSet[] }
  | { readonly kind: 'table'; readonly family: AddressFamilyKey; readonly plan: TablePlan }
  | { readonly kind: 'destroy'; readonly names: readonly string[] }

/** Keeps connection tracking active, and with it the translation of live connections: first to come, last to go. */
const anchor = 'FAIRLEAD-ANCHOR'

/**
 * The writes that lead from `live` to `wanted`, in an order in which any beginning is safe: sets, the anchor, tables that
 * only widen, tables that deny (`filter` with what keeps the node reachable first), removals, the anchor, sets.
 * @param removes chains that may go although nothing shows that they are ours
 */
export function planSteps(
  live: LiveState,
  wanted: WantedState,
  removes: (chain: string) => boolean = () => false,
): readonly WriteStep[] {
  const sets = planSets(live.sets, wanted.sets)
  const ranked: { readonly rank: number; readonly step: WriteStep }[] = []
  if (sets.written.length > 0) ranked.push({ rank: 0, step: { kind: 'sets', sets: sets.written } })
  for (const family of live.families.keys()) {
    for (const name of filterTables) {
      const want = wanted.families.get(family)?.find(({ table }) => table === name) ?? nothingWanted(name)
      for (const { rank, plan } of tablePlans(liveTable(live, family, name), want, removes)) {
        ranked.push({ rank, step: { kind: 'table', family, plan } })
      }
    }
  }
  if (sets.removed.length > 0) ranked.push({ rank: 8, step: { kind: 'destroy', names: sets.removed } })
  return ranked.toSorted((one, other) => one.rank - other.rank).map(({ step }) => step)
}

interface RankedPlan {
  readonly rank: number
  readonly plan: TablePlan
}

function tablePlans(live: OwnTable, wanted: WantedTable, removes: (chain: string) => boolean): readonly RankedPlan[] {
  const mayRemove = (chain: string): boolean => removes(chain) || isProvablyOurs(live, chain)
  const ranked: RankedPlan[] = []
  const add = (rank: number, plan: TablePlan | undefined): void => {
    if (plan !== undefined) ranked.push({ rank, plan })
  }
  const [has, wants] = [live.chains.get(anchor), wanted.chains.get(anchor)]
  const changes = planTable(withAnchor(live, wants ?? has), withAnchor(wanted, wants ?? has), mayRemove)
  if (wants !== undefined && !sameLines(wants, has)) add(1, planTable(anchorOf(live), anchorOf(wanted), mayRemove))
  if (changes !== undefined) add(rankOf(changes), changes)
  if (wants === undefined && has !== undefined) add(7, planTable(anchorOf(live), anchorOf(wanted), mayRemove))
  return ranked
}

/** Of the tables that deny, `filter` first: it holds what keeps the node reachable, and connection tracking's exemptions. */
function rankOf(plan: TablePlan): number {
  if (plan.onlyRemoves) return 6
  if (!plan.narrows) return 2
  return plan.table === 'filter' ? 3 : 4
}

function withAnchor<T extends OwnTable | WantedTable>(table: T, lines: readonly string[] | undefined): T {
  return lines === undefined ? table : { ...table, chains: new Map([...table.chains, [anchor, lines]]) }
}

function anchorOf<T extends OwnTable | WantedTable>(table: T): T {
  const lines = table.chains.get(anchor)
  const jumps = table.jumps.filter(({ chain }) => chain === anchor)
  return { ...table, chains: new Map(lines === undefined ? [] : [[anchor, lines]]), jumps }
}
