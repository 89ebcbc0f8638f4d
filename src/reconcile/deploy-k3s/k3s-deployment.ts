import type { DeployStatus } from '../../domain/deploy-status.ts'
import { Failure } from '../../domain/failure.ts'
import type { RemovalProgress } from '../../domain/manifest-removal.ts'
import type { NodeObservation } from '../../domain/observation.ts'
import type { NodeProgram } from '../../domain/program.ts'
import type { PristineSet } from '../../domain/status.ts'
import type { Verdict } from '../../domain/verdict.ts'
import { manifestName } from '../../k3s/locations.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import { parseK3sVersion } from '../../k3s/version/k3s-version.ts'
import { hashesValuesOnly } from '../../plan/k3s-engine/chart-hash.ts'
import { chartsOf, manifestStates } from '../../plan/k3s-engine/manifest-states.ts'
import {
  overtakenManifests,
  type RevertedManifest,
  revertedManifests,
} from '../../plan/k3s-engine/reverted-manifests.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { DeployedObjectsPort } from '../../ports/deployed-objects-port.ts'
import type { K3sProcessPort } from '../../ports/k3s-process-port.ts'
import type { KubeObjectsPort } from '../../ports/kube-objects-port.ts'
import type { LogPort } from '../../ports/log-port.ts'
import type { MetricsPort } from '../../ports/metrics-port.ts'
import type { NodeFilesPort } from '../../ports/node-files-port.ts'
import type { LastGood, NodeStatePort } from '../../ports/node-state-port.ts'
import type { DeployedNode, DeployNews, ManifestDeployment } from '../manifest-deployment.ts'
import { sameK3s } from '../packaged-guard.ts'
import { K3sRemovals } from './k3s-removals.ts'
import { type Away, k3sVerdict } from './k3s-verdict.ts'
import { manifestNames, ourManifests, packagedManifests, unappliedOf } from './our-manifests.ts'
import { reapplyReverted } from './reapply-reverted.ts'

/** The API of the cluster that the K3s of this machine serves. */
export interface K3sApi {
  readonly deployed: DeployedObjectsPort
  readonly objects: Pick<KubeObjectsPort, 'list' | 'delete' | 'patch'>
  /** Of the K3s that runs on this node, as its kubelet says it; undefined while there is no such Node. */
  version(signal: AbortSignal): Promise<string | undefined>
  close(): Promise<void>
}

export interface K3sDeploymentPorts {
  readonly api: {
    /** Whether anybody said where the API server is. */
    isNamed(): boolean
    /** @throws Failure KUBE_CONFIG_…, KUBE_CREDENTIALS */
    open(signal: AbortSignal): Promise<K3sApi>
  }
  readonly files: Pick<NodeFilesPort, 'observe' | 'writeFile'>
  readonly state: Pick<NodeStatePort, 'readInventory' | 'readPristine'>
  readonly k3s: Pick<K3sProcessPort, 'current'>
  readonly clock: ClockPort
  readonly log: LogPort
  readonly metrics: Pick<MetricsPort, 'passEnded'>
}

interface OpenApi {
  readonly api: K3sApi
  readonly removals: K3sRemovals
  /** Ends the watches. */
  readonly ending: AbortController
}

/** Watches tell what changed; this often it is looked at in any case. */
const idleMs = 60_000
/** K3s looks at its directory every 15 s: a removal has moved on by then. */
const removingMs = 15_000
const awayMs = 2_000
/** Several changes come together: K3s writes Events and Addons one after the other. */
const restMs = 250
/** Another server whose copy fails again and again would have it all applied again each time. */
const reapplyEveryMs = 600_000
/** Who was just started waits this long for an API before time decides about removals. */
const patienceMs = 60_000
/** The server may be another one by now, or its certificates are. */
const reopens: ReadonlySet<string> = new Set(['KUBE_TLS', 'KUBE_UNAUTHORIZED', 'KUBE_CREDENTIALS'])

/**
 * What became of our manifests beside a K3s that applies them. Nothing is ever applied: what is written is what a removal
 * takes away, and the checksum of an Addon that K3s is to look at again.
 */
export class K3sDeployment implements ManifestDeployment {
  readonly #ports: K3sDeploymentPorts
  readonly #startedAtMs: number
  #open: OpenApi | undefined
  #onChange: () => void = () => undefined
  #status: DeployStatus | undefined
  #seen: NodeProgram | undefined
  #ours: ReadonlySet<string> = new Set()
  #away: Away | undefined
  /** By path, on the monotonic clock. */
  readonly #reapplyAfterMs = new Map<string, number>()
  #endedAtMs = 0
  #told = ''

  constructor(ports: K3sDeploymentPorts) {
    this.#ports = ports
    this.#startedAtMs = ports.clock.monotonicMs()
  }

  /** As of the last time that the API could be asked. */
  get status(): DeployStatus | undefined {
    return this.#status
  }

  start(onChange: () => void): void {
    this.#onChange = onChange
  }

  /** Every pass looks at everything: what K3s makes of a file is told by the API. */
  hinted(): void {
    this.#endedAtMs = 0
  }

