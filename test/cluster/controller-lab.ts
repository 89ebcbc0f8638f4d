import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFailed } from 'vitest'
import { systemClock } from '../../src/adapters/clock/system-clock.ts'
import { clusterInventory } from '../../src/adapters/kube/cluster-inventory.ts'
import { eventRecorder } from '../../src/adapters/kube/event-recorder.ts'
import { openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import { leaderLease } from '../../src/adapters/kube/leader-lease.ts'
import { watchCluster } from '../../src/adapters/kube/watched-cluster.ts'
import { createControllerMetrics } from '../../src/adapters/metrics/controller-metrics.ts'
import type { ClusterNetworkStatus } from '../../src/domain/cluster-record.ts'
import { fairleadNames, fairleadNamespace } from '../../src/domain/fairlead-api.ts'
import { asRecord, type Json } from '../../src/domain/plain-json.ts'
import type { NodeProgramStatus, PublishedProgram } from '../../src/domain/published-program.ts'
import type { Revision } from '../../src/domain/revision.ts'
import type { LiveObject } from '../../src/ports/kube-objects-port.ts'
import type { GitSourcePort } from '../../src/ports/repository-port.ts'
import { Controller } from '../../src/reconcile/controller/controller.ts'
import { type ControllerSettings, controllerDefaults } from '../../src/reconcile/controller/controller-ports.ts'
import { sha256Hex } from '../../src/text/digest.ts'
import { type RecordedLine, recordingLog } from '../lab/recording-log.ts'
import { textRepository } from '../lab/text-repository.ts'
import type { TestApiServer } from './api-server.ts'

export const signal = new AbortController().signal

/** Documents that a test pushes: path below `clusters/home` → text. */
export type Documents = Readonly<Record<string, string>>

export function networkDocument(extra = '', version = 'v1.33.4+k3s1'): string {
  return `apiVersion: fairlead.dev/v1alpha1\nkind: ClusterNetwork\nmetadata: { name: home }\nspec:\n  k3sVersion: ${version}\n${extra}`
}

/** A repository of which a test says what its head is. */
export class PushedRepository implements GitSourcePort {
  readonly description = 'repository of the test'
  readonly #trees = new Map<string, Documents>()
  #head: Revision | undefined
  #pushes = 0

  push(documents: Documents): Revision {
    this.#pushes += 1
    const commit = sha256Hex(JSON.stringify([this.#pushes, documents])).slice(0, 40)
    this.#trees.set(commit, documents)
    const subject = `push ${this.#pushes}`
    this.#head = { name: `main@sha1:${commit}`, commit, author: 'ada', subject, committedAt: '2026-01-01T00:00:00Z' }
    return this.#head
  }

  async fetch(): Promise<Revision> {
    if (this.#head === undefined) throw new Error('nothing was pushed')
    return this.#head
  }

  reader(commit: string): ReturnType<GitSourcePort['reader']> {
    const documents = this.#trees.get(commit) ?? {}
    const files = Object.entries(documents).map(([path, text]) => [`clusters/home/${path}`, text] as const)
    return textRepository(new Map(files))
  }

  async publishBranch(): Promise<boolean> {
    return false
  }

  async close(): Promise<void> {}
}

export interface RunningController {
  readonly controller: Controller
  readonly lines: readonly RecordedLine[]
  /** Answered requests so far: `create nodeprograms` → how many. */
  requests(): ReadonlyMap<string, number>
  /** Ends it in good order; the lead is given away. */
  stop(): Promise<void>
}

export async function startController(
  kubeconfig: string,
  git: GitSourcePort,
  settings: Partial<ControllerSettings> & { readonly identity?: string } = {},
): Promise<RunningController> {
  const over = new AbortController()
  const clock = systemClock()
  const log = recordingLog()
  const counts = new Map<string, number>()
  const count = (verb: string, resource: string): void => {
    counts.set(`${verb} ${resource}`, (counts.get(`${verb} ${resource}`) ?? 0) + 1)
  }
  const objects = await openKubeObjects({ kubeconfigs: [kubeconfig] }, signal, { onRequest: count })
  const identity = settings.identity ?? 'test'
  const lease = { namespace: fairleadNamespace, name: fairleadNames.leaderLease, identity }
  const events = eventRecorder(objects, clock, { component: 'fairlead-controller' }, signal)
  const controller = new Controller(
    {
      version: '0.1.0',
      cluster: 'home',
      intervalMs: 30_000,
      resync: undefined,
      signingKey: undefined,
      ...controllerDefaults,
      ...settings,
    },
    {
      objects,
      git,
      leader: leaderLease(objects, clock, lease),
      events,
      clock,
      log,
      metrics: createControllerMetrics('test'),
      watchCluster: (changed, until) => watchCluster(objects, clock, changed, until),
      openInventory: clusterInventory,
    },
  )
  const running = controller.run(over.signal)
  return {
    controller,
    lines: log.lines,
    requests: () => new Map(counts),
    async stop() {
      over.abort()
      await running
      await events.flush()
      await objects.close()
    },
  }
}

const programs = `/apis/fairlead.dev/v1alpha1/namespaces/${fairleadNamespace}/nodeprograms`
const records = `/apis/fairlead.dev/v1alpha1/namespaces/${fairleadNamespace}/clusternetworks`

/** What a test looks at and does in the place of people, kubelets and agents. */
export class ControllerWorld {
  readonly server: TestApiServer

  constructor(server: TestApiServer) {
    this.server = server
  }

  async addNode(name: string, options: { readonly labels?: Json; readonly version?: string } = {}): Promise<void> {
    const { labels = {}, version = 'v1.33.4+k3s1' } = options
    const [last = 1] = /\d+$/.exec(name)?.map(Number) ?? []
    await this.server.writer.create('/api/v1/nodes', { metadata: { name, labels }, spec: {} })
    await this.server.writer.setStatus(`/api/v1/nodes/${name}`, {
      nodeInfo: nodeInfo(version),
      addresses: [{ type: 'InternalIP', address: `192.168.${last >> 8}.${last & 255}` }],
      conditions: [{ type: 'Ready', status: 'True' }],
    })
  }

  async program(node: string): Promise<PublishedProgram | undefined> {
    const live = await this.#find(`${programs}/${node}`)
    return live === undefined ? undefined : (live['spec'] as PublishedProgram)
  }

  async programs(): Promise<readonly LiveObject[]> {
    const list = await this.#find(programs)
    return (list?.['items'] ?? []) as readonly LiveObject[]
  }

  async record(): Promise<ClusterNetworkStatus | undefined> {
    const live = await this.#find(`${records}/home`)
    return live?.['status'] as ClusterNetworkStatus | undefined
  }

  async condition(type: string): Promise<string | undefined> {
    const found = (await this.record())?.conditions.find((one) => one.type === type)
    return found === undefined ? undefined : `${found.status} ${found.reason}`
  }

  /** As the agent of a node would. */
  async agentSays(node: string, status: Partial<NodeProgramStatus>): Promise<void> {
    const spec = await this.program(node)
    const said: NodeProgramStatus = {
      observedSequence: spec?.sequence ?? 0,
      appliedProgram: '',
      appliedRevision: spec?.revision.name ?? 'none',
      verdict: 'settled',
      reason: 'Settled',
      message: 'all is well',
      conditions: [],
      agentVersion: 'test',
      formats: [1],
      ...status,
    }
    // The controller may write to the same object just then.
    await until(`${node} says it`, async () => {
      try {
        await this.server.writer.setStatus(`${programs}/${node}`, withoutEmptyTexts(said))
        return true
      } catch (error) {
        if (error instanceof Error && error.message.includes(': 409 ')) return false
        throw error
      }
    })
  }

  async editProgram(node: string, fields: Json): Promise<void> {
    await this.server.writer.setSpec(`${programs}/${node}`, fields)
  }

  async events(reason: string): Promise<readonly string[]> {
    const { items } = await this.server.writer.get(`/api/v1/namespaces/${fairleadNamespace}/events`)
    return (items as readonly Json[])
      .filter((event) => event['reason'] === reason)
      .map((event) => String(asRecord(event['involvedObject'])['name']))
      .sort()
  }

  async #find(path: string): Promise<Json | undefined> {
    try {
      return await this.server.writer.get(path)
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  }
}

/** The server of 1.20 takes an empty text for null, and does not take that. */
function withoutEmptyTexts(status: NodeProgramStatus): Json {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== ''))
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && error.message.includes(': 404 ')
}

function nodeInfo(kubeletVersion: string): Json {
  const names = [
    'machineID',
    'systemUUID',
    'bootID',
    'kernelVersion',
    'osImage',
    'containerRuntimeVersion',
    'kubeProxyVersion',
    'architecture',
  ]
  return { ...Object.fromEntries(names.map((name) => [name, ''])), operatingSystem: 'linux', kubeletVersion }
}

/** @throws when it is not so in time */
export async function until(what: string, isSo: () => Promise<boolean>, withinMs = 15_000): Promise<void> {
  const endMs = performance.now() + withinMs
  for (;;) {
    if (await isSo()) return
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms: ${what}`)
    await sleep(30)
  }
}

export async function untilItLeads({ controller }: RunningController): Promise<void> {
  await until('it leads', async () => controller.state().leads && controller.state().isReady, 30_000)
}

/** What it logged is told beside a failure, and only then. */
export function tellWhenFailed(running: RunningController): void {
  onTestFailed(() => {
    for (const line of running.lines) process.stderr.write(`${JSON.stringify(line)}\n`)
  })
}
