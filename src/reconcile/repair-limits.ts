/** A repair this often within the window is a fight with another writer. */
const contestedAfter = 10
const windowMs = 10_000
const longestWaitMs = 30_000

interface RepairRecord {
  readonly times: readonly number[]
  readonly waits: number
  readonly notBeforeMs: number
  readonly writer: string
}

/**
 * How often each path was repaired of late. Repairs go on for ever, but not without end per second: after ten within ten
 * seconds each further one waits, 1 s doubling to 30 s, until the other writer has been quiet for a window (DESIGN §3,
 * law 11).
 */
export class RepairLimits {
  readonly #records = new Map<string, RepairRecord>()

  /** Milliseconds until this path may be repaired again; 0 is now. */
  waitFor(path: string, nowMs: number): number {
    return Math.max(0, (this.#records.get(path)?.notBeforeMs ?? 0) - nowMs)
  }

  repaired(path: string, nowMs: number, writer: string): void {
    const before = this.#records.get(path)
    const times = [...(before?.times ?? []).filter((time) => time > nowMs - windowMs), nowMs]
    const quiet = before === undefined || nowMs - before.notBeforeMs > windowMs
    const fighting = times.length >= contestedAfter || (!quiet && before.waits > 0)
    const waits = fighting ? (quiet ? 1 : before.waits + 1) : 0
    const waitMs = waits === 0 ? 0 : Math.min(longestWaitMs, 1_000 * 2 ** (waits - 1))
    this.#records.set(path, { times, waits, notBeforeMs: nowMs + waitMs, writer })
  }

  /** Paths that somebody keeps undoing, with who that is where it is known; sorted by path. */
  contested(nowMs: number): readonly { readonly path: string; readonly writer: string }[] {
    return [...this.#records]
      .filter(([, record]) => record.waits > 0 && nowMs < record.notBeforeMs + windowMs)
      .map(([path, record]) => ({ path, writer: record.writer }))
      .sort((a, b) => (a.path < b.path ? -1 : 1))
  }
}