  verdictOn(inForce: LastGood | undefined): Verdict | undefined {
    if (!this.#ports.api.isNamed()) return undefined
    const isSeen = this.#seen !== undefined && this.#seen.digest === inForce?.program.digest
    return k3sVerdict(isSeen ? this.#status : undefined, this.#ours, this.#away)
  }

  async pass(node: DeployedNode, signal: AbortSignal): Promise<DeployNews> {
    const { api, clock, metrics } = this.#ports
    if (!api.isNamed()) return 'none'
    await this.#rest(signal)
    const startedAtMs = clock.nowMs()
    try {
      await this.#look(node.program.program, signal)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      await this.#noteAway(error)
    }
    this.#endedAtMs = clock.monotonicMs()
    const verdict = this.verdictOn(node.program)
    metrics.passEnded('deploy', verdict?.kind ?? 'unknown', clock.nowMs() - startedAtMs)
    const told = JSON.stringify([this.#status, verdict, this.#open?.removals.hasPruned])
    const isNews = told !== this.#told
    this.#told = told
    if (!isNews) return 'none'
    return this.#open?.removals.hasPruned === true ? 'pruned' : 'told'
  }

  nextRun(): number {
    if (this.#away !== undefined || this.#status === undefined) return awayMs
    return this.#open?.removals.hasOpen === true ? removingMs : idleMs
  }

  progressOf(path: string): RemovalProgress | undefined {
    const { api, clock } = this.#ports
    if (manifestName(path) === undefined || !api.isNamed()) return undefined
    const progress = this.#open?.removals.progressOf(path)
    if (progress !== undefined) return progress === 'time' ? undefined : progress
    const wasAsked = this.#status !== undefined
    return wasAsked || clock.monotonicMs() - this.#startedAtMs < patienceMs ? 'waiting' : undefined
  }

  async close(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    open?.ending.abort()
    await open?.api.close()
  }

  async #rest(signal: AbortSignal): Promise<void> {
    const { clock } = this.#ports
    const waitMs = this.#endedAtMs === 0 ? 0 : restMs - (clock.monotonicMs() - this.#endedAtMs)
    if (waitMs > 0) await clock.sleep(waitMs, signal)
  }

  async #look(program: NodeProgram, signal: AbortSignal): Promise<void> {
    this.#open ??= await this.#connect(signal)
    const { api, removals } = this.#open
    if (api.deployed.interruption !== undefined) throw api.deployed.interruption
    const version = await this.#version(program, api, signal)
    const withValues = version !== undefined && !hashesValuesOnly(version)
    const live = await api.deployed.read(chartsOf(program), withValues, signal)
    if (live === undefined) return
    // The disk after the API: what was written since is not judged by what K3s made of the content before.
    const inventory = await this.#ports.state.readInventory()
    const paths = program.files.map(({ path }) => path)
    const observation = await this.#ports.files.observe(paths, signal)
    const manifests = ourManifests(program, observation)
    const packaged = packagedManifests(await this.#pristine(program), observation)
    const states = manifestStates({ manifests, packaged, names: manifestNames(observation), version, live })
    const unapplied = unappliedOf(manifests, states)
    const rows = await removals.pass({ program, inventory, observation, live, version, unapplied }, signal)
    const reverted = revertedManifests([...manifests, ...packaged], live)
    const overtaken = overtakenManifests(manifests, removals.overtaken, live)
    await this.#reapply([...reverted, ...overtaken], observation, api, signal)
    this.#ours = new Set([...manifests, ...rows].map(({ path }) => path))
    this.#status = { ...states, manifests: [...states.manifests, ...rows].sort((a, b) => (a.path < b.path ? -1 : 1)) }
    this.#seen = program
    this.#away = undefined
  }

  /** As the node runs it; a cluster that is half upgraded has more than one. */
  async #version({ k3sVersion }: NodeProgram, api: K3sApi, signal: AbortSignal): Promise<K3sVersion | undefined> {
    return parseK3sVersion((await api.version(signal)) ?? k3sVersion)
  }

  /** What the K3s that runs staged, where edits of it are undone; of any other one nothing counts. */
  async #pristine({ drift }: NodeProgram): Promise<PristineSet | undefined> {
    const { state, k3s } = this.#ports
    if (drift.packagedFiles !== 'Restore') return undefined
    const [pristine, process] = [await state.readPristine(), await k3s.current()]
    const isOfNow = pristine !== undefined && process !== undefined && sameK3s(pristine.identity, process.identity)
    return isOfNow ? pristine : undefined
  }

  async #reapply(
    reverted: readonly RevertedManifest[],
    observation: NodeObservation,
    { objects }: K3sApi,
    signal: AbortSignal,
  ): Promise<void> {
    const nowMs = this.#ports.clock.monotonicMs()
    const due = reverted.filter(({ manifest }) => nowMs >= (this.#reapplyAfterMs.get(manifest.path) ?? 0))
    for (const path of await reapplyReverted(due, observation, { ...this.#ports, objects }, signal)) {
      this.#reapplyAfterMs.set(path, nowMs + reapplyEveryMs)
    }
  }

  async #connect(signal: AbortSignal): Promise<OpenApi> {
    const api = await this.#ports.api.open(signal)
    const ending = new AbortController()
    api.deployed.start(() => this.#onChange(), ending.signal)
    return { api, ending, removals: new K3sRemovals({ objects: api.objects, log: this.#ports.log }) }
  }

  async #noteAway(failure: Failure): Promise<void> {
    const { code, where, fix } = failure.detail
    if (this.#away?.failure.detail.code !== code) this.#ports.log.warn({ code, where, fix }, failure.message)
    this.#away = { failure, sinceMs: this.#away?.sinceMs ?? this.#ports.clock.nowMs() }
    if (reopens.has(code) || code.startsWith('KUBE_CONFIG')) await this.close()
  }
}
