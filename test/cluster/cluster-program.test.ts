import { afterAll, beforeAll, expect } from 'vitest'
import { clusterInventory } from '../../src/adapters/kube/cluster-inventory.ts'
import { type KubeObjects, openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import { adoptCommand } from '../../src/cli/adopt.ts'
import { type LabelsArtefact, labelsId } from '../../src/domain/artefact.ts'
import type { ClusterObservation } from '../../src/domain/cluster-observation.ts'
import type { ClusterProgram } from '../../src/domain/program.ts'
import { enableLabel, poolDigestAnnotation, poolLabel, triggerAnnotation } from '../../src/k3s/servicelb-labels.ts'
import type { KubeEvent, LiveObject, ObjectRef } from '../../src/ports/kube-objects-port.ts'
import { ClusterMemory } from '../../src/reconcile/cluster/cluster-memory.ts'
import type { ClusterOutcome } from '../../src/reconcile/cluster/cluster-outcome.ts'
import { convergeCluster } from '../../src/reconcile/cluster/converge-cluster.ts'
import { sampleWorld } from '../cli/sample-repository.ts'
import { codeOf } from '../contract/kube-lab.ts'
import { observedCluster } from '../lab/observed-cluster.ts'
import { clusterTest, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'
import { verb } from './verbs.ts'

const signal = new AbortController().signal
let server: TestApiServer
let objects: KubeObjects
let other: KubeObjects
let hasStarted = false

beforeAll(async () => {
  try {
    server = await startApiServer()
  } catch {
    return
  }
  const target = { kubeconfigs: [server.kubeconfig] }
  objects = await openKubeObjects(target, signal)
  other = await openKubeObjects(target, signal, { manager: 'other' })
  hasStarted = true
  await server.writer.create('/api/v1/namespaces', { metadata: { name: 'fairlead-system' } })
  await server.writer.create('/api/v1/namespaces', { metadata: { name: 'shop' } })
  await server.writer.createUnlessThere('/api/v1/namespaces', { metadata: { name: 'kube-system' } })
})

afterAll(async () => {
  if (!hasStarted) return
  await Promise.all([objects.close(), other.close()])
  await server.stop()
})

clusterTest('without an adoption nothing is written, and what would be is told', async () => {
  await putNode('a-1')
  const lab = openLab('nobody')
  const outcome = await lab.pass(program([node('a-1', 'edge')]))
  expect(outcome.conditions[0]).toMatchObject({ type: 'Adopted', status: 'False', reason: 'NotAdopted' })
  expect(outcome.plan).toEqual({ changes: 1, summary: [`Node a-1: +${enableLabel}=true, +${poolLabel}=edge`] })
  expect(await labelsOf('a-1')).toEqual({})
  expect(outcome.verdict.kind).toBe('blocked')
})

clusterTest('labels come, come back after an edit, and go with the pool; what they replaced is put back', async () => {
  await putNode('b-1', { [poolLabel]: 'theirs', kept: 'yes' })
  await putService('b-web')
  const lab = openLab('home')
  await lab.adopt()
  const wanted = program([node('b-1', 'edge'), service('shop/b-web', 'edge')])

  const first = await lab.pass(wanted)
  expect(first.verdict).toMatchObject({ kind: 'settled' })
  expect(await labelsOf('b-1')).toEqual({ [enableLabel]: 'true', [poolLabel]: 'edge', kept: 'yes' })
  expect((await serviceOf('b-web')).metadata).toMatchObject({
    labels: { [poolLabel]: 'edge', app: 'b-web' },
    annotations: { [poolDigestAnnotation]: 'digest-of-edge' },
  })
  expect(await lab.pass(wanted)).toMatchObject({ verdict: { kind: 'settled' }, plan: { changes: 0 } })

  await other.patch(nodeRef('b-1'), 'merge', { metadata: { labels: { [poolLabel]: 'wrong' } } }, {}, signal)
  const repaired = await lab.pass(wanted)
  expect(repaired.plan.summary).toEqual([`Node b-1: ~${poolLabel}=edge (was wrong)`])
  expect(await labelsOf('b-1')).toMatchObject({ [poolLabel]: 'edge' })
  expect(lab.events.at(-1)).toMatchObject({
    type: 'Normal',
    reason: 'LabelsApplied',
    message: 'labels that "other" changed were put back',
    regarding: { kind: 'Node', name: 'b-1' },
  })

  const last = await lab.pass(program([]))
  expect(last).toMatchObject({ verdict: { kind: 'settled' }, inventory: [] })
  expect(await labelsOf('b-1')).toEqual({ [poolLabel]: 'theirs', kept: 'yes' })
  const released = await serviceOf('b-web')
  expect(released.metadata.labels).toEqual({ app: 'b-web' })
  expect(released.metadata.annotations).toBeUndefined()
})

clusterTest('an object that is gone is neither made nor mistaken for another of its name', async () => {
  await putNode('c-1')
  const lab = openLab('home')
  await lab.adopt()
  const before = await observedCluster(objects, signal)
  await objects.delete(nodeRef('c-1'), {}, signal)
  const wanted = program([node('c-1', 'edge')])

  const gone = await lab.pass(wanted, before)
  expect(gone.verdict).toMatchObject({ kind: 'pending', reason: 'ObjectsMoved' })
  expect(await objects.get(nodeRef('c-1'), signal)).toBeUndefined()
  expect((await lab.pass(wanted)).verdict).toMatchObject({ kind: 'pending', reason: 'ObjectMissing' })

  await putNode('c-1')
  expect((await lab.pass(wanted, before)).verdict).toMatchObject({ kind: 'pending', reason: 'ObjectsMoved' })
  expect(await labelsOf('c-1')).toEqual({})
  expect((await lab.pass(wanted)).verdict.kind).toBe('settled')
  expect(await lab.pass(program([]))).toMatchObject({ inventory: [] })
})

clusterTest(
  'values that somebody applies are reported with the name and left; Helm gets its labels from its chart',
  async () => {
    await putService('d-applied')
    const uid = (await serviceOf('d-applied')).metadata.uid
    const theirs = { name: 'd-applied', namespace: 'shop', uid, labels: { [poolLabel]: 'theirs' } }
    await other.apply({ apiVersion: 'v1', kind: 'Service', metadata: theirs }, {}, signal)
    await putService('d-chart', { 'app.kubernetes.io/managed-by': 'Helm', 'app.kubernetes.io/instance': 'web' })
    const lab = openLab('home')
    await lab.adopt()

    const outcome = await lab.pass(program([service('shop/d-applied', 'edge'), service('shop/d-chart', 'edge')]))
    expect(outcome.verdict).toMatchObject({
      kind: 'pending',
      reason: 'LabelsConflict',
      message: expect.stringContaining('Service shop/d-applied: "other" applies other values'),
    })
    expect((await serviceOf('d-applied')).metadata.labels).toMatchObject({ [poolLabel]: 'theirs' })
    expect((await serviceOf('d-chart')).metadata.labels?.[poolLabel]).toBeUndefined()
    expect(lab.events.map(({ reason }) => reason)).toEqual(['LabelsContested'])
    // Not by the next pass, which does not ask, not later, and not by another process.
    const both = program([service('shop/d-applied', 'edge'), service('shop/d-chart', 'edge')])
    expect((await lab.pass(both)).verdict.reason).toBe('LabelsConflict')
    lab.advance(30_000)
    expect((await lab.pass(both)).verdict.reason).toBe('LabelsConflict')
    expect((await openLab('home').pass(both)).verdict.reason).toBe('LabelsConflict')
    expect((await serviceOf('d-applied')).metadata.labels).toMatchObject({ [poolLabel]: 'theirs' })

    const chart = await lab.pass(program([service('shop/d-chart', 'edge')]))
    expect(chart.verdict).toMatchObject({
      reason: 'ServiceForeign',
      message: expect.stringContaining(`set ${poolLabel}=edge in service.labels`),
    })
    expect(await lab.pass(program([]))).toMatchObject({ inventory: [] })
    expect((await serviceOf('d-applied')).metadata.labels).toMatchObject({ [poolLabel]: 'theirs' })
  },
)

clusterTest('a label that somebody else applied with the same value stays when ours goes', async () => {
  await putService('e-shared')
  const uid = (await serviceOf('e-shared')).metadata.uid
  const metadata = { name: 'e-shared', namespace: 'shop', uid, labels: { [poolLabel]: 'edge' } }
  await other.apply({ apiVersion: 'v1', kind: 'Service', metadata }, {}, signal)
  const lab = openLab('home')
  await lab.adopt()
  expect((await lab.pass(program([service('shop/e-shared', 'edge')]))).verdict.kind).toBe('settled')
  await lab.pass(program([]))
  expect((await serviceOf('e-shared')).metadata.labels).toMatchObject({ [poolLabel]: 'edge' })
})

clusterTest('who keeps undoing a label is named, and answered less and less often', async () => {
  await putNode('f-1')
  const lab = openLab('home')
  await lab.adopt()
  const wanted = program([node('f-1', 'edge')])
  await lab.pass(wanted)
  let last: ClusterOutcome | undefined
  for (let round = 0; round < 20; round += 1) {
    await other.patch(nodeRef('f-1'), 'merge', { metadata: { labels: { [poolLabel]: `w${round}` } } }, {}, signal)
    last = await lab.pass(wanted)
    const { verdict } = last
    if ('revisitAfterMs' in verdict && (verdict.revisitAfterMs ?? 0) < 5_000) lab.advance(verdict.revisitAfterMs ?? 0)
  }
  expect(last?.verdict).toMatchObject({
    kind: 'pending',
    reason: 'LabelsContested',
    message: 'Node f-1: "other" keeps changing its labels',
  })
  lab.advance(30_001)
  expect((await lab.pass(wanted)).verdict.kind).toBe('settled')
  expect(lab.events).toContainEqual(expect.objectContaining({ type: 'Warning', reason: 'LabelsContested' }))
  await lab.pass(program([]))
})

clusterTest(
  'a selector that ServiceLB cannot mend costs its DaemonSet, after a trigger and never another one',
  async () => {
    await putServer('g-server')
    await putService('g-web')
    await putDaemonSet('svclb-g-web', 'g-web', { [enableLabel]: 'true' })
    const lab = openLab('home')
    await lab.adopt()
    const triggerOf = async (): Promise<string | undefined> =>
      (await serviceOf('g-web')).metadata.annotations?.[triggerAnnotation]

    expect((await lab.pass(program([]))).verdict).toMatchObject({ kind: 'pending', reason: 'ServiceLBPending' })
    lab.advance(5_000)
    await lab.pass(program([]))
    const first = await triggerOf()
    expect(first).toMatch(/^[0-9a-f]{16}$/)
    lab.advance(5_000)
    expect((await lab.pass(program([]))).plan.summary).toEqual([
      'DaemonSet kube-system/svclb-g-web: made anew, because its selector is stale (Service shop/g-web)',
      expect.stringContaining('Service shop/g-web: ~fairlead.dev/servicelb-trigger='),
    ])
    expect(await objects.get(daemonSetRef('svclb-g-web'), signal)).toBeUndefined()
    expect(await triggerOf()).not.toBe(first)

    // ServiceLB writes another one, and the trigger has done its work.
    await putDaemonSet('svclb-g-web', 'g-web', {})
    expect(await lab.pass(program([]))).toMatchObject({ verdict: { kind: 'settled' }, inventory: [] })
    expect(await triggerOf()).toBeUndefined()
    await objects.delete(nodeRef('g-server'), {}, signal)
  },
)

clusterTest('adopt --cluster-side shows what would change, asks, and lets the controller write', async () => {
  await putNode('h-1')
  // A node that nobody runs is given a taint that ServiceLB does not tolerate.
  await server.writer.setSpec('/api/v1/nodes/h-1', { taints: [] })
  await putService('h-web')
  const { repo } = sampleWorld({ 'clusters/home/network.yaml': withPool })
  const flags = { repo, kubeconfig: server.kubeconfig, cluster: 'home' }
  const inventory = clusterInventory(objects)
  const { entries } = await inventory.read(signal)
  await inventory.write({ entries }, signal)

  const unasked = await verb(repo, adoptCommand, { flags, options: { 'cluster-side': true } })
  expect([unasked.code, unasked.err]).toEqual([64, expect.stringContaining('--yes')])
  expect(unasked.out).toContain(`Node h-1: +${enableLabel}=true, +${poolLabel}=edge`)
  expect(unasked.out).toContain(`Service shop/h-web: +${poolLabel}=edge`)
  expect((await inventory.read(signal)).adoption).toBeUndefined()

  const adopted = await verb(repo, adoptCommand, { flags, options: { 'cluster-side': true, yes: true } })
  expect(adopted).toMatchObject({ code: 0, out: expect.stringContaining('adopted as cluster home\n') })
  expect((await inventory.read(signal)).adoption).toMatchObject({ cluster: 'home' })
  expect(await labelsOf('h-1')).toEqual({})
  const again = await verb(repo, adoptCommand, { flags, options: { 'cluster-side': true } })
  expect(again).toMatchObject({ code: 0, out: expect.stringContaining('already adopted as cluster home\n') })
})

clusterTest('another key of the inventory is left alone, and two writers of ours never mix', async () => {
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'fairlead-system', name: 'fairlead-inventory' }
  const [one, two] = [clusterInventory(objects), clusterInventory(objects)]
  const before = await one.read(signal)
  await two.read(signal)
  await other.patch(ref, 'merge', { data: { sequence: '41' } }, {}, signal)
  await one.write({ ...before, adoption: { cluster: 'home', adoptedAt: '2026-01-02T03:04:05Z' } }, signal)
  expect(await objects.get(ref, signal)).toMatchObject({ data: { sequence: '41' } })
  expect(await codeOf(two.write(before, signal))).toBe('KUBE_STALE')
})

const withPool = `apiVersion: fairlead.dev/v1alpha1
kind: ClusterNetwork
metadata:
  name: home
spec:
  k3sVersion: v1.33.4+k3s1
  loadBalancer:
    pools:
      - name: edge
        nodes: { names: [h-1] }
        services: [{ namespace: shop, name: h-web }]
`

interface Lab {
  readonly events: readonly KubeEvent[]
  adopt(): Promise<void>
  pass(program: ClusterProgram, observed?: ClusterObservation): Promise<ClusterOutcome>
  advance(ms: number): void
}

function openLab(cluster: string): Lab {
  const inventory = clusterInventory(objects)
  const memory = new ClusterMemory()
  const events: KubeEvent[] = []
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
  let nowMs = 1_000_000
  return {
    events,
    advance: (ms) => {
      nowMs += ms
    },
    async adopt() {
      const { entries } = await inventory.read(signal)
      await inventory.write({ adoption: { cluster, adoptedAt: '2026-01-02T03:04:05Z' }, entries }, signal)
    },
    async pass(wanted, observed) {
      const seen = observed ?? (await observedCluster(objects, signal))
      const ports = {
        objects,
        inventory,
        memory,
        log: silent,
        clock: { monotonicMs: () => nowMs },
        events: { record: (event: KubeEvent) => events.push(event) },
        observed: () => seen,
      }
      return await convergeCluster({ ...wanted, cluster }, 'main@sha1:abc', ports, signal)
    },
  }
}

function program(labels: readonly LabelsArtefact[]): ClusterProgram {
  return { apiVersion: 'fairlead.dev/v1alpha1', kind: 'ClusterProgram', cluster: 'home', labels, digest: '' }
}

function node(name: string, pool: string): LabelsArtefact {
  const labels = { [enableLabel]: 'true', [poolLabel]: pool }
  return { kind: 'node-labels', id: labelsId('node-labels', name), object: name, labels, annotations: {}, origin: '' }
}

function service(object: string, pool: string): LabelsArtefact {
  const annotations = { [poolDigestAnnotation]: `digest-of-${pool}` }
  const id = labelsId('service-labels', object)
  return { kind: 'service-labels', id, object, labels: { [poolLabel]: pool }, annotations, origin: '' }
}

async function putNode(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
  await server.writer.create('/api/v1/nodes', { metadata: { name, labels } })
}

let ports = 8_000

/** Each with a port of its own: two Services that want the same one are an error of the cluster. */
async function putService(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
  ports += 1
  await server.writer.create('/api/v1/namespaces/shop/services', {
    metadata: { name, labels: { app: name, ...labels } },
    spec: { type: 'LoadBalancer', ports: [{ port: ports }] },
  })
}

async function putServer(name: string): Promise<void> {
  await putNode(name, { 'node-role.kubernetes.io/control-plane': 'true' })
  const version = 'v1.33.4+k3s1'
  const texts = [
    'machineID',
    'systemUUID',
    'bootID',
    'kernelVersion',
    'osImage',
    'containerRuntimeVersion',
    'architecture',
  ]
  const empty = Object.fromEntries(texts.map((key) => [key, '']))
  const nodeInfo = { ...empty, operatingSystem: 'linux', kubeletVersion: version, kubeProxyVersion: version }
  await server.writer.setStatus(`/api/v1/nodes/${name}`, { nodeInfo })
}

async function putDaemonSet(name: string, of: string, nodeSelector: Readonly<Record<string, string>>): Promise<void> {
  const servicelb = 'svccontroller.k3s.cattle.io'
  const labels = { [`${servicelb}/svcname`]: of, [`${servicelb}/svcnamespace`]: 'shop' }
  await server.writer.create('/apis/apps/v1/namespaces/kube-system/daemonsets', {
    metadata: { name, labels: { ...labels, [`${servicelb}/nodeselector`]: 'true' } },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name, ...labels } },
        spec: { containers: [{ name: 'lb', image: 'i' }], nodeSelector },
      },
    },
  })
}

function daemonSetRef(name: string): ObjectRef {
  return { apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: 'kube-system', name }
}

function nodeRef(name: string): { readonly apiVersion: 'v1'; readonly kind: 'Node'; readonly name: string } {
  return { apiVersion: 'v1', kind: 'Node', name }
}

async function labelsOf(name: string): Promise<Readonly<Record<string, string>>> {
  return (await objects.get(nodeRef(name), signal))?.metadata.labels ?? {}
}

async function serviceOf(name: string): Promise<LiveObject> {
  const live = await objects.get({ apiVersion: 'v1', kind: 'Service', namespace: 'shop', name }, signal)
  if (live === undefined) throw new Error(`no Service ${name}`)
  return live
}

saySkipped()
