import type { ClockPort } from '../ports/clock-port.ts'

/**
 * Runs one pass of a target.
 * @param reason why it runs: the first trigger since the last pass
 * @returns milliseconds until it runs again unless triggered before
 */
export type Pass<Target extends string> = (target: Target, reason: string, signal: AbortSignal) => Promise<number>

interface Lane {
  reason: string | undefined
  wake: (() => void) | undefined
}

/**
 * The one queue. Triggers of a target coalesce while it waits or runs, and lead to one more pass: what a pass needs it
 * reads from the world, so nothing is lost. Each target runs alone; different targets side by side, so that a slow
 * remote never holds up a repair.
 */
export class WorkQueue<Target extends string> {
  readonly #lanes: ReadonlyMap<Target, Lane>
  readonly #stopping = new AbortController()
  readonly #clock: ClockPort

  constructor(targets: readonly Target[], clock: ClockPort) {
    this.#lanes = new Map(targets.map((target) => [target, { reason: undefined, wake: undefined }]))
    this.#clock = clock
  }

  trigger(target: Target, reason: string): void {
    const lane = this.#lanes.get(target)
    if (lane === undefined) return
    lane.reason ??= reason
    lane.wake?.()
  }

  /** Resolves once stopped and the passes under way have ended; rejects when a pass throws. */
  async run(pass: Pass<Target>): Promise<void> {
    try {
      await Promise.all([...this.#lanes].map(([target, lane]) => this.#runLane(target, lane, pass)))
    } finally {
      this.stop()
    }
  }

  /** No new passes; those under way see an aborted signal. */
  stop(): void {
    this.#stopping.abort()
  }

  async #runLane(target: Target, lane: Lane, pass: Pass<Target>): Promise<void> {
    const stopping = this.#stopping.signal
    while (!stopping.aborted) {
      const reason = lane.reason ?? 'interval'
      lane.reason = undefined
      const waitMs = await pass(target, reason, stopping)
      if (lane.reason === undefined && !stopping.aborted) await this.#wait(lane, waitMs)
    }
  }

  async #wait(lane: Lane, waitMs: number): Promise<void> {
    const woken = new AbortController()
    lane.wake = () => woken.abort()
    await this.#clock.sleep(waitMs, AbortSignal.any([woken.signal, this.#stopping.signal]))
    lane.wake = undefined
  }
}
