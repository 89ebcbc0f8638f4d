import { Failure } from '../domain/failure.ts'
import type { ClockPort } from '../ports/clock-port.ts'
import type { LogPort } from '../ports/log-port.ts'
import type { MetricsPort } from '../ports/metrics-port.ts'
import { type LoopSettings, nextFetch } from './next-run.ts'
import type { ProgramSource } from './program-source.ts'
import { type Source, unreadSource } from './source-state.ts'

interface SourcePorts {
  readonly source: ProgramSource
  readonly clock: ClockPort
  readonly metrics: MetricsPort
  readonly log: LogPort
}

/** The source's side of the loop: what one look leaves for the next, and for the status. */
export class SourceLoop {
  readonly #ports: SourcePorts
  #current: Source = unreadSource
  #attempt = 0
  /** Everything is to be looked at although nothing seems to have moved; until a look did that. */
  #isAnewAsked = false

  constructor(ports: SourcePorts) {
    this.#ports = ports
  }

  /** As of the last look. */
  get current(): Source {
    return this.#current
  }

  askAnew(): void {
    this.#isAnewAsked = true
  }

  /** @throws what is no Failure, and everything once `signal` is aborted */
  async look(signal: AbortSignal): Promise<void> {
    const { source, clock, metrics } = this.#ports
    const startedAtMs = clock.nowMs()
    const anew = this.#isAnewAsked
    this.#isAnewAsked = false
    try {
      const read = await source.read(this.#current.state, anew, signal)
      this.#attempt = 0
      metrics.fetchEnded('ok', clock.nowMs() - startedAtMs)
      this.#current = { state: read ?? this.#current.state, failure: undefined }
    } catch (error) {
      if (signal.aborted || !(error instanceof Failure)) throw error
      this.#isAnewAsked ||= anew
      metrics.fetchEnded('failed', clock.nowMs() - startedAtMs)
      this.#noteFailure(error)
    }
    metrics.passEnded('source', verdictOf(this.#current), clock.nowMs() - startedAtMs)
  }

  /** Milliseconds until the next look, unless something asks for it before. */
  nextRun(settings: LoopSettings): number {
    return nextFetch(this.#current.failure, this.#attempt, settings)
  }

  #noteFailure(failure: Failure): void {
    this.#attempt += 1
    const { code, where, fix } = failure.detail
    if (this.#current.failure?.detail.code !== code) this.#ports.log.warn({ code, where, fix }, failure.message)
    this.#current = { ...this.#current, failure }
  }
}

function verdictOf({ state, failure }: Source): 'settled' | 'blocked' | 'failed' {
  if (failure !== undefined) return 'failed'
  return state.kind === 'refused' ? 'blocked' : 'settled'
}
