import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect } from 'vitest'
import { openCheckout } from '../../src/adapters/checkout/checkout-reader.ts'
import { type KubeObjects, openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import type { ClusterNetworkStatus } from '../../src/domain/cluster-record.ts'
import type { KubernetesObject } from '../../src/domain/facts.ts'
import {
  contentName,
  fairleadKinds,
  fairleadNamespace,
  fairleadNamespaceObject,
} from '../../src/domain/fairlead-api.ts'
import { asList, asRecord, type Json } from '../../src/domain/plain-json.ts'
import type { NodeProgramStatus } from '../../src/domain/published-program.ts'
import type { KubeKind } from '../../src/ports/kube-objects-port.ts'
import type { RepositoryReader } from '../../src/ports/repository-port.ts'
import { loadDesired } from '../../src/reconcile/load-desired.ts'
import { packProgram } from '../../src/render/pack-program.ts'
import { fairleadCrds } from '../../src/schema/api/crds.ts'
import { parseNodeProgram } from '../../src/schema/program/node-program.ts'
import { parsePublishedProgram } from '../../src/schema/program/published-program.ts'
import { contentsOf, unpackProgram } from '../../src/schema/program/unpack-program.ts'
import { sha256Hex } from '../../src/text/digest.ts'
import { signatureHolds, signProgram } from '../../src/text/program-signature.ts'
import { goldenCases } from '../golden/golden-cases.ts'
import { desiredState } from '../lab/desired-state.ts'
import { longProgram } from '../lab/filter-programs.ts'
import {
  nodeProgram,
  peersOf,
  peersWithout,
  publishedProgram,
  testKey,
  unsignedProgram,
} from '../lab/published-programs.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'

const signal = new AbortController().signal
let running: { readonly server: TestApiServer; readonly objects: KubeObjects; readonly other: KubeObjects } | undefined

beforeAll(async () => {
  if (!hasApiServer) return
  const server = await startApiServer()
  const target = { kubeconfigs: [server.kubeconfig] }
  const objects = await openKubeObjects(target, signal)
  const other = await openKubeObjects(target, signal, { manager: 'somebody' })
  running = { server, objects, other }
  await objects.apply(fairleadNamespaceObject, {}, signal)
  for (const crd of fairleadCrds()) await objects.apply(crd, {}, signal)
  for (const kind of Object.values(fairleadKinds)) await untilServed(objects, kind)
})

afterAll(async () => {
  await running?.objects.close()
  await running?.other.close()
  await running?.server.stop()
})

async function untilServed(objects: KubeObjects, kind: KubeKind): Promise<void> {
  while ((await objects.resource(kind, signal)) === undefined) await sleep(100)
}

function cluster(): NonNullable<typeof running> {
  if (running === undefined) throw new Error('the API server did not start')
  return running
}

function clusterNetwork(name: string, spec: unknown): KubernetesObject {
  return { ...fairleadKinds.clusterNetwork, metadata: { namespace: fairleadNamespace, name }, spec: plain(spec) }
}

function programObject(node: string, spec: unknown): KubernetesObject {
  return { ...fairleadKinds.nodeProgram, metadata: { namespace: fairleadNamespace, name: node }, spec: plain(spec) }
}

function contentObject(digest: string, data: string): KubernetesObject {
  const metadata = { namespace: fairleadNamespace, name: contentName(digest) }
  return { ...fairleadKinds.programContent, metadata, data }
}

/** Without what is undefined, as everything that is sent. */
function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json
}

async function read(kind: KubeKind, name: string): Promise<Json> {
  const live = await cluster().objects.get({ ...kind, namespace: fairleadNamespace, name }, signal)
  if (live === undefined) throw new Error(`${kind.kind} ${name} is not there`)
  return live
}

async function kubectl(...words: readonly string[]): Promise<string> {
  const common = ['--kubeconfig', cluster().server.kubeconfig, '-n', fairleadNamespace]
  const { stdout } = await promisify(execFile)('kubectl', [...common, ...words])
  return stdout
}

