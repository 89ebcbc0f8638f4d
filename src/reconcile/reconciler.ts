import { Failure } from '../domain/failure.ts'
import type { Verdict } from '../domain/verdict.ts'
import { k3sPaths } from '../k3s/locations.ts'
import type { FileEventsPort } from '../ports/node-files-port.ts'
import type { GitSourcePort } from '../ports/repository-port.ts'
import {
  type ConvergeSettings,
  convergeNode,
  type NodeMemory,
  type NodeOutcome,
  type NodePorts,
  newNodeMemory,
} from './converge-node.ts'
import { Deployments, type DeploymentsByEngine } from './deployments.ts'
import { DropBranches } from './drop-branches.ts'
import { KernelLoop, type KernelPorts } from './network/kernel-loop.ts'
import { nextNodeRun } from './next-run.ts'
import { failedPass } from './node-verdict.ts'
import { PassReporter } from './pass-reporter.ts'
import type { ProgramSource } from './program-source.ts'
import { SourceLoop } from './source-loop.ts'
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
  /** What becomes of the manifests, by who applies them; an engine that is absent is not asked. */
  readonly deploy?: DeploymentsByEngine
  /** Where drops are offered as branches; nowhere when absent. */
  readonly git?: GitSourcePort
  readonly events: FileEventsPort
}

type Target = 'source' | 'node' | 'kernel' | 'deploy' | 'drops'

const bugRetryMs = 30_000

/**
 * The loop around one machine: gather → decide → act → tell, for as long as the process lives. The repository and the
 * node are two targets of one queue, so that drift is repaired while a remote hangs; the kernel, the manifests that the
 * node holds, and branches for adopted drops are the others.
 */
export class Reconciler {
  readonly #settings: ReconcilerSettings
  readonly #ports: ReconcilerPorts
  readonly #queue: WorkQueue<Target>
  readonly #memory: NodeMemory
  /** Where passes are told; also what the page and its API show. */
  readonly reporter: PassReporter
  readonly #source: SourceLoop
  readonly #drops: DropBranches
  #outcome: NodeOutcome | undefined
  #verdict: Verdict | undefined
  /** Absent where the kernel is not ours to keep. */
  readonly #kernel: KernelLoop | undefined
  readonly #deployments: Deployments
  #nodeAttempt = 0
  #adoptedFor: string | undefined
  #requestSeen = ''
  #hintedAtMs: number | undefined

  constructor(settings: ReconcilerSettings, ports: ReconcilerPorts) {
    this.#settings = settings
    this.#ports = ports
    this.#queue = new WorkQueue<Target>(['source', 'node', 'kernel', 'deploy', 'drops'], ports.clock)
    this.#memory = newNodeMemory(ports.clock.monotonicMs())
    this.#kernel =
      ports.kernel === undefined
        ? undefined
        : new KernelLoop({ ...ports.kernel.ports, isSuspended: () => this.#isSuspended() })
    this.#deployments = new Deployments(ports)
    this.#source = new SourceLoop(ports)
    this.#drops = new DropBranches(ports)
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
    this.#deployments.start(() => this.#queue.trigger('deploy', 'cluster event'))
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
      await this.#deployments.close()
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
    if (fullResync) this.#source.askAnew()
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
    if (path.startsWith(`${k3sPaths.manifests}/`)) this.#deployments.hinted()
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
      case 'deploy':
        return this.#deployPass(reason, signal)
      case 'drops':
        return this.#dropsPass(signal)
      default:
        return target satisfies never
    }
  }

  async #sourcePass(reason: string, signal: AbortSignal): Promise<number> {
    const requested = (await this.#ports.state.readReconcileRequest())?.token ?? ''
    const suspended = await this.#isSuspended()
    if (!suspended) await this.#source.look(signal)
    // Only now: a pass over the node that ran meanwhile has not seen what was asked for.
    this.#requestSeen = requested
    this.#queue.trigger('node', reason)
    this.#queue.trigger('kernel', reason)
    return suspended ? this.#settings.intervalMs : this.#source.nextRun(this.#settings)
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
    // Only now are the files in place that this pass wrote.
    if (!suspended) this.#queue.trigger('deploy', reason)
    if (!suspended && this.#drops.waiting(this.#outcome).length > 0) this.#queue.trigger('drops', reason)
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
      const { state } = this.#source.current
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
    const { state: known } = this.#source.current
    const compiled = known.kind === 'compiled' ? known.candidate : undefined
    const lastGood = await state.readLastGood()
    const network = await kernel.pass({ compiled, lastGood, adoption: await state.readAdoption() }, signal)
    if (kernel.verdict !== undefined) {
      const status = this.#status(false, lastHandledReconcileAt)
      await this.reporter.tell({ status, outcome: undefined, network, reason, startedAtMs })
    }
    return kernel.nextRun(this.#settings)
  }

  async #deployPass(reason: string, signal: AbortSignal): Promise<number> {
    const deployment = this.#deployments.of(this.#outcome)
    const node = await this.#deployments.nodeOf(this.#outcome)
    if (deployment === undefined || node === undefined) return this.#settings.intervalMs
    const lastHandledReconcileAt = this.#requestSeen
    const startedAtMs = this.#ports.clock.nowMs()
    const news = await deployment.pass(node, signal)
    if (news !== 'none') {
      const status = this.#status(false, lastHandledReconcileAt)
      await this.reporter.tell({ status, outcome: undefined, reason, startedAtMs })
    }
    if (news === 'pruned') this.#queue.trigger('node', 'manifests pruned')
    return deployment.nextRun()
  }

  async #dropsPass(signal: AbortSignal): Promise<number> {
    await this.#drops.publish(this.#outcome, signal)
    return this.#settings.intervalMs
  }

  #status(suspended: boolean, lastHandledReconcileAt: string): StatusInput {
    const { state } = this.#source.current
    const isOurs = this.#outcome?.node.adoption !== undefined
    const compiled = state.kind === 'compiled' && isOurs ? state.candidate : undefined
    const kernelVerdict = this.#kernel?.verdictOn(compiled)
    const deployment = this.#deployments.of(this.#outcome)
    const deployVerdict = deployment?.verdictOn(this.#outcome?.enforced)
    return {
      cluster: this.#clusterName(),
      node: this.#settings.node,
      sourceDescription: this.#ports.source.description,
      source: this.#source.current,
      ofSource: this.#ports.source.conditions?.() ?? [],
      previous: this.reporter.current(),
      outcome: this.#outcome,
      network: this.#kernel?.outcome,
      kernelVerdict,
      deploy: deployment?.status,
      deployVerdict,
      verdict: worseVerdict(worseVerdict(this.#verdict, kernelVerdict), deployVerdict),
      contested: this.#memory.limits.contested(this.#ports.clock.nowMs()),
      suspended,
      lastHandledReconcileAt,
    }
  }

  #clusterName(): string {
    const { state } = this.#source.current
    if (state.kind === 'compiled') return state.candidate.program.cluster
    return this.#outcome?.enforced.program.cluster ?? this.#settings.cluster ?? ''
  }
}
