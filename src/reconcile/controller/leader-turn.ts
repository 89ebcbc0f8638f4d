import { Failure } from '../../domain/failure.ts'
import type { Problem } from '../../domain/problem.ts'
import { convergeCluster } from '../cluster/converge-cluster.ts'
import { nextFetch } from '../next-run.ts'
import { WorkQueue } from '../work-queue.ts'
import { AccessMemory, grantAgentAccess } from './agent-access.ts'
import { clippedRevision } from './clipped-revision.ts'
import type { ControllerTarget } from './controller-ports.ts'
import { HintDebounce } from './hint-debounce.ts'
import { permitPass } from './permit-pass.ts'
import { publishPass } from './publish-pass.ts'
import { recordPass, standingsOf } from './record-pass.ts'
import type { TurnContext } from './turn-context.ts'

const targets: readonly ControllerTarget[] = ['source', 'publish', 'access', 'cluster', 'permits', 'record']
const debounceMs = 15
/** The record is for people; thousands of agents may tell of themselves at once. */
const recordDebounceMs = 500
const firstRetryMs = 500
const longestRetryMs = 30_000
const bugRetryMs = 30_000

export interface ControllerTroubles {
  readonly failures: readonly Failure[]
  /** The newest revision, where it is refused. */
  readonly refused?: { readonly revision: string; readonly problems: readonly Problem[] }
}

/** One turn as leader: a queue of level-triggered targets, each read from the world when its pass begins. */
export class LeaderTurn {
  readonly #context: TurnContext
  readonly #queue: WorkQueue<ControllerTarget>
  readonly #hints: HintDebounce<ControllerTarget>
  readonly #recordHints: HintDebounce<ControllerTarget>
  readonly #attempts = new Map<ControllerTarget, { readonly count: number; readonly code: string }>()
  readonly #access = new AccessMemory()
  #accessDone = false