clusterTest('the definitions are taken as structural schemas, and again without a change', async () => {
  const { objects } = cluster()
  for (const crd of fairleadCrds()) {
    const live = await objects.get({ ...crd, name: crd.metadata.name }, signal)
    const conditions = asList(asRecord(live?.['status'])['conditions']).map(asRecord)
    const said = Object.fromEntries(conditions.map(({ type, status }) => [String(type), status]))
    expect(said).toMatchObject({ Established: 'True', NamesAccepted: 'True' })
    expect(said['NonStructuralSchema']).toBeUndefined()
    const { metadata } = await objects.apply(crd, {}, signal)
    expect(metadata.resourceVersion).toBe(live?.metadata.resourceVersion)
  }
})

interface NamedSpec {
  readonly name: string
  readonly spec: unknown
}

/** Of the template, of the realistic clusters and of the golden ones, all that are correct. */
async function documentSpecs(): Promise<readonly NamedSpec[]> {
  const [template, fixtures] = ['../../cluster-repo-template', '../fixtures'].map((path) =>
    join(import.meta.dirname, path),
  )
  if (template === undefined || fixtures === undefined) throw new Error('no folders')
  const clusters = [...clustersIn(template), ...clustersIn(fixtures)]
  const golden = Map.groupBy(goldenCases(), ({ clusterDirectory }) => clusterDirectory)
  const cases = [...clusters, ...[...golden.values()].flatMap(([first]) => (first === undefined ? [] : [first]))]
  const loaded = await Promise.all(
    cases.map(async ({ reader, clusterDirectory }) => {
      const outcome = await loadDesired(reader, clusterDirectory, signal)
      return outcome.kind === 'loaded' ? [{ name: clusterDirectory, spec: outcome.desired.cluster.spec }] : []
    }),
  )
  return loaded.flat()
}

function clustersIn(root: string): readonly { readonly reader: RepositoryReader; readonly clusterDirectory: string }[] {
  const reader = openCheckout(root)
  return readdirSync(join(root, 'clusters')).map((name) => ({ reader, clusterDirectory: `clusters/${name}` }))
}

clusterTest('the spec of every document of the tests is taken, comes back as it is, and is then applied', async () => {
  const specs = await documentSpecs()
  expect(specs.length).toBeGreaterThan(60)
  const written = specs.map(({ spec }, index) => clusterNetwork(`document-${index}`, spec))
  for (const object of written) {
    const live = await cluster().objects.apply(object, {}, signal)
    expect(live['spec']).toEqual(object['spec'])
  }
  expect(await cluster().objects.unapplied(written, signal)).toEqual([])
  await Promise.all(
    written.map(({ metadata }) =>
      cluster().objects.delete({ ...fairleadKinds.clusterNetwork, ...metadata }, {}, signal),
    ),
  )
})

clusterTest('values of charts come back as they are, whatever is in them', async () => {
  const values = {
    nothing: null,
    inside: { nothing: null, list: [null, { nothing: null }], empty: {}, none: [] },
    numbers: [0, -1, 1.5, 2 ** 53 - 1, 1e21, 0.1],
    texts: ['', '<&>', '\u2028', '🚢', '1e3', 'no'],
    'key.with/dots and spaces': { '': 1, $ref: '#/x', 'x-kubernetes-int-or-string': 1 },
    ['__proto__x']: [[[1]]],
  }
  const { spec } = desiredState({
    components: { traefik: { values } },
    helmChartConfigs: [{ name: 'cilium', values }],
    k3sFlags: { servers: { 'kubelet-arg': ['a=b', 1, true], debug: true, v: 2, 'data-dir': '/x' } },
  }).cluster
  const object = clusterNetwork('values', spec)
  await cluster().objects.apply(object, {}, signal)
  expect((await read(fairleadKinds.clusterNetwork, 'values'))['spec']).toEqual(object['spec'])
  expect(await cluster().objects.unapplied([object], signal)).toEqual([])
})

