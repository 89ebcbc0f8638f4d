/** Repairs of one artefact within this time belong to one fight. */
const windowMs = 10_000
/** Waits before the second and every further repair of a fight. */
const waitsMs = [50, 100, 200, 400, 800, 1_000] as const
/** Then the other writer has shown that it goes on. */
const contestedWaitMs = 30_000
const longestProtectedWaitMs = 1_000
/** Of the time between repairs that a fight over a protected artefact may take. */
const protectedShare = 5

/** What one repair was about. */
export interface NetworkRepair {
  /** `jump v4 filter INPUT`, `route 10.42.1.0/24`: stable, one for each thing that may be fought over. */
  readonly artefact: string
  /** A deny or a failsafe: never given up. */
  readonly isProtected: boolean
  /** Who did it, as far as known: see `writerName`. */
  readonly writer: string
  /** Milliseconds that the repair took. */
  readonly tookMs: number
}

/** Something that another writer undoes again and again. */
export interface NetworkFight {
  readonly artefact: string
  readonly writer: string
  readonly isProtected: boolean
}

interface FightRecord {
  readonly repairs: number
  readonly repair: NetworkRepair
  readonly notBeforeMs: number
}

/**
 * How often each artefact was repaired of late. The first repair comes at once, the next after 50 ms, doubling to 1 s;
 * the seventh within a fight makes it contested, and only every 30 s is it tried again. What denies, and what keeps the
 * node reachable, is repaired for as long as somebody undoes it: after 50 ms or four times as long as a repair takes,
 * whichever is longer, and never later than a second (DESIGN §3, law 11).
 */
export class NetworkFights {
  readonly #records = new Map<string, FightRecord>()

  /** Milliseconds until this artefact may be repaired again; 0 is now. */
  waitFor(artefact: string, nowMs: number): number {
    return Math.max(0, (this.#records.get(artefact)?.notBeforeMs ?? 0) - nowMs)
  }

  repaired(repair: NetworkRepair, nowMs: number): void {
    const before = this.#records.get(repair.artefact)
    const goesOn = before !== undefined && nowMs - before.notBeforeMs <= windowMs
    const repairs = goesOn ? before.repairs + 1 : 1
    const waitMs = repair.isProtected ? protectedWait(repair.tookMs) : (waitsMs[repairs - 1] ?? contestedWaitMs)
    this.#records.set(repair.artefact, { repairs, repair, notBeforeMs: nowMs + waitMs })
    this.#forget(nowMs)
  }

  /** What somebody keeps undoing, sorted by artefact. */
  contested(nowMs: number): readonly NetworkFight[] {
    return [...this.#records.values()]
      .filter(({ repairs, notBeforeMs }) => repairs > waitsMs.length && nowMs - notBeforeMs <= windowMs)
      .map(({ repair: { artefact, writer, isProtected } }) => ({ artefact, writer, isProtected }))
      .toSorted((a, b) => (a.artefact < b.artefact ? -1 : 1))
  }

  #forget(nowMs: number): void {
    for (const [artefact, { notBeforeMs }] of this.#records) {
      if (nowMs - notBeforeMs > windowMs) this.#records.delete(artefact)
    }
  }
}

function protectedWait(tookMs: number): number {
  return Math.min(longestProtectedWaitMs, Math.max(waitsMs[0], (protectedShare - 1) * tookMs))
}
