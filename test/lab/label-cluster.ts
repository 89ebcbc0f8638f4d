import { type ClusterInventory, emptyClusterInventory } from '../../src/domain/cluster-inventory.ts'
import type { ClusterObservation } from '../../src/domain/cluster-observation.ts'
import type { KubernetesObject } from '../../src/domain/facts.ts'
import { Failure } from '../../src/domain/failure.ts'
import { asRecord, textMapIn } from '../../src/domain/plain-json.ts'
import { expectedSelector } from '../../src/k3s/servicelb/selector.ts'
import { enableLabel } from '../../src/k3s/servicelb-labels.ts'
import { parseK3sVersion } from '../../src/k3s/version/k3s-version.ts'
import type { ClusterInventoryPort } from '../../src/ports/cluster-inventory-port.ts'
import type { LiveObject, ObjectRef } from '../../src/ports/kube-objects-port.ts'
import type { StepObjects } from '../../src/reconcile/cluster/take-step.ts'

type Texts = Record<string, string>
type Part = 'labels' | 'annotations'

interface Stored {
  readonly kind: 'Node' | 'Service'
  readonly key: string
  readonly uid: string
  version: number
  readonly labels: Texts
  readonly annotations: Texts
  /** `labels key` → who applied it, and who wrote it otherwise. */
  readonly appliers: Map<string, Set<string>>
  readonly writers: Map<string, string>
}

interface DaemonSet {
  readonly uid: string
  /** As ServiceLB's own merge wrote it the last time. */
  ensured: Texts
  nodeSelector: Texts
}

export const release = 'v1.33.4+k3s1'

/**
 * Nodes and Services with labels that several managers own, as server-side apply has them, and a ServiceLB that places as
 * K3s' cloud controller does, with its known mistakes: a first node with `enablelb` replaces selectors, and what that put
 * there is never taken away again (k3s-networking §5.3, §5.8). Nothing else of an API server is played.
 */
export class LabelCluster {
  readonly #objects = new Map<string, Stored>()
  readonly #daemonSets = new Map<string, DaemonSet>()
  readonly #seen = new Map<string, string>()
  #inventory: ClusterInventory = emptyClusterInventory
  #count = 0
  /** Calls of ports from now on until one of them is the last that this process makes. */
  killAfter = Number.POSITIVE_INFINITY
  /** Code of the failure that every write of an object ends with. */
  outage: string | undefined
  /** Names of objects that may not be written. */
  readonly denied = new Set<string>()
  /** Calls that change something. */
  writes = 0