const goodSpec = plain(desiredState().cluster.spec)
const mistakes: readonly { readonly name: string; readonly spec: Json; readonly field: string }[] = [
  {
    name: 'a backend that does not exist',
    spec: { ...goodSpec, cni: { flannel: { backend: 'vxlann' } } },
    field: 'spec.cni.flannel.backend',
  },
  {
    name: 'a switch in words',
    spec: { ...goodSpec, components: { traefik: { enabled: 'yes' } } },
    field: 'spec.components.traefik.enabled',
  },
  { name: 'a release of something else', spec: { ...goodSpec, k3sVersion: 'v1.33.4' }, field: 'spec.k3sVersion' },
  {
    name: 'a number that is too high',
    spec: { ...goodSpec, cni: { flannel: { vxlan: { port: 70_000 } } } },
    field: 'spec.cni.flannel.vxlan.port',
  },
  {
    name: 'a pool without a name',
    spec: { ...goodSpec, loadBalancer: { pools: [{ nodes: { names: ['a'] } }] } },
    field: 'spec.loadBalancer.pools',
  },
  { name: 'a misspelt field', spec: { ...goodSpec, cni: { flanel: { backend: 'vxlan' } } }, field: 'spec.cni.flanel' },
  { name: 'a spec without a release', spec: { cni: {} }, field: 'spec.k3sVersion' },
]

clusterTest('somebody who applies a mistake is refused, and told the field', async () => {
  for (const { name, spec, field } of mistakes) {
    const refused = cluster().other.apply(clusterNetwork('mistaken', spec), { dryRun: true }, signal)
    await expect(refused, name).rejects.toMatchObject({
      detail: { code: 'KUBE_INVALID' },
      message: expect.stringContaining(field),
    })
  }
  await expect(
    cluster().other.apply(clusterNetwork('mistaken', goodSpec), { dryRun: true }, signal),
  ).resolves.toMatchObject({ kind: 'ClusterNetwork' })
})

clusterTest(
  'what somebody else adds to a spec is a conflict for them, and gone when ours is applied again',
  async () => {
    const { objects, other } = cluster()
    const ours = clusterNetwork('shared', goodSpec)
    await objects.apply(ours, {}, signal)
    const theirs = clusterNetwork('shared', { ...goodSpec, k3sFlags: { servers: { debug: true } } })
    await expect(other.apply(theirs, {}, signal)).rejects.toMatchObject({
      detail: { code: 'KUBE_CONFLICT' },
      cause: { conflicts: [{ manager: 'fairlead', field: '.spec' }] },
    })
    await other.patch(
      { ...fairleadKinds.clusterNetwork, namespace: fairleadNamespace, name: 'shared' },
      'merge',
      { spec: { k3sFlags: { servers: { debug: true } } } },
      {},
      signal,
    )
    expect(await objects.unapplied([ours], signal)).toEqual([ours])
    await objects.apply(ours, { force: true }, signal)
    expect((await read(fairleadKinds.clusterNetwork, 'shared'))['spec']).toEqual(goodSpec)
  },
)

/** No object of etcd may be longer than 1.5 MiB, and none of ours comes near. */
const mebibyte = 1024 * 1024

clusterTest(
  '10,000 rules, a long manifest and 2,000 peers go through the API and come out with their digest',
  async () => {
    const peers = peersOf(2_000)
    const node = 'n-0042'
    const manifests = {
      'calico.yaml': '# "spec": <calico> & more\n'.repeat(14_000),
      'odd.yaml': '<\u2028漢🚢\u0000\ud83d'.repeat(20_000),
    }
    const program = nodeProgram({ node, manifests, filter: longProgram(10_000), peers: peersWithout(peers, node) })
    const { program: packed, contents } = packProgram(program, { podRoutePeers: peers })
    const published = signProgram({ ...unsignedProgram, node, digest: program.digest, program: packed }, testKey)
    for (const [digest, data] of contents) await cluster().objects.apply(contentObject(digest, data), {}, signal)
    await cluster().objects.apply(programObject(node, published), {}, signal)

    const live = await read(fairleadKinds.nodeProgram, node)
    expect(Buffer.byteLength(JSON.stringify(live))).toBeLessThan(64 * 1024)
    const envelope = parsePublishedProgram(live['spec'])
    if (!envelope.ok) throw new Error(envelope.error.join('\n'))
    expect(signatureHolds(envelope.value, testKey.publicPem)).toBe(true)
    const fetched = new Map<string, string>()
    for (const digest of contentsOf(envelope.value.program)) {
      const content = await read(fairleadKinds.programContent, contentName(digest))
      expect(Buffer.byteLength(asWritten(content))).toBeLessThan(mebibyte)
      fetched.set(digest, String(content['data']))
    }
    expect(fetched.size).toBeGreaterThan(25)
    const unpacked = unpackProgram(envelope.value.program, node, fetched)
    if (!unpacked.ok) throw new Error(unpacked.error)
    expect(unpacked.value).toBe(JSON.stringify(program))
    const accepted = parseNodeProgram(unpacked.value)
    expect(accepted.ok && accepted.value.digest).toBe(published.digest)
    expect(await cluster().objects.unapplied([programObject(node, published)], signal)).toEqual([])
  },
)

