/** Remembers the last deliveries that were taken, by what names them. */
export class RecentDeliveries {
  readonly #capacity: number
  readonly #takenAtMs = new Map<string, number>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /**
   * Remembers one delivery; false when its name is known already, and has been for less than `forMs`. Who asks again
   * does not make it known for longer.
   */
  remember(name: string, nowMs: number, forMs: number): boolean {
    const takenAtMs = this.#takenAtMs.get(name)
    // The distance, so that a clock that is set back does not keep a name known.
    if (takenAtMs !== undefined && Math.abs(nowMs - takenAtMs) < forMs) return false
    this.#takenAtMs.delete(name)
    this.#takenAtMs.set(name, nowMs)
    for (const oldest of this.#takenAtMs.keys()) {
      if (this.#takenAtMs.size <= this.#capacity) break
      this.#takenAtMs.delete(oldest)
    }
    return true
  }
}
