import type { Drop } from '../domain/drop.ts'
import type { Facts } from '../domain/facts.ts'
import { Failure } from '../domain/failure.ts'
import type { Verdict } from '../domain/verdict.ts'
import type { FileEventsPort } from '../ports/node-files-port.ts'
import type { GitSourcePort } from '../ports/repository-port.ts'
import { publishDrops } from './adopt-drops.ts'
import { compileRevision } from './compile-revision.ts'
import {
  type ConvergeSettings,
  convergeNode,
  type NodeMemory,
  type NodeOutcome,
  type NodePorts,
  newNodeMemory,
} from './converge-node.ts'
import { chooseCluster } from './load-desired.ts'
import { nextFetch, nextNodeRun } from './next-run.ts'
import { failedPass } from './node-verdict.ts'
import { PassReporter } from './pass-reporter.ts'
import { type Source, type SourceState, unreadSource } from './source-state.ts'
import type { StatusInput } from './status-input.ts'
import { WorkQueue } from './work-queue.ts'

export interface ReconcilerSettings extends ConvergeSettings {
  /** Below `clusters/`; undefined takes the only one there is. */
  readonly cluster: string | undefined
  readonly facts: Facts
  /** The node of `facts` that this machine is. */
  readonly node: string
  readonly intervalMs: number
  /** Cron expression of a full resync, in its time zone. */
  readonly resync: { readonly schedule: string; readonly timeZone: string } | undefined
}

export interface ReconcilerPorts extends NodePorts {
  readonly git: GitSourcePort
  readonly events: FileEventsPort
}

type Target = 'source' | 'node' | 'drops'

const bugRetryMs = 30_000

/**
 * The loop around one machine: gather → decide → act → tell, for as long as the process lives. The repository and the
 * node are two targets of one queue, so that drift is repaired while a remote hangs; branches for adopted drops are the
 * third.
 */
export class Reconciler {
  readonly #settings: ReconcilerSettings
  readonly #ports: ReconcilerPorts
  readonly #queue: WorkQueue<Target>
  readonly #memory: NodeMemory
  /** Where passes are told; also what the page and its API show. */
  readonly reporter: PassReporter
  #source: Source = unreadSource
  #outcome: NodeOutcome | undefined
  #verdict: Verdict | undefined
  /** A full resync was asked for: the head is compiled again although it did not move. */
  #recompile = false
  #sourceAttempt = 0
  #nodeAttempt = 0
  #requestSeen = ''
  readonly #publishedDrops = new Set<string>()
  #hintedAtMs: number | undefined

  constructor(settings: ReconcilerSettings, ports: ReconcilerPorts) {
    this.#settings = settings
    this.#ports = ports
    this.#queue = new WorkQueue<Target>(['source', 'node', 'drops'], ports.clock)
    this.#memory = newNodeMemory(ports.clock.monotonicMs())
    this.reporter = new PassReporter(ports)
  }

  /** Runs until `stop`; rejects only when a pass met a case that cannot happen. */
  async run(): Promise<void> {
    const { events, clock, git } = this.#ports
    await this.#removeLeftovers()
    await this.reporter.load()
    this.#requestSeen = this.reporter.current()?.lastHandledReconcileAt ?? ''
    await events.start((path) => this.#onFileHint(path))
    const { resync } = this.#settings
    const endResync =
      resync === undefined
        ? undefined
        : clock.schedule(resync.schedule, resync.timeZone, () => this.trigger('resync', true))
    try {
      await this.#queue.run((target, reason, signal) => this.#pass(target, reason, signal))
    } finally {
      endResync?.()
      await events.stop()
      await git.close()
    }
  }

  stop(): void {
    this.#queue.stop()
  }

  /** Looks at the repository now. */
  trigger(reason: string, fullResync = false): void {
    this.#recompile ||= fullResync
    this.#queue.trigger('source', reason)
  }

  /** A place that refuses is told by every pass; it is no reason not to start. */
  async #removeLeftovers(): Promise<void> {
    try {
      await this.#ports.files.removeLeftovers()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.#ports.log.warn({ code: error.detail.code, where: error.detail.where }, error.message)
    }
  }

