/**
 * One drifted label among 2,000 nodes and 3,000 Services: CPU time of a pass over the watched cluster, collection of
 * garbage included, with an API that answers at once. A quiet pass beside it.
 *
 *     node bench/converge-labels.ts
 */
import { type LabelsArtefact, labelsId } from '../src/domain/artefact.ts'
import type { ClusterInventory } from '../src/domain/cluster-inventory.ts'
import type { ClusterObservation } from '../src/domain/cluster-observation.ts'
import type { ClusterProgram } from '../src/domain/program.ts'
import { enableLabel, poolDigestAnnotation, poolLabel } from '../src/k3s/servicelb-labels.ts'
import { ClusterMemory } from '../src/reconcile/cluster/cluster-memory.ts'
import { convergeCluster } from '../src/reconcile/cluster/converge-cluster.ts'
import type { StepObjects } from '../src/reconcile/cluster/take-step.ts'

const [nodeCount, serviceCount, passes] = [2_000, 3_000, 100]
/** A process that watches has looked many times before somebody edits a label. */
const warmUp = 20
const names = Array.from({ length: nodeCount }, (_, at) => `node-${at}`)
const keys = Array.from({ length: serviceCount }, (_, at) => `space-${at % 50}/service-${at}`)
const poolOf = (at: number): string => `pool-${at % 10}`

const labels: readonly LabelsArtefact[] = [
  ...names.map((object, at) => {
    const wanted = { [enableLabel]: 'true', [poolLabel]: poolOf(at) }
    const id = labelsId('node-labels', object)
    return { kind: 'node-labels', id, object, labels: wanted, annotations: {}, origin: '' } as const
  }),
  ...keys.map((object, at) => {
    const annotations = { [poolDigestAnnotation]: `digest-of-${poolOf(at)}` }
    const id = labelsId('service-labels', object)
    return { kind: 'service-labels', id, object, labels: { [poolLabel]: poolOf(at) }, annotations, origin: '' } as const
  }),
]
const program: ClusterProgram = {
  apiVersion: 'fairlead.dev/v1alpha1',
  kind: 'ClusterProgram',
  cluster: 'home',
  labels,
  digest: '',
}
const replaced = { labels: {}, annotations: {} }
const inventory: ClusterInventory = {
  adoption: { cluster: 'home', adoptedAt: '' },
  entries: new Map(
    labels.map(({ id, labels: own, annotations }) => [id, { id, labels: own, annotations, replaced, revision: '' }]),
  ),
}

/** As watches build it on every call, with one node that somebody relabelled. */
function observed(drifted: number | undefined): ClusterObservation {
  return {
    nodes: new Map(
      names.map((name, at) => {
        const pool = at === drifted ? 'wrong' : poolOf(at)
        const own = { [enableLabel]: 'true', [poolLabel]: pool, 'kubernetes.io/hostname': name }
        return [name, { name, uid: name, resourceVersion: '1', labels: own }]
      }),
    ),
    services: new Map(
      keys.map((key, at) => {
        const [namespace = '', name = ''] = key.split('/')
        const annotations = { [poolDigestAnnotation]: `digest-of-${poolOf(at)}` }
        const own = { [poolLabel]: poolOf(at), app: name }
        return [
          key,
          { namespace, name, uid: key, resourceVersion: '1', type: 'LoadBalancer', labels: own, annotations },
        ]
      }),
    ),
    daemonSets: keys.map((service, at) => ({
      service,
      namespace: 'kube-system',
      name: `svclb-${at}`,
      uid: `ds-${at}`,
      nodeSelector: { [enableLabel]: 'true', [poolLabel]: poolOf(at) },
    })),
    k3sVersion: 'v1.33.4+k3s1',
  }
}

const objects: StepObjects = {
  get: async () => undefined,
  apply: async ({ apiVersion, kind, metadata }) => ({
    apiVersion,
    kind,
    metadata: { ...metadata, uid: metadata.name, resourceVersion: '2' },
  }),
  patch: async () => {
    throw new Error('nothing is put back here')
  },
  delete: async () => 'deleted',
}

async function measure(drifted: (pass: number) => number | undefined): Promise<readonly number[]> {
  const times: number[] = []
  for (let pass = 0; pass < warmUp + passes; pass += 1) {
    let seen = observed(drifted(pass))
    const ports = {
      objects,
      inventory: { read: async () => inventory, write: async () => undefined },
      events: { record: () => undefined },
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
      clock: { monotonicMs: () => performance.now() },
      memory: new ClusterMemory(),
      observed: () => seen,
    }
    const before = process.cpuUsage()
    const { plan } = await convergeCluster(program, 'bench', ports, new AbortController().signal)
    const { user, system } = process.cpuUsage(before)
    if (pass >= warmUp) times.push((user + system) / 1_000)
    if (plan.changes !== (drifted(pass) === undefined ? 0 : 1)) throw new Error(`${plan.changes} changes`)
    seen = observed(undefined)
  }
  return times.toSorted((a, b) => a - b)
}

function shown(name: string, times: readonly number[]): void {
  const at = (share: number): string => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(1)
  console.log(`${name}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms (${times.length} passes)`)
}

console.log(`${nodeCount} nodes, ${serviceCount} Services; bar: 50 ms`)
shown('one drifted label', await measure((pass) => (pass * 37) % nodeCount))
shown('nothing to do', await measure(() => undefined))