  /** @param over ends the turn: the lead is lost, or the process stops */
  constructor(context: TurnContext, over: AbortSignal) {
    this.#context = context
    this.#queue = new WorkQueue(targets, context.ports.clock)
    const pass = (target: ControllerTarget, reason: string): void => this.#queue.trigger(target, reason)
    this.#hints = new HintDebounce(context.ports.clock, debounceMs, pass, over)
    this.#recordHints = new HintDebounce(context.ports.clock, recordDebounceMs, pass, over)
    over.addEventListener('abort', () => this.#queue.stop(), { once: true })
    if (over.aborted) this.#queue.stop()
  }

  /** Everything that is to be there for a cluster to work was written once. */
  isReady(): boolean {
    return this.#context.state.isPublished && this.#accessDone
  }

  /** What keeps the cluster from being as the newest revision says, as far as it is the controller's. */
  troubles(): ControllerTroubles {
    const { head, now, sourceFailure, passFailures, publishFailures } = this.#context.state
    const failures = [...(sourceFailure === undefined ? [] : [sourceFailure]), ...passFailures.values()]
    const refused = now?.refused === undefined ? {} : { refused: { revision: head?.name ?? '', problems: now.refused } }
    return { failures: [...failures, ...publishFailures], ...refused }
  }

  hint(target: ControllerTarget, reason: string): void {
    if (target === 'record') this.#recordHints.hint(target, reason)
    else this.#hints.hint(target, reason)
  }

  async run(): Promise<void> {
    await this.#queue.run((target, reason, signal) => this.#pass(target, reason, signal))
  }

  async #pass(target: ControllerTarget, reason: string, signal: AbortSignal): Promise<number> {
    const { clock, metrics, log } = this.#context.ports
    const startedMs = clock.monotonicMs()
    const ended = (verdict: 'settled' | 'blocked' | 'failed'): void =>
      metrics.passEnded(target, verdict, clock.monotonicMs() - startedMs)
    try {
      const waitMs = await this.#targetPass(target, signal)
      this.#attempts.delete(target)
      this.#context.state.passFailures.delete(target)
      ended(target === 'publish' && this.#context.state.now?.refused !== undefined ? 'blocked' : 'settled')
      return Math.max(10, waitMs)
    } catch (error) {
      if (signal.aborted) return 0
      ended('failed')
      if (error instanceof Failure) return this.#afterFailure(target, error)
      const stack = error instanceof Error ? error.stack : String(error)
      log.error({ target, trigger: reason, stack }, 'pass ended by a bug in Fairlead')
      return bugRetryMs
    }
  }

  #afterFailure(target: ControllerTarget, failure: Failure): number {
    const { code, where, fix } = failure.detail
    const before = this.#attempts.get(target)
    const count = before?.code === code ? before.count + 1 : 1
    if (count === 1 && code !== 'KUBE_STALE') {
      this.#context.ports.log.warn({ target, code, where, fix }, failure.message)
    }
    this.#attempts.set(target, { count, code })
    this.#context.state.passFailures.set(target, failure)
    return Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(count - 1, 10))
  }

  async #targetPass(target: ControllerTarget, signal: AbortSignal): Promise<number> {
    switch (target) {
      case 'source':
        return await this.#sourcePass(signal)
      case 'publish':
        return await this.#publishPass(signal)
      case 'access':
        return await this.#accessPass(signal)
      case 'cluster':
        return await this.#clusterPass(signal)
      case 'permits':
        return await this.#permitPass(signal)
      case 'record':
        await recordPass(this.#context, signal)
        return this.#context.settings.intervalMs
      default:
        return target satisfies never
    }
  }

  async #sourcePass(signal: AbortSignal): Promise<number> {
    const { ports, state, settings } = this.#context
    const startedMs = ports.clock.monotonicMs()
    try {
      const head = clippedRevision(await ports.git.fetch(signal))
      ports.metrics.fetchEnded('ok', ports.clock.monotonicMs() - startedMs)
      state.sourceAttempt = 0
      state.sourceFailure = undefined
      if (state.head?.name !== head.name) {
        state.head = head
        this.#queue.trigger('publish', 'revision')
      }
    } catch (error) {
      if (signal.aborted || !(error instanceof Failure)) throw error
      ports.metrics.fetchEnded('failed', ports.clock.monotonicMs() - startedMs)
      const { code, where, fix } = error.detail
      if (state.sourceFailure?.detail.code !== code) ports.log.warn({ code, where, fix }, error.message)
      state.sourceFailure = error
      state.sourceAttempt += 1
      // Whatever is known already is published all the same.
      if (!state.isPublished) this.#queue.trigger('publish', 'no repository')
    }
    this.hint('record', 'source')
    return nextFetch(state.sourceFailure, state.sourceAttempt, settings)
  }

  async #publishPass(signal: AbortSignal): Promise<number> {
    const { state, settings } = this.#context
    // The first look at the repository comes first: without it nothing is known to be wanted.
    if (state.head === undefined && state.sourceFailure === undefined) return settings.intervalMs
    const before = state.now?.compiled
    const { waitMs, hasWritten } = await publishPass(this.#context, signal)
    if (hasWritten || state.now?.compiled !== before) {
      for (const target of ['access', 'cluster', 'permits'] as const) this.#queue.trigger(target, 'published')
    }
    this.hint('record', 'published')
    return Math.min(settings.intervalMs, waitMs ?? settings.intervalMs)
  }

  async #accessPass(signal: AbortSignal): Promise<number> {
    const { state, settings, objects, own, world, published, ports } = this.#context
    const compiled = state.now?.compiled
    if (compiled === undefined) return settings.intervalMs
    const nodes = [...new Set([...world.facts().nodes.map(({ name }) => name), ...published.all().keys()])].sort()
    const cluster = compiled.desired.cluster.metadata.name
    const outcome = await grantAgentAccess(
      nodes,
      cluster,
      objects,
      own.access,
      this.#access,
      ports.clock.monotonicMs(),
      signal,
    )
    const { written, removed, failures, againInMs } = outcome
    if (written + removed > 0) ports.log.info({ written, removed }, 'access of agents written')
    const [failure] = failures
    if (failure !== undefined) throw failure
    this.#accessDone = true
    return Math.min(settings.intervalMs, againInMs ?? settings.intervalMs)
  }

  async #clusterPass(signal: AbortSignal): Promise<number> {
    const { state, settings, objects, world, inventory, memory, ports } = this.#context
    const compiled = state.now?.compiled
    if (compiled === undefined) return settings.intervalMs
    const { clock, log, events } = ports
    state.cluster = await convergeCluster(
      compiled.cluster,
      compiled.revision.name,
      { objects, inventory, events, log, clock, memory, observed: () => world.observed() },
      signal,
    )
    this.hint('record', 'labels')
    const { verdict } = state.cluster
    const revisitMs = 'revisitAfterMs' in verdict ? verdict.revisitAfterMs : undefined
    if (verdict.kind === 'failed') return Math.min(settings.intervalMs, longestRetryMs)
    return Math.min(settings.intervalMs, revisitMs ?? settings.intervalMs)
  }

  async #permitPass(signal: AbortSignal): Promise<number> {
    const { state, settings, published, writer, ports } = this.#context
    const maxUnavailable = state.now?.compiled?.desired.cluster.spec.rollout.maxUnavailable ?? 1
    const { events, metrics } = ports
    const standings = standingsOf(this.#context)
    const tools = { writer, events, metrics }
    state.decision = await permitPass(standings, { maxUnavailable }, published.all(), tools, signal)
    this.hint('record', 'permits')
    return Math.min(settings.intervalMs, state.decision.againInMs ?? settings.intervalMs)
  }
}
