import type { DeployStatus } from '../../domain/deploy-status.ts'
import { Failure } from '../../domain/failure.ts'
import type { RemovalProgress } from '../../domain/manifest-removal.ts'
import type { NodeProgram } from '../../domain/program.ts'
import type { Verdict } from '../../domain/verdict.ts'
import { packagedBundle } from '../../k3s/bundle/packaged-bundle.ts'
import { parseK3sVersion } from '../../k3s/version/k3s-version.ts'
import { type DeployResults, deployStatus, withPass } from '../../plan/deploy/deploy-results.ts'
import { type DeployRules, deployRules } from '../../plan/deploy/deploy-rules.ts'
import type { Hazard } from '../../plan/deploy/enumerate-manifests.ts'
import { type DeployMemory, freshMemory } from '../../plan/deploy/file-gates.ts'
import { protective } from '../../plan/deploy/safeguards.ts'
import type { KnownKinds } from '../../plan/deploy/served-kinds.ts'
import type { ManifestFilesPort } from '../../ports/manifest-files-port.ts'
import type { LastGood } from '../../ports/node-state-port.ts'
import type { DeployedNode, DeployNews, ManifestDeployment } from '../manifest-deployment.ts'
import type { DeployApi, DeployLoopPorts } from './deploy-loop-ports.ts'
import { deployVerdict } from './deploy-verdict.ts'
import { directoriesToFollow } from './directories-to-follow.ts'
import { ensureAddons } from './ensure-addons.ts'
import { addonsToForget, emptiedManifests } from './removals-of-ours.ts'
import { deleteAddon, retireManifest } from './retire-manifests.ts'
import { type RanPass, runDeployPass } from './run-deploy-pass.ts'
import { SetTurns } from './set-turns.ts'
import { unreadableDirectory } from './unreadable-directory.ts'

/** @see k3s-io/k3s pkg/deploy/controller.go */
const fullPassEveryMs = 15_000
const firstRetryMs = 250

/** Our own deploy engine at work: K3s's pass every 15 seconds, and passes over what changed or failed in between. */
export class DeployLoop implements ManifestDeployment {
  readonly #ports: DeployLoopPorts
  readonly #turns = new SetTurns()
  #api: DeployApi | undefined
  #memory: DeployMemory = freshMemory
  #known: KnownKinds = new Map()
  #results: DeployResults = new Map()
  #hazards: readonly Hazard[] = []
  #removals: ReadonlyMap<string, RemovalProgress> = new Map()
  #failure: Failure | undefined
  #seen: NodeProgram | undefined
  #cluster: string | undefined
  #hasErrors = false
  #attempt = 0
  /** On the monotonic clock. */
  #fullDueMs = 0
  #told = ''
  #onChange: () => void = () => {}

  constructor(ports: DeployLoopPorts) {
    this.#ports = ports
  }

