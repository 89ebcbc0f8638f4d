const burst = 10
const refillMs = 1_000

/**
 * How often the set of one Addon may be applied: ten times at once, then once a second.
 * @see rancher/wrangler pkg/apply/desiredset_apply.go (`rateLimit`)
 */
export class SetTurns {
  /** When the next turn would have been free, were there no burst. */
  readonly #nextMs = new Map<string, number>()

  /** @returns milliseconds to wait; the turn is taken then */
  take(addon: string, nowMs: number): number {
    this.#forgetIdle(nowMs)
    const next = Math.max(this.#nextMs.get(addon) ?? 0, nowMs)
    this.#nextMs.set(addon, next + refillMs)
    return Math.max(0, next - nowMs - (burst - 1) * refillMs)
  }

  /** Whether a turn is free now; it is taken then. */
  tryTake(addon: string, nowMs: number): boolean {
    if ((this.#nextMs.get(addon) ?? 0) - nowMs > (burst - 1) * refillMs) return false
    this.take(addon, nowMs)
    return true
  }

  /** A bucket that is full again is none. */
  #forgetIdle(nowMs: number): void {
    for (const [addon, next] of this.#nextMs) if (next <= nowMs) this.#nextMs.delete(addon)
  }
}