  #onFileHint(path: string): void {
    if (path.endsWith('/reconcile-request.json') || path.endsWith('/suspension.json')) {
      this.#queue.trigger('source', 'request')
      // The repository may hang; who suspends or resumes does not wait for it.
      this.#queue.trigger('node', 'request')
      return
    }
    this.#hintedAtMs ??= this.#ports.clock.nowMs()
    this.#queue.trigger('node', 'file event')
  }

  /** A case that "cannot happen" ends the pass, not the process: the last good program stays in force. */
  async #pass(target: Target, reason: string, signal: AbortSignal): Promise<number> {
    try {
      return await this.#targetPass(target, reason, signal)
    } catch (error) {
      if (signal.aborted) return 0
      const stack = error instanceof Error ? error.stack : String(error)
      this.#ports.log.error({ target, trigger: reason, stack }, 'pass ended by a bug in Fairlead')
      return bugRetryMs
    }
  }

  async #targetPass(target: Target, reason: string, signal: AbortSignal): Promise<number> {
    switch (target) {
      case 'source':
        return this.#sourcePass(reason, signal)
      case 'node':
        return this.#nodePass(reason, signal)
      case 'drops':
        return this.#dropsPass(signal)
      default:
        return target satisfies never
    }
  }

  async #sourcePass(reason: string, signal: AbortSignal): Promise<number> {
    const { clock, metrics, state, log } = this.#ports
    const requested = (await state.readReconcileRequest())?.token ?? ''
    if ((await state.readSuspension()) !== undefined) {
      this.#requestSeen = requested
      this.#queue.trigger('node', reason)
      return this.#settings.intervalMs
    }
    const startedAtMs = clock.nowMs()
    try {
      const read = await this.#readSource(signal)
      this.#sourceAttempt = 0
      metrics.fetchEnded('ok', clock.nowMs() - startedAtMs)
      this.#source = { state: read ?? this.#source.state, failure: undefined }
    } catch (error) {
      if (signal.aborted) return 0
      if (!(error instanceof Failure)) throw error
      this.#sourceAttempt += 1
      metrics.fetchEnded('failed', clock.nowMs() - startedAtMs)
      if (this.#source.failure?.detail.code !== error.detail.code) {
        log.warn({ code: error.detail.code, where: error.detail.where, fix: error.detail.fix }, error.message)
      }
      this.#source = { ...this.#source, failure: error }
    }
    // Only now: a pass over the node that ran meanwhile has not seen what was asked for.
    this.#requestSeen = requested
    this.#queue.trigger('node', reason)
    metrics.passEnded('source', sourceVerdict(this.#source), clock.nowMs() - startedAtMs)
    return nextFetch(this.#source.failure, this.#sourceAttempt, this.#settings)
  }

  /** The compiled head of the repository; undefined when it is the one that was compiled before. */
  async #readSource(signal: AbortSignal): Promise<SourceState | undefined> {
    const { git, log } = this.#ports
    const { cluster, facts, node } = this.#settings
    const revision = await git.fetch(signal)
    const { state } = this.#source
    if (state.kind !== 'unread' && state.revision.name === revision.name && !this.#recompile) return undefined
    this.#recompile = false

    const reader = git.reader(revision.commit)
    const directory = await chooseCluster(reader, cluster, signal)
    const compiled = await compileRevision(reader, directory, facts, signal)
    const { problems } = compiled
    if (compiled.kind === 'refused') {
      log.warn({ revision: revision.name, author: revision.author, problems: problems.length }, 'revision refused')
      return { kind: 'refused', revision, problems }
    }
    const program = compiled.nodes.find((one) => one.node === node)
    if (program === undefined) throw new Error(`no program was rendered for node ${node}`)
    log.info({ revision: revision.name, author: revision.author, program: program.digest }, 'revision compiled')
    return { kind: 'compiled', revision, candidate: { program, revision }, problems }
  }

  async #nodePass(reason: string, signal: AbortSignal): Promise<number> {
    const { clock, metrics } = this.#ports
    const lastHandledReconcileAt = this.#requestSeen
    const hintedAtMs = this.#hintedAtMs
    this.#hintedAtMs = undefined
    const startedAtMs = clock.nowMs()
    const suspended = (await this.#ports.state.readSuspension()) !== undefined
    const outcome = suspended ? undefined : await this.#converge(signal)
    const repaired = outcome?.applied.some((change) => change.cause === 'Drift') ?? false
    if (repaired && hintedAtMs !== undefined) metrics.driftRepaired(clock.nowMs() - hintedAtMs)
    this.#nodeAttempt = this.#verdict?.kind === 'failed' ? this.#nodeAttempt + 1 : 0
    metrics.passEnded('node', this.#verdict?.kind ?? 'unknown', clock.nowMs() - startedAtMs)
    const status = this.#status(suspended, lastHandledReconcileAt)
    await this.reporter.tell({ status, outcome, reason, startedAtMs })
    if (!suspended && this.#adoptable().length > 0) this.#queue.trigger('drops', reason)
    return this.#verdict === undefined
      ? this.#settings.intervalMs
      : nextNodeRun(this.#verdict, this.#nodeAttempt, this.#settings)
  }

  /** Undefined when there is no program yet, or the machine refused before anything could be decided. */
  async #converge(signal: AbortSignal): Promise<NodeOutcome | undefined> {
    try {
      const lastGood = await this.#ports.state.readLastGood()
      const { state } = this.#source
      const candidate = state.kind === 'compiled' ? state.candidate : lastGood
      if (candidate === undefined) return undefined
      this.#outcome = await convergeNode(candidate, lastGood, this.#settings, this.#ports, this.#memory, signal)
      this.#verdict = this.#outcome.verdict
      return this.#outcome
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      const { code, where, fix } = error.detail
      if (this.#verdict?.reason !== code) this.#ports.log.warn({ code, where, fix }, error.message)
      this.#verdict = failedPass(error)
      return undefined
    }
  }

  async #dropsPass(signal: AbortSignal): Promise<number> {
    const outcome = this.#outcome
    const drops = this.#adoptable()
    if (outcome === undefined || drops.length === 0 || signal.aborted) return this.#settings.intervalMs
    const published = await publishDrops(drops, outcome, this.#ports, signal)
    for (const digest of published) this.#publishedDrops.add(digest)
    return this.#settings.intervalMs
  }

  #adoptable(): readonly Drop[] {
    const { decision, node, enforced } = this.#outcome ?? {}
    // First contact only reports, to the repository as well.
    if (decision === undefined || node?.adoption?.cluster !== enforced?.program.cluster) return []
    return decision.drops.filter((drop) => drop.handling === 'Adopt' && !this.#publishedDrops.has(drop.digest))
  }

  #status(suspended: boolean, lastHandledReconcileAt: string): StatusInput {
    return {
      cluster: this.#clusterName(),
      node: this.#settings.node,
      sourceDescription: this.#ports.git.description,
      source: this.#source,
      previous: this.reporter.current(),
      outcome: this.#outcome,
      verdict: this.#verdict,
      contested: this.#memory.limits.contested(this.#ports.clock.nowMs()),
      suspended,
      lastHandledReconcileAt,
    }
  }

  #clusterName(): string {
    const { state } = this.#source
    if (state.kind === 'compiled') return state.candidate.program.cluster
    return this.#outcome?.enforced.program.cluster ?? this.#settings.cluster ?? ''
  }
}

function sourceVerdict({ state, failure }: Source): 'settled' | 'blocked' | 'failed' {
  if (failure !== undefined) return 'failed'
  return state.kind === 'refused' ? 'blocked' : 'settled'
}
