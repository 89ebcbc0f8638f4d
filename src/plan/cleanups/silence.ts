import type { CleanupArtefact, CleanupKind } from '../../domain/cleanup.ts'
import type { Leftovers } from '../../domain/leftovers.ts'
import { sha256Hex } from '../../text/digest.ts'
import { findLeftovers } from './find-leftovers.ts'

/** What each component's leftovers looked like, and since when they have looked so, on a clock that nobody sets. */
export type Silence = ReadonlyMap<CleanupKind, { readonly fingerprint: string; readonly sinceMs: number }>

export const noSilence: Silence = new Map()

/** Goes on watching: what changed since the last look begins anew. */
export function watchSilence(
  before: Silence,
  cleanups: readonly CleanupArtefact[],
  leftovers: Leftovers,
  nowMs: number,
): Silence {
  return new Map(
    cleanups.map((artefact) => {
      const fingerprint = fingerprintOf(artefact, leftovers)
      const known = before.get(artefact.cleanup)
      const sinceMs = known?.fingerprint === fingerprint ? known.sinceMs : nowMs
      return [artefact.cleanup, { fingerprint, sinceMs }]
    }),
  )
}

export function silentForMs(silence: Silence, nowMs: number): (cleanup: CleanupKind) => number | undefined {
  return (cleanup) => {
    const known = silence.get(cleanup)
    return known === undefined ? undefined : nowMs - known.sinceMs
  }
}

/** A digest over everything found of one component, rules inside its chains included. */
function fingerprintOf(artefact: CleanupArtefact, leftovers: Leftovers): string {
  const { removals } = findLeftovers(artefact, leftovers)
  const contents = removals.flatMap((removal) => {
    if (removal.kind !== 'chains') return []
    const names = new Set(removal.chains)
    const home = leftovers.tables.find(
      ({ backend, family }) => backend === removal.backend && family === removal.family,
    )
    const table = home?.tables.find((each) => each.table === removal.table)
    return (table?.chains ?? []).filter(({ name }) => names.has(name)).map(({ rules }) => rules.map(({ line }) => line))
  })
  return sha256Hex(JSON.stringify([removals, contents]))
}
