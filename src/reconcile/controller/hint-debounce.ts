import type { ClockPort } from '../../ports/clock-port.ts'

/** Hints that come together lead to one pass: the first waits so long for the others. */
export class HintDebounce<Target extends string> {
  readonly #clock: Pick<ClockPort, 'sleep'>
  readonly #waitMs: number
  readonly #pass: (target: Target, reason: string) => void
  readonly #signal: AbortSignal
  readonly #waiting = new Set<Target>()

  constructor(
    clock: Pick<ClockPort, 'sleep'>,
    waitMs: number,
    pass: (target: Target, reason: string) => void,
    signal: AbortSignal,
  ) {
    this.#clock = clock
    this.#waitMs = waitMs
    this.#pass = pass
    this.#signal = signal
  }

  hint(target: Target, reason: string): void {
    if (this.#waiting.has(target) || this.#signal.aborted) return
    this.#waiting.add(target)
    void this.#clock.sleep(this.#waitMs, this.#signal).then(() => {
      this.#waiting.delete(target)
      if (!this.#signal.aborted) this.#pass(target, reason)
    })
  }
}
