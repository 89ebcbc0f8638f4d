import type { Drop } from '../domain/drop.ts'
import { Failure } from '../domain/failure.ts'
import type { Verdict } from '../domain/verdict.ts'
import type { FileEventsPort } from '../ports/node-files-port.ts'
import type { GitSourcePort } from '../ports/repository-port.ts'
import { publishDrops } from './adopt-drops.ts'
import {
  type ConvergeSettings,
  convergeNode,
  type NodeMemory,
  type NodeOutcome,
  type NodePorts,
  newNodeMemory,
} from './converge-node.ts'
import { KernelLoop, type KernelPorts } from './network/kernel-loop.ts'
import { nextFetch, nextNodeRun } from './next-run.ts'
import { failedPass } from './node-verdict.ts'
import { PassReporter } from './pass-reporter.ts'
import type { ProgramSource } from './program-source.ts'
import { type Source, unreadSource } from './source-state.ts'
import type { StatusInput } from './status-input.ts'
import { WorkQueue } from './work-queue.ts'
import { worseVerdict } from './worse-verdict.ts'

export interface ReconcilerSettings extends ConvergeSettings {
  /** What the cluster is called before anything was read. */
  readonly cluster: string | undefined
  /** What this machine is called. */
  readonly node: string
  readonly intervalMs: number
  /** Cron expression of a full resync, in its time zone. */
  readonly resync: { readonly schedule: string; readonly timeZone: string } | undefined
}

export interface ReconcilerPorts extends NodePorts {
  readonly source: ProgramSource
  /** The kernel of this machine; absent where it is not ours to keep, as below another root. */
  readonly kernel?: KernelPorts
  /** Where drops are offered as branches; nowhere when absent. */
  readonly git?: GitSourcePort
  readonly events: FileEventsPort
}

