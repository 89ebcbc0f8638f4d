import { Failure } from '../../domain/failure.ts'
import type { Adoption } from '../../domain/status.ts'
import type { Verdict } from '../../domain/verdict.ts'
import type { NetworkEventsPort, NetworkHint } from '../../ports/network-events-port.ts'
import type { LastGood } from '../../ports/node-state-port.ts'
import { type LoopSettings, nextNodeRun } from '../next-run.ts'
import { failedPass } from '../node-verdict.ts'
import { convergeNetwork } from './converge-network.ts'
import { newNetworkMemory } from './network-memory.ts'
import type { NetworkOutcome } from './network-outcome.ts'
import type { NetworkPorts } from './network-ports.ts'

/** The kernel of this machine, and what wakes us when somebody changes it. */
export interface KernelPorts {
  readonly ports: NetworkPorts
  readonly events: NetworkEventsPort
}

/** What the source asks for now, and what was in force before it was read. */
export interface KnownPrograms {
  /** Undefined until a revision was read and compiled. */
  readonly compiled: LastGood | undefined
  readonly lastGood: LastGood | undefined
  readonly adoption: Adoption | undefined
}

/** Of the time that a storm of events may take, in looks that find nothing to do: a third. */
const restShare = 2
const longestRestMs = 1_000

/** The kernel's side of the loop: what one pass leaves for the next, and for the status. */
export class KernelLoop {
  readonly #ports: NetworkPorts
  readonly #memory = newNetworkMemory()
  #outcome: NetworkOutcome | undefined
  #failure: Verdict | undefined
  #attempt = 0
  #idle: { readonly endedAtMs: number; readonly tookMs: number } | undefined
  /** Digest of the program that the last pass was about. */
  #seen: string | undefined
  #hintedAtMs: number | undefined

  constructor(ports: NetworkPorts) {
    this.#ports = ports
  }

  /** Of the last pass; undefined where nothing was ever asked of this kernel. */
  get outcome(): NetworkOutcome | undefined {
    return this.#outcome
  }

  get verdict(): Verdict | undefined {
    return this.#failure ?? this.#outcome?.verdict
  }

  /** How the kernel stands to what the source asks for: what nobody looked at yet is no success. */
  verdictOn(compiled: LastGood | undefined): Verdict | undefined {
    const isSeen = compiled === undefined || compiled.program.digest === this.#seen
    if (isSeen || this.#failure !== undefined) return this.verdict
    return { kind: 'pending', reason: 'Progressing', message: 'The kernel is looked at next' }
  }

  hinted({ by }: NetworkHint): void {
    this.#hintedAtMs ??= this.#ports.clock.nowMs()
    this.#memory.writer = by ?? ''
  }

  /** @returns what this pass did; undefined when it came to nothing, or failed before anything could be decided */
  async pass(known: KnownPrograms, signal: AbortSignal): Promise<NetworkOutcome | undefined> {
    const { clock, metrics } = this.#ports
    const hintedAtMs = this.#hintedAtMs
    this.#hintedAtMs = undefined
    await this.#rest(hintedAtMs !== undefined, signal)
    const startedAtMs = clock.nowMs()
    const outcome = await this.#converge(known, signal)
    const isIdle = outcome?.verdict.kind === 'settled' && outcome.applied.length === 0
    this.#idle = isIdle ? { endedAtMs: clock.nowMs(), tookMs: clock.nowMs() - startedAtMs } : undefined
    this.#seen = known.compiled?.program.digest
    const { verdict } = this
    if (verdict === undefined) return undefined
    const repaired = outcome?.applied.some((change) => change.cause === 'Drift') ?? false
    if (repaired && hintedAtMs !== undefined) metrics.driftRepaired(clock.nowMs() - hintedAtMs)
    this.#attempt = verdict.kind === 'failed' ? this.#attempt + 1 : 0
    metrics.passEnded('kernel', verdict.kind, clock.nowMs() - startedAtMs)
    return outcome
  }

  /** After a look that found nothing to do the next hint waits a little: somebody may be changing things all the time. */
  async #rest(isHinted: boolean, signal: AbortSignal): Promise<void> {
    if (!isHinted || this.#idle === undefined) return
    const { endedAtMs, tookMs } = this.#idle
    const restMs = Math.min(longestRestMs, restShare * tookMs) - (this.#ports.clock.nowMs() - endedAtMs)
    if (restMs > 0) await this.#ports.clock.sleep(restMs, signal)
  }

  /** Milliseconds until the next pass, unless something wakes it before. */
  nextRun(settings: LoopSettings): number {
    return this.verdict === undefined ? settings.intervalMs : nextNodeRun(this.verdict, this.#attempt, settings)
  }

  /** Only of a machine that was adopted for this cluster; what an earlier process put into force needs no repository. */
  async #converge(known: KnownPrograms, signal: AbortSignal): Promise<NetworkOutcome | undefined> {
    const { compiled, lastGood, adoption } = known
    if (adoption === undefined) return undefined
    // The program of another cluster is none: what was confirmed for this one stays in force.
    const candidate = compiled?.program.cluster === adoption.cluster ? compiled : undefined
    if (candidate === undefined && lastGood !== undefined && lastGood.program.cluster !== adoption.cluster)
      return undefined
    try {
      this.#outcome = await convergeNetwork(candidate, this.#ports, this.#memory, signal)
      this.#failure = undefined
      return this.#outcome
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      const { code, where, fix } = error.detail
      if (this.#failure?.reason !== code) this.#ports.log.warn({ code, where, fix }, error.message)
      this.#failure = failedPass(error)
      return undefined
    }
  }
}