/** As Go writes JSON into etcd. */
function asWritten(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[<>&\u2028\u2029]/g, '\\u0000')
}

clusterTest('a content of nothing but what takes most room is taken all the same', async () => {
  const { contents } = packProgram(nodeProgram({ manifests: { 'a.yaml': '<'.repeat(300_000) } }))
  for (const [digest, data] of contents) {
    await cluster().objects.apply(contentObject(digest, data), {}, signal)
    const content = await read(fairleadKinds.programContent, contentName(digest))
    expect(sha256Hex(String(content['data']))).toBe(digest)
    expect(Buffer.byteLength(asWritten(content))).toBeLessThan(mebibyte)
  }
})

const condition = {
  type: 'Ready',
  status: 'True',
  reason: 'Settled',
  message: 'in force',
  lastTransitionTime: '2026-11-21T20:00:00Z',
} as const

const programStatus: Required<NodeProgramStatus> = {
  observedSequence: 7,
  appliedProgram: 'a'.repeat(64),
  appliedRevision: 'main@abc1234',
  verdict: 'settled',
  reason: 'Settled',
  message: 'in force',
  awaitingPermit: { program: 'b'.repeat(64), changes: ['~ filter FAIRLEAD-INPUT'] },
  conditions: [condition],
  agentVersion: '0.1.0',
  formats: [1],
  k3sVersion: 'v1.33.4+k3s1',
}

const networkStatus: Required<ClusterNetworkStatus> = {
  observedRevision: 'main@abc1234',
  attemptedRevision: 'main@abc1235',
  conditions: [condition],
  nodes: { total: 5, current: 3, waiting: 1, failed: 1, silent: 0 },
  plan: { changes: 1, summary: ['+ one'] },
  inventory: ['node-labels:pi-1'],
  history: [
    {
      revision: 'main@abc1234',
      author: 'Ada',
      subject: 'Open port 80',
      verdict: 'settled',
      message: 'in force',
      at: '2026-11-21T20:00:00Z',
    },
  ],
}

clusterTest('every field of the statuses is kept, and writing a status leaves the spec alone', async () => {
  const { objects } = cluster()
  const named = [
    { object: programObject('pi-1', publishedProgram), status: programStatus },
    { object: clusterNetwork('home', goodSpec), status: networkStatus },
  ]
  for (const { object, status } of named) {
    await objects.apply({ ...object, status: { conditions: [{ ...condition, reason: 'NotThisWay' }] } }, {}, signal)
    const { apiVersion, kind, metadata } = object
    const ref = { apiVersion, kind, namespace: fairleadNamespace, name: metadata.name }
    const patch = { spec: { node: 'pi-2' }, status: plain(status) }
    await objects.patch(ref, 'merge', patch, { subresource: 'status' }, signal)
    const live = await read(ref, metadata.name)
    expect(live['status']).toEqual(status)
    expect(live['spec']).toEqual(object['spec'])
  }
})

clusterTest(
  'a status that would fill the datastore is refused, and one that says as much as it may is taken',
  async () => {
    const { objects } = cluster()
    await objects.apply(programObject('talker', { ...publishedProgram, node: 'talker' }), {}, signal)
    const ref = { ...fairleadKinds.nodeProgram, namespace: fairleadNamespace, name: 'talker' }
    const says = (change: object): Promise<unknown> =>
      objects.patch(ref, 'merge', { status: { ...plain(programStatus), ...change } }, { subresource: 'status' }, signal)
    const lines = (count: number): readonly string[] => Array.from({ length: count }, () => 'ü'.repeat(1_024))
    const many = (count: number): readonly object[] =>
      Array.from({ length: count }, (_, at) => ({ ...condition, type: `Type${at}`, message: 'ü'.repeat(1_024) }))
    await says({
      message: 'ü'.repeat(1_024),
      awaitingPermit: { program: 'd', changes: lines(20) },
      conditions: many(20),
    })
    for (const tooMuch of [
      { message: 'x'.repeat(1_025) },
      { message: 'x'.repeat(700_000) },
      { reason: 'x'.repeat(257) },
      { awaitingPermit: { program: 'd', changes: lines(21) } },
      { conditions: many(21) },
      { formats: Array.from({ length: 21 }, (_, at) => at) },
    ]) {
      await expect(says(tooMuch)).rejects.toMatchObject({ detail: { code: 'KUBE_INVALID' } })
    }
  },
)