  put(kind: 'Node' | 'Service', key: string, labels: Texts = {}, annotations: Texts = {}): void {
    const fields = [
      ...Object.keys(labels).map((one) => `labels ${one}`),
      ...Object.keys(annotations).map((one) => `annotations ${one}`),
    ]
    this.#objects.set(`${kind} ${key}`, {
      kind,
      key,
      uid: this.#next('uid'),
      version: this.#version(),
      labels: { ...labels },
      annotations: { ...annotations },
      appliers: new Map(),
      writers: new Map(fields.map((field) => [field, 'creator'])),
    })
  }

  remove(kind: 'Node' | 'Service', key: string): void {
    this.#objects.delete(`${kind} ${key}`)
    if (kind === 'Service') this.#daemonSets.delete(key)
  }

  /** `kubectl label`, by somebody. */
  edit(kind: 'Node' | 'Service', key: string, label: string, value: string | undefined): void {
    const stored = this.#objects.get(`${kind} ${key}`)
    if (stored !== undefined) this.#write(stored, 'labels', label, value, 'kubectl-label')
  }

  labels(kind: 'Node' | 'Service', key: string): Texts {
    return { ...this.#objects.get(`${kind} ${key}`)?.labels }
  }

  annotations(key: string): Texts {
    return { ...this.#objects.get(`Service ${key}`)?.annotations }
  }

  selector(service: string): Texts | undefined {
    return this.#daemonSets.get(service)?.nodeSelector
  }

  adopt(cluster: string): void {
    this.#inventory = { ...this.#inventory, adoption: { cluster, adoptedAt: '' } }
  }

  get entries(): ClusterInventory['entries'] {
    return this.#inventory.entries
  }

  observed(): ClusterObservation {
    const of = (kind: Stored['kind']): Stored[] => [...this.#objects.values()].filter((one) => one.kind === kind)
    const common = ({ uid, version, labels }: Stored) => ({
      uid,
      resourceVersion: String(version),
      labels: { ...labels },
    })
    return {
      nodes: new Map(of('Node').map((one) => [one.key, { name: one.key, ...common(one) }])),
      services: new Map(
        of('Service').map((one) => {
          const [namespace = '', name = ''] = one.key.split('/')
          const annotations = { ...one.annotations }
          return [one.key, { namespace, name, type: 'LoadBalancer', annotations, ...common(one) }]
        }),
      ),
      daemonSets: [...this.#daemonSets].map(([service, { uid, nodeSelector }]) => {
        const name = `svclb-${service.replace('/', '-')}`
        return { service, namespace: 'kube-system', name, uid, nodeSelector: { ...nodeSelector } }
      }),
      k3sVersion: release,
    }
  }

  /** Everything that K3s makes of what changed since the last time: node events first, then Services. */
  k3s(): void {
    const { nodes, services } = this.observed()
    const allowList = [...nodes.values()].some(({ labels }) => enableLabel in labels)
    for (const daemonSet of this.#daemonSets.values()) {
      if (allowList && !(enableLabel in daemonSet.nodeSelector)) daemonSet.nodeSelector = { [enableLabel]: 'true' }
    }
    const version = parseK3sVersion(release)
    if (version === undefined) throw new Error(release)
    for (const [key, service] of services) {
      const seen = `${service.uid} ${JSON.stringify(service.annotations)}`
      if (this.#seen.get(key) === seen) continue
      this.#seen.set(key, seen)
      const wanted = expectedSelector(service, allowList, version)
      const old = this.#daemonSets.get(key)
      const kept = Object.entries(old?.nodeSelector ?? {}).filter(([name]) => !(name in (old?.ensured ?? {})))
      this.#daemonSets.set(key, {
        uid: old?.uid ?? this.#next('ds'),
        ensured: { ...wanted },
        nodeSelector: { ...Object.fromEntries(kept), ...wanted },
      })
    }
  }

  readonly inventory: ClusterInventoryPort = {
    read: async () => this.#call(false, () => this.#inventory),
    write: async (next) =>
      this.#call(true, () => {
        this.#inventory = next
      }),
  }

  readonly objects: StepObjects = {
    get: async (ref) => this.#call(false, () => this.#live(ref)),
    apply: async (object, { force = false }) => this.#call(true, () => this.#apply(object, force)),
    patch: async (ref, _form, patch) =>
      this.#call(true, () => {
        const stored = this.#stored(ref)
        const metadata = asRecord(patch['metadata'])
        for (const part of ['labels', 'annotations'] as const) {
          for (const [key, value] of Object.entries(textMapIn(metadata[part]))) {
            this.#write(stored, part, key, value, 'fairlead')
          }
        }
        return this.#answer(stored)
      }),
    delete: async ({ name }, { uid }) =>
      this.#call(true, () => {
        const found = [...this.#daemonSets].find(([, one]) => one.uid === uid)
        if (found === undefined) throw failure('KUBE_STALE', name)
        this.#daemonSets.delete(found[0])
        return 'deleted' as const
      }),
  }

  #call<Answer>(isWrite: boolean, run: () => Answer): Answer {
    this.killAfter -= 1
    if (this.killAfter < 0) throw new Error('killed')
    if (isWrite) this.writes += 1
    const answer = run()
    // The process is gone before it hears of what it did.
    if (this.killAfter === 0) throw new Error('killed')
    return answer
  }

  #apply({ kind, metadata }: KubernetesObject, force: boolean): LiveObject {
    const stored = this.#stored({ apiVersion: 'v1', kind, ...metadata })
    const { uid, resourceVersion } = asRecord(metadata)
    if (this.outage !== undefined) throw failure(this.outage, stored.key)
    if (this.denied.has(metadata.name)) throw failure('KUBE_DENIED', stored.key)
    if (uid !== stored.uid) throw failure('KUBE_STALE', stored.key)
    if (resourceVersion !== undefined && resourceVersion !== String(stored.version))
      throw failure('KUBE_STALE', stored.key)
    const wanted = (['labels', 'annotations'] as const).flatMap((part) =>
      Object.entries(metadata[part] ?? {}).map(([key, value]) => ({ part, key, value, field: `${part} ${key}` })),
    )
    const conflicts = wanted.flatMap(({ part, key, value, field }) => {
      if (stored[part][key] === undefined || stored[part][key] === value) return []
      return this.#others(stored, field).map((manager) => ({ manager, field }))
    })
    if (conflicts.length > 0 && !force) throw failure('KUBE_CONFLICT', stored.key, { conflicts })
    for (const { part, key, value, field } of wanted) {
      if (stored[part][key] !== value) this.#write(stored, part, key, value, undefined)
      stored.appliers.set(field, (stored.appliers.get(field) ?? new Set()).add('fairlead'))
    }
    for (const [field, managers] of stored.appliers) {
      if (!managers.has('fairlead') || wanted.some((one) => one.field === field)) continue
      managers.delete('fairlead')
      const [part, key] = field.split(' ') as [Part, string]
      if (this.#others(stored, field).length === 0) this.#write(stored, part, key, undefined, undefined)
    }
    return this.#answer(stored)
  }

  #others({ appliers, writers }: Stored, field: string): readonly string[] {
    const writer = writers.get(field)
    const applied = [...(appliers.get(field) ?? [])].filter((manager) => manager !== 'fairlead')
    return writer === undefined ? applied : [...applied, writer]
  }

  #write(stored: Stored, part: Part, key: string, value: string | undefined, writer: string | undefined): void {
    const field = `${part} ${key}`
    if (stored[part][key] === value) return
    stored.appliers.delete(field)
    stored.writers.delete(field)
    if (value === undefined) delete stored[part][key]
    else stored[part][key] = value
    if (value !== undefined && writer !== undefined) stored.writers.set(field, writer)
    stored.version = this.#version()
  }

  #stored({ kind, namespace, name }: ObjectRef): Stored {
    const stored = this.#objects.get(`${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`)
    if (stored === undefined) throw failure('KUBE_STALE', name)
    return stored
  }

  #live(ref: ObjectRef): LiveObject | undefined {
    try {
      return this.#answer(this.#stored(ref))
    } catch {
      return undefined
    }
  }

  #answer({ kind, key, uid, version, labels, annotations, appliers }: Stored): LiveObject {
    const [name = '', namespace] = key.split('/').toReversed()
    const managers = new Set([...appliers.values()].flatMap((names) => [...names]))
    const managedFields = [...managers].map((manager) => {
      const owned = (part: Part) =>
        Object.fromEntries(
          [...appliers].flatMap(([field, names]) =>
            names.has(manager) && field.startsWith(`${part} `) ? [[`f:${field.slice(part.length + 1)}`, {}]] : [],
          ),
        )
      const fieldsV1 = { 'f:metadata': { 'f:labels': owned('labels'), 'f:annotations': owned('annotations') } }
      return { manager, operation: 'Apply', fieldsV1 }
    })
    const metadata = {
      name,
      uid,
      resourceVersion: String(version),
      labels: { ...labels },
      annotations: { ...annotations },
      managedFields,
    }
    return { apiVersion: 'v1', kind, metadata: namespace === undefined ? metadata : { ...metadata, namespace } }
  }

  #next(prefix: string): string {
    return `${prefix}-${this.#version()}`
  }

  #version(): number {
    this.#count += 1
    return this.#count
  }
}

function failure(code: string, where: string, cause?: unknown): Failure {
  return new Failure(code, { code, where, fix: '', retry: 'soon' }, cause === undefined ? undefined : { cause })
}