type Target = 'source' | 'node' | 'kernel' | 'drops'

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
  /** Absent where the kernel is not ours to keep. */
  readonly #kernel: KernelLoop | undefined
  /** A full resync was asked for: the head is compiled again although it did not move. */
  #recompile = false
  #sourceAttempt = 0
  #nodeAttempt = 0
  #adoptedFor: string | undefined
  #requestSeen = ''
  readonly #publishedDrops = new Set<string>()
  #hintedAtMs: number | undefined

  constructor(settings: ReconcilerSettings, ports: ReconcilerPorts) {
    this.#settings = settings
    this.#ports = ports
    this.#queue = new WorkQueue<Target>(['source', 'node', 'kernel', 'drops'], ports.clock)
    this.#memory = newNodeMemory(ports.clock.monotonicMs())
    this.#kernel =
      ports.kernel === undefined
        ? undefined
        : new KernelLoop({ ...ports.kernel.ports, isSuspended: () => this.#isSuspended() })
    this.reporter = new PassReporter(ports)
  }

  /** Runs until `stop`; rejects only when a pass met a case that cannot happen. */
  async run(): Promise<void> {
    const { events, clock, source, kernel } = this.#ports
    await this.#removeLeftovers()
    await this.reporter.load()
    this.#requestSeen = this.reporter.current()?.lastHandledReconcileAt ?? ''
    await events.start((path) => this.#onFileHint(path))
    await source.start?.(() => this.trigger('program file'))
    await kernel?.events.start((hint) => {
      this.#kernel?.hinted(hint)
      this.#queue.trigger('kernel', `${hint.subject} event`)
    })
    const { resync } = this.#settings
    const endResync =
      resync === undefined
        ? undefined
        : clock.schedule(resync.schedule, resync.timeZone, () => this.trigger('resync', true))
    try {
      await this.#queue.run((target, reason, signal) => this.#pass(target, reason, signal))
    } finally {
      endResync?.()
      await kernel?.events.stop()
      await events.stop()
      await source.close()
    }
  }

  stop(): void {
    this.#queue.stop()
  }

  async #isSuspended(): Promise<boolean> {
    return (await this.#ports.state.readSuspension()) !== undefined
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
      this.#queue.trigger('kernel', 'request')
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
      case 'kernel':
        return this.#kernelPass(reason, signal)
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
      this.#queue.trigger('kernel', reason)
      return this.#settings.intervalMs
    }
    const startedAtMs = clock.nowMs()
    const anew = this.#recompile
    this.#recompile = false
    try {
      const read = await this.#ports.source.read(this.#source.state, anew, signal)
      this.#sourceAttempt = 0
      metrics.fetchEnded('ok', clock.nowMs() - startedAtMs)
      this.#source = { state: read ?? this.#source.state, failure: undefined }
    } catch (error) {
      if (signal.aborted) return 0
      if (!(error instanceof Failure)) throw error
      this.#sourceAttempt += 1
      this.#recompile ||= anew
      metrics.fetchEnded('failed', clock.nowMs() - startedAtMs)
      if (this.#source.failure?.detail.code !== error.detail.code) {
        log.warn({ code: error.detail.code, where: error.detail.where, fix: error.detail.fix }, error.message)
      }
      this.#source = { ...this.#source, failure: error }
    }
    // Only now: a pass over the node that ran meanwhile has not seen what was asked for.
    this.#requestSeen = requested
    this.#queue.trigger('node', reason)
    this.#queue.trigger('kernel', reason)
    metrics.passEnded('source', sourceVerdict(this.#source), clock.nowMs() - startedAtMs)
    return nextFetch(this.#source.failure, this.#sourceAttempt, this.#settings)
  }

  async #nodePass(reason: string, signal: AbortSignal): Promise<number> {
    const { clock, metrics } = this.#ports
    const lastHandledReconcileAt = this.#requestSeen
    const hintedAtMs = this.#hintedAtMs
    this.#hintedAtMs = undefined
    const startedAtMs = clock.nowMs()
    const suspended = (await this.#ports.state.readSuspension()) !== undefined
    const outcome = suspended ? undefined : await this.#converge(signal)
    this.#noteAdoption(outcome)
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

  /** A yes counts for the kernel as soon as it counts for files. */
  #noteAdoption(outcome: NodeOutcome | undefined): void {
    if (outcome === undefined) return
    const cluster = outcome.node.adoption?.cluster
    if (cluster !== undefined && cluster !== this.#adoptedFor) this.#queue.trigger('kernel', 'adopted')
    this.#adoptedFor = cluster
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

  async #kernelPass(reason: string, signal: AbortSignal): Promise<number> {
    const { state, clock } = this.#ports
    const kernel = this.#kernel
    if (kernel === undefined || (await this.#isSuspended())) return this.#settings.intervalMs
    const lastHandledReconcileAt = this.#requestSeen
    const startedAtMs = clock.nowMs()
    const compiled = this.#source.state.kind === 'compiled' ? this.#source.state.candidate : undefined
    const lastGood = await state.readLastGood()
    const network = await kernel.pass({ compiled, lastGood, adoption: await state.readAdoption() }, signal)
    if (kernel.verdict !== undefined) {
      const status = this.#status(false, lastHandledReconcileAt)
      await this.reporter.tell({ status, outcome: undefined, network, reason, startedAtMs })
    }
    return kernel.nextRun(this.#settings)
  }

  async #dropsPass(signal: AbortSignal): Promise<number> {
    const outcome = this.#outcome
    const drops = this.#adoptable()
    const { git, log } = this.#ports
    if (git === undefined || outcome === undefined || drops.length === 0 || signal.aborted)
      return this.#settings.intervalMs
    const published = await publishDrops(drops, outcome, { git, log }, signal)
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
    const { state } = this.#source
    const isOurs = this.#outcome?.node.adoption !== undefined
    const compiled = state.kind === 'compiled' && isOurs ? state.candidate : undefined
    const kernelVerdict = this.#kernel?.verdictOn(compiled)
    return {
      cluster: this.#clusterName(),
      node: this.#settings.node,
      sourceDescription: this.#ports.source.description,
      source: this.#source,
      previous: this.reporter.current(),
      outcome: this.#outcome,
      network: this.#kernel?.outcome,
      kernelVerdict,
      verdict: worseVerdict(this.#verdict, kernelVerdict),
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