clusterTest(
  'an agent of a newer release may say more in its status: what is not known is left out, the rest is kept',
  async () => {
    const { objects } = cluster()
    const object = programObject('newer', { ...publishedProgram, node: 'newer' })
    await objects.apply(object, {}, signal)
    const status = { ...plain(programStatus), verdict: 'postponed' }
    const ref = { ...fairleadKinds.nodeProgram, namespace: fairleadNamespace, name: 'newer' }
    await objects.patch(ref, 'merge', { status: { ...status, weather: 'fair' } }, { subresource: 'status' }, signal)
    expect((await read(fairleadKinds.nodeProgram, 'newer'))['status']).toEqual(status)
  },
)

clusterTest('people see how far it is by short names, and all of it by one word', async () => {
  expect(squeezed(await kubectl('get', 'fcn', 'home'))).toMatch(
    /^NAME READY REVISION NODES CURRENT WAITING FAILED AGE\nhome True main@abc1234 5 3 1 1 \S+$/,
  )
  expect(squeezed(await kubectl('get', 'fnp', 'pi-1'))).toMatch(
    /^NAME VERDICT READY REVISION SEQUENCE OBSERVED REASON AGE\npi-1 settled True main@abc1234 7 7 Settled \S+$/,
  )
  expect(await kubectl('get', 'fnp', 'pi-1', '-o', 'wide')).toContain('v1.33.4+k3s1')
  expect(await kubectl('get', 'fpc', '-o', 'name')).toMatch(/^programcontent\.fairlead\.dev\/sha256-[0-9a-f]{64}$/m)
  const names = await kubectl('get', 'fairlead', '-o', 'name')
  for (const name of ['clusternetwork.fairlead.dev/home', 'nodeprogram.fairlead.dev/pi-1'])
    expect(names).toContain(name)
})

function squeezed(table: string): string {
  return table.trim().replaceAll(/ +/g, ' ').replaceAll(/ \n/g, '\n')
}

const explained = [
  { path: 'clusternetwork', says: 'network.yaml in the repository' },
  { path: 'clusternetwork.spec.cni.flannel', says: 'With vxlan: nodes in the same subnet reach each other by routes' },
  { path: 'clusternetwork.spec.rollout.maxUnavailable', says: 'How many nodes may be in a risky change' },
  { path: 'clusternetwork.status.conditions', says: 'kstatus' },
  { path: 'nodeprogram.spec', says: "The controller's signature" },
  { path: 'nodeprogram.status.awaitingPermit', says: 'one line each' },
  { path: 'programcontent.data', says: 'SHA-256' },
]

clusterTest('kubectl explain says what a field is for, in the words of the reference', async () => {
  for (const { path, says } of explained) {
    const text = (await kubectl('explain', path)).replaceAll(/\s+/g, ' ')
    expect(text, path).toContain(says)
  }
})

clusterTest('kubectl refuses a misspelt field, and says which', async () => {
  const { server } = cluster()
  const object = clusterNetwork('typo', { ...goodSpec, cni: { flanel: {} } })
  const run = promisify(execFile)('kubectl', ['--kubeconfig', server.kubeconfig, 'apply', '-f', '-'])
  run.child.stdin?.end(JSON.stringify(object))
  await expect(run).rejects.toMatchObject({ stderr: expect.stringMatching(/unknown field "(spec\.cni\.)?flanel"/) })
})

clusterTest('a plain write loses a misspelt field in silence, and keeps the rest', async () => {
  const { objects } = cluster()
  const spec = { ...goodSpec, cni: { flanel: {}, flannel: { backend: 'host-gw' } }, colour: 'red' }
  const live = await objects.create(clusterNetwork('pruned', spec), {}, signal)
  expect(live['spec']).toEqual({ ...goodSpec, cni: { flannel: { backend: 'host-gw' } } })
})

saySkipped()
