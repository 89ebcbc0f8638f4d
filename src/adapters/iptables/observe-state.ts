import type { FilterDrift, FilterObservation } from '../../ports/packet-filter-port.ts'
import { ownSetName, setDrifts } from './address-sets.ts'
import { type LiveState, liveTable } from './live-tables.ts'
import type { WantedState } from './plan-steps.ts'
import { filterTables } from './program-payload.ts'
import { tableDrift } from './table-drift.ts'
import { nothingWanted } from './wanted-table.ts'

/**
 * @param abandoned what is ours in the backend that the node no longer uses
 */
export function observeState(
  live: LiveState,
  wanted: WantedState,
  abandoned: LiveState | undefined,
  prune: boolean,
): FilterObservation {
  const found = [...live.families.keys()].flatMap((family) =>
    filterTables.map((name) => {
      const want = wanted.families.get(family)?.find(({ table }) => table === name) ?? nothingWanted(name)
      return tableDrift(family, liveTable(live, family, name), want, prune)
    }),
  )
  const drifts: readonly FilterDrift[] = [
    ...setDrifts(live.sets, wanted.sets),
    ...found.flatMap((one) => one.drifts),
    ...(abandoned === undefined ? [] : abandonedDrifts(abandoned, prune)),
  ]
  const reported = found.flatMap((one) => one.reported)
  if (drifts.length === 0) return { kind: 'settled', ...(reported.length === 0 ? {} : { reported }) }
  return { kind: holdsNothing(live) ? 'absent' : 'drifted', drifts }
}

function abandonedDrifts(state: LiveState, prune: boolean): readonly FilterDrift[] {
  return [...state.families.keys()].flatMap((family) =>
    filterTables.flatMap(
      (name) => tableDrift(family, liveTable(state, family, name), nothingWanted(name), prune).drifts,
    ),
  )
}

function holdsNothing({ families, sets }: LiveState): boolean {
  const tables = [...families.values()].flatMap((family) => [...family.tables.values()])
  return (
    ![...sets.keys()].some((name) => ownSetName.test(name)) &&
    tables.every(({ chains, jumps }) => chains.size === 0 && !jumps.some(({ isOurs }) => isOurs))
  )
}
