import { setImmediate as settled } from 'node:timers/promises'
import type { ClockPort } from '../../../src/ports/clock-port.ts'

/** A stretch of time, in milliseconds of the simulation. */
export interface Stretch {
  readonly fromMs: number
  readonly toMs: number
}

export interface SimulatedProcess {
  /** While one of these lasts, the process is stopped: what should wake it does so when it is over. */
  readonly stopped?: readonly Stretch[]
  /** Of its wall clock. */
  readonly offsetMs?: number
}

interface Sleeper {
  readonly atMs: number
  readonly wake: () => void
}

/** Time that passes as soon as everybody sleeps. Nothing in it may wait for anything but promises and its clocks. */
export class SimulatedTime {
  #nowMs = 0
  readonly #sleepers = new Set<Sleeper>()

  get nowMs(): number {
    return this.#nowMs
  }

  clock({ stopped = [], offsetMs = 0 }: SimulatedProcess = {}): ClockPort {
    return {
      nowMs: () => 1_800_000_000_000 + this.#nowMs + offsetMs,
      monotonicMs: () => this.#nowMs,
      sleep: (ms, signal) => this.#sleep(afterStop(this.#nowMs + Math.max(0, ms), stopped), signal),
      schedule: () => {
        throw new Error('nothing is scheduled here')
      },
    }
  }

  /** @param look called whenever nobody has anything left to do at a moment */
  async run(untilMs: number, look: () => void): Promise<void> {
    for (;;) {
      await settled()
      look()
      const next = [...this.#sleepers].reduce<Sleeper | undefined>(
        (first, one) => (first === undefined || one.atMs < first.atMs ? one : first),
        undefined,
      )
      if (next === undefined || next.atMs > untilMs) return
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      this.#sleepers.delete(next)
      next.wake()
    }
  }

  #sleep(atMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        atMs,
        wake: () => {
          this.#sleepers.delete(sleeper)
          signal.removeEventListener('abort', sleeper.wake)
          resolve()
        },
      }
      this.#sleepers.add(sleeper)
      signal.addEventListener('abort', sleeper.wake, { once: true })
    })
  }
}

export function isWithin(ms: number, stretches: readonly Stretch[] = []): boolean {
  return stretches.some(({ fromMs, toMs }) => ms >= fromMs && ms < toMs)
}

function afterStop(ms: number, stopped: readonly Stretch[]): number {
  const stop = stopped.find(({ fromMs, toMs }) => ms >= fromMs && ms < toMs)
  return stop === undefined ? ms : afterStop(stop.toMs, stopped)
}