  get status(): DeployStatus | undefined {
    if (this.#seen === undefined) return undefined
    return deployStatus({
      results: this.#results,
      hazards: this.#hazards,
      ours: this.#ours(this.#seen),
      removing: new Set(this.#removals.keys()),
      forced: this.#memory.forced,
      away: this.#failure?.message,
    })
  }

  verdictOn(inForce: LastGood | undefined): Verdict | undefined {
    if (!this.#ports.api.isNamed()) return undefined
    const { status } = this
    if (status === undefined || this.#seen === undefined || inForce?.program.digest !== this.#seen.digest) {
      return { kind: 'pending', reason: 'Progressing', message: 'The manifests are looked at next' }
    }
    return deployVerdict(status, this.#ours(this.#seen), this.#failure)
  }

  start(onChange: () => void): void {
    this.#onChange = onChange
  }

  isIdle(): boolean {
    return !this.#ports.api.isNamed()
  }

  hinted(): void {
    this.#attempt = 0
  }

  async pass(node: DeployedNode, signal: AbortSignal): Promise<DeployNews> {
    const { clock, metrics } = this.#ports
    if (!this.#ports.api.isNamed()) return 'none'
    const startedAtMs = clock.nowMs()
    this.#forgetOtherCluster(node)
    this.#seen = node.program.program
    await this.#deploy(node.program.program, signal)
    const isDone = this.#failure === undefined && !this.#hasErrors && !this.#waits()
    this.#attempt = isDone ? 0 : this.#attempt + 1
    const verdict = this.verdictOn(node.program)
    metrics.passEnded('deploy', verdict?.kind ?? 'unknown', clock.nowMs() - startedAtMs)
    if (!this.#isNews(verdict)) return 'none'
    return [...this.#removals.values()].includes('pruned') ? 'pruned' : 'told'
  }

  nextRun(): number {
    // A kubeconfig may come later.
    if (!this.#ports.api.isNamed()) return fullPassEveryMs
    const untilFullMs = Math.max(0, this.#fullDueMs - this.#ports.clock.monotonicMs())
    if (this.#attempt === 0) return untilFullMs
    const retryMs = firstRetryMs * 2 ** Math.min(this.#attempt - 1, 10)
    return this.#failure === undefined ? Math.min(untilFullMs, retryMs) : Math.min(fullPassEveryMs, retryMs)
  }

  progressOf(path: string): RemovalProgress | undefined {
    return this.#ports.api.isNamed() ? (this.#removals.get(path) ?? 'waiting') : undefined
  }

  async close(): Promise<void> {
    await this.#ports.links?.close()
    await this.#closeApi()
  }

  async #closeApi(): Promise<void> {
    const api = this.#api
    this.#api = undefined
    await api?.close()
  }

  async #deploy(program: NodeProgram, signal: AbortSignal): Promise<void> {
    try {
      const api = this.#api ?? (await this.#ports.api.open(signal))
      this.#api = api
      const made = await ensureAddons({ objects: api.objects, clock: this.#ports.clock }, signal)
      if (made === 'made') this.#ports.log.info({}, 'the kind Addon was not in the cluster and was made')
      const rules = rulesFor(program)
      const ran = await this.#run(program, rules, api, signal)
      this.#noteFailure(ran.away ?? unreadableDirectory(ran))
      if (ran.away === undefined) await this.#retire(program, rules, api, signal)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.#noteFailure(error)
      // What the kubeconfig says may be another server by now.
      if (error.detail.code.startsWith('KUBE_CONFIG')) await this.#closeApi()
    }
  }

  async #run(program: NodeProgram, rules: DeployRules, api: DeployApi, signal: AbortSignal): Promise<RanPass> {
    const { clock, codec } = this.#ports
    const isFull = clock.monotonicMs() >= this.#fullDueMs
    const { disabled } = program.packaged
    const input = { disabled, rules, codec, memory: this.#memory, known: this.#known, safeguards: protective }
    const ports = {
      files: this.#followedFiles(),
      objects: api.objects,
      events: api.events,
      turn: (addon: string, waits: boolean) => this.#turn(addon, waits, signal),
    }
    const ran = await runDeployPass({ ...input, scope: isFull ? 'all' : 'open' }, ports, signal)
    this.#memory = ran.memory
    this.#results = withPass(this.#results, ran.files)
    this.#hazards = ran.hazards
    this.#noteErrors(ran)
    if (isFull && ran.away === undefined) this.#fullDueMs = clock.monotonicMs() + fullPassEveryMs
    return ran
  }

  #followedFiles(): ManifestFilesPort {
    const { files, links } = this.#ports
    return {
      ...files,
      tree: async (signal) => {
        const tree = await files.tree(signal)
        links?.follow(directoriesToFollow(tree), () => {
          this.hinted()
          this.#onChange()
        })
        return tree
      },
    }
  }

  async #turn(addon: string, waits: boolean, signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#ports
    if (!waits) return this.#turns.tryTake(addon, clock.monotonicMs())
    const waitMs = this.#turns.take(addon, clock.monotonicMs())
    if (waitMs > 0) await clock.sleep(waitMs, signal)
    return true
  }

  async #retire(program: NodeProgram, rules: DeployRules, api: DeployApi, signal: AbortSignal): Promise<void> {
    for (const addon of addonsToForget(this.#removals, this.#results)) await deleteAddon(addon, api.objects, signal)
    const inventory = await this.#ports.state.readInventory()
    const progress = new Map<string, RemovalProgress>()
    for (const manifest of emptiedManifests(inventory, program, this.#results, rules.gvkRecord === 'none')) {
      progress.set(manifest.path, await retireManifest(manifest, api.objects, this.#ports.log, signal))
    }
    this.#removals = progress
  }

  #waits(): boolean {
    return [...this.#removals.values()].includes('waiting')
  }

  #noteErrors({ errors, files, away }: RanPass): void {
    const { log, metrics } = this.#ports
    for (const { path, outcome } of files) {
      if (outcome.kind === 'applied') metrics.objectsDeployed(outcome.counts)
      else if (outcome.kind === 'pruned') metrics.objectsDeployed({ created: 0, patched: 0, deleted: outcome.deleted })
      if (outcome.kind === 'pruned' && !outcome.fileRemains) log.info({ path }, 'disabled manifest pruned and deleted')
    }
    if (errors.length > 0 && away === undefined && !this.#hasErrors) log.warn({ errors }, 'manifests were not applied')
    this.#hasErrors = errors.length > 0
  }

  #noteFailure(failure: Failure | undefined): void {
    if (failure !== undefined && failure.detail.code !== this.#failure?.detail.code) {
      const { code, where, fix } = failure.detail
      this.#ports.log.warn({ code, where, fix }, failure.message)
    }
    this.#failure = failure
  }

  #ours(program: NodeProgram): ReadonlySet<string> {
    const files = program.files.filter(({ location }) => location === 'manifest').map(({ path }) => path)
    return new Set([...files, ...packagedBundle(program.packaged).keys(), ...this.#removals.keys()])
  }

  #forgetOtherCluster({ adoption }: DeployedNode): void {
    if (this.#cluster === adoption.cluster) return
    this.#cluster = adoption.cluster
    this.#memory = freshMemory
    this.#known = new Map()
    this.#results = new Map()
    this.#fullDueMs = 0
  }

  #isNews(verdict: Verdict | undefined): boolean {
    const told = JSON.stringify([this.status, verdict, [...this.#removals]])
    const isNews = told !== this.#told
    this.#told = told
    return isNews
  }
}

/** A program names a release always; what cannot be read behaves like the newest. */
function rulesFor({ k3sVersion }: NodeProgram): DeployRules {
  return deployRules(parseK3sVersion(k3sVersion) ?? { text: '', major: 2, minor: 0, patch: 0, build: 1 })
}
