import { fileId } from '../../../src/domain/artefact.ts'
import { Failure } from '../../../src/domain/failure.ts'
import type { Inventory } from '../../../src/domain/inventory.ts'
import type { NodeProgram } from '../../../src/domain/program.ts'
import { k3sPaths } from '../../../src/k3s/locations.ts'
import type { KubeEvent } from '../../../src/ports/kube-objects-port.ts'
import type { LastGood } from '../../../src/ports/node-state-port.ts'
import { DeployLoop } from '../../../src/reconcile/deploy/deploy-loop.ts'
import type { DeployNews } from '../../../src/reconcile/manifest-deployment.ts'
import { MapApi } from '../../conformance/map-api.ts'
import { MapDisk } from '../../conformance/map-disk.ts'
import { zlibCodec } from '../../conformance/simulated-server.ts'
import { recordingLog } from '../../lab/recording-log.ts'
import { MapObjects } from './map-objects.ts'

export const manifest = (name: string): string => `${k3sPaths.manifests}/${name}`

export const unreachable = new Failure('the API server cannot be reached', {
  code: 'KUBE_UNREACHABLE',
  where: 'https://127.0.0.1:6443',
  fix: 'look whether it runs',
  retry: 'soon',
})

/** A deploy loop over a directory and a cluster in memory, with a clock that moves only when it is told to. */
export class DeployBench {
  readonly disk = new MapDisk()
  readonly api = new MapApi()
  readonly objects = new MapObjects(this.api)
  readonly events: KubeEvent[] = []
  readonly log = recordingLog()
  readonly counted: unknown[] = []
  inventory: Inventory = { entries: new Map() }
  isNamed = true
  /** Why the kubeconfig cannot be used. */
  refusal: Failure | undefined
  nowMs = 0
  /** Times that an API was opened and closed. */
  opened = 0
  closed = 0
  program: NodeProgram
  readonly loop: DeployLoop

  constructor(program: Partial<NodeProgram> = {}) {
    this.program = programOf(program)
    this.loop = new DeployLoop({
      files: {
        tree: async () => this.disk.tree(),
        read: async (path) => {
          const content = this.disk.read(path)
          if (typeof content === 'string') throw fileFailure(content)
          return content
        },
        remove: async (path) => {
          const message = this.disk.remove(path)
          if (message !== undefined) throw fileFailure(message)
        },
      },
      codec: zlibCodec,
      api: { isNamed: () => this.isNamed, open: () => this.#open() },
      state: { readInventory: async () => this.inventory },
      clock: {
        nowMs: () => 1_800_000_000_000 + this.nowMs,
        monotonicMs: () => this.nowMs,
        sleep: async (ms) => {
          this.nowMs += ms
        },
        schedule: () => () => {},
      },
      log: this.log,
      metrics: {
        passEnded: (target, verdict) => this.counted.push(`${target} ${verdict}`),
        changeApplied: () => {},
        fetchEnded: () => {},
        driftRepaired: () => {},
        objectsDeployed: (counts) => this.counted.push(counts),
        conditionIs: () => {},
        webhookAnswered: () => {},
      },
    })
  }

  get inForce(): LastGood {
    return { program: this.program, revision: { name: 'main@sha1:1', commit: '1', author: 'a', subject: 's' } }
  }

  async pass(): Promise<DeployNews> {
    const adoption = { cluster: this.program.cluster, node: 'pi-1', adoptedAt: '2026-01-01T00:00:00Z', takenOver: {} }
    return await this.loop.pass({ program: this.inForce, adoption }, new AbortController().signal)
  }

  /** Reasons and Addons of the Events since the last call. */
  takeEvents(): readonly string[] {
    return this.events.splice(0).map(({ reason, regarding }) => `${reason} ${regarding.name}`)
  }

  async #open(): ReturnType<ConstructorParameters<typeof DeployLoop>[0]['api']['open']> {
    if (this.refusal !== undefined) throw this.refusal
    this.opened += 1
    return {
      objects: this.objects.port,
      events: { record: (event) => void this.events.push(event) },
      close: async () => {
        this.closed += 1
      },
    }
  }
}

/** Nothing packaged, so that a directory holds what a test wrote. */
export function programOf(program: Partial<NodeProgram>): NodeProgram {
  return {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'NodeProgram',
    cluster: 'home',
    node: 'pi-1',
    role: 'server',
    k3sVersion: 'v1.36.3+k3s1',
    files: [],
    packaged: { disabled: ['coredns', 'traefik'], clusterDNS: ['10.43.0.10'], clusterDomain: 'cluster.local' },
    drift: { packagedFiles: 'Restore', drops: 'Allow' },
    digest: 'one',
    ...program,
  }
}

/** A manifest that the program wants. */
export function wanted(name: string): NodeProgram['files'][number] {
  const path = manifest(name)
  return { kind: 'file', id: fileId(path), location: 'manifest', path, text: '', origin: 'program' }
}

function fileFailure(message: string): Failure {
  return new Failure(message, { code: 'MANIFEST_REFUSED', where: k3sPaths.manifests, fix: 'none', retry: 'soon' })
}
