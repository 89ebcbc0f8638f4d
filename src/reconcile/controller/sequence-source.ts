/**
 * Sequences for all nodes: one counter, above every sequence that any published program has, and never below the time of day
 * in milliseconds. So it goes on growing when objects are deleted while nobody looks, also when all of them are, and when
 * the datastore is restored from a backup.
 */
export class SequenceSource {
  readonly #nowMs: () => number
  #last = 0

  /** @param nowMs epoch milliseconds */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Somebody used this one. */
  seen(sequence: number): void {
    // What nobody of ours wrote may be absurd; a number that cannot grow any more would be the end.
    if (sequence < Number.MAX_SAFE_INTEGER / 2) this.#last = Math.max(this.#last, sequence)
  }

  next(): number {
    this.#last = Math.max(this.#last + 1, Math.floor(this.#nowMs()))
    return this.#last
  }
}
