import type { CleanupKind } from '../../domain/cleanup.ts'
import type { NetworkPlan } from '../../domain/network-change.ts'
import { silenceMs } from '../../plan/cleanups/plan-cleanups.ts'
import { noSilence, type Silence } from '../../plan/cleanups/silence.ts'
import type { GatheredEvidence } from './gathered-evidence.ts'

/** How often a node is looked at, in milliseconds. */
export interface CleanupPace {
  /** A component's leftovers go once nothing of them has changed for this long. */
  readonly silenceMs: number
  /** Between two looks while something is being watched. */
  readonly watchMs: number
  /** Between two looks while nothing is found, or what is found stays for a reason that lasts. */
  readonly idleMs: number
  /** How long what runs here and on the other nodes is taken for true, where nothing is removed on the strength of it. */
  readonly evidenceMs: number
}

export const cleanupPace: CleanupPace = {
  silenceMs,
  watchMs: 60_000,
  idleMs: 300_000,
  evidenceMs: 900_000,
}

/** What a process remembers from look to look. Losing it costs another time of silence. */
export interface CleanupMemory {
  readonly pace: CleanupPace
  /** What was asked for at the last look, to begin anew when it changes. */
  wanted: string
  /** On a clock that nobody sets. */
  nextLookAtMs: number
  silence: Silence
  evidence: { readonly atMs: number; readonly gathered: GatheredEvidence } | undefined
  /** Objects that this process removed. */
  removed: ReadonlySet<string>
  /** Components of which something was there again afterwards, and since when that is known. */
  returned: ReadonlyMap<CleanupKind, number>
  /** What the last look found and left, told by every pass until the next one. */
  reported: NetworkPlan['reported']
}

export function newCleanupMemory(pace: CleanupPace = cleanupPace): CleanupMemory {
  return { pace, ...nothingKnown }
}

export const nothingKnown = {
  wanted: '',
  nextLookAtMs: 0,
  silence: noSilence,
  evidence: undefined,
  removed: new Set<string>(),
  returned: new Map<CleanupKind, number>(),
  reported: [],
} satisfies Omit<CleanupMemory, 'pace'>
