import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { asRecord } from '../../src/domain/plain-json.ts'
import { keyIdOf, signatureHolds } from '../../src/text/program-signature.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'
import {
  ControllerWorld,
  networkDocument,
  PushedRepository,
  type RunningController,
  startController,
  tellWhenFailed,
  until,
  untilItLeads,
} from './controller-lab.ts'

let server: TestApiServer | undefined
let lab: ControllerWorld | undefined
const git = new PushedRepository()
const edge = `apiVersion: fairlead.dev/v1alpha1
kind: NodeNetwork
metadata: { name: edge }
spec: { nodes: { matchLabels: { role: edge } }, flannelInterface: eth1 }
`
const good = { 'network.yaml': networkDocument(), 'nodes/edge.yaml': edge }
const api = '/api/v1/namespaces/fairlead-system'
const crds = '/apis/fairlead.dev/v1alpha1/namespaces/fairlead-system'

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  await server.writer.createUnlessThere('/api/v1/namespaces', { metadata: { name: 'kube-system' } })
  lab = new ControllerWorld(server)
  await lab.addNode('pi-1', { labels: { 'node-role.kubernetes.io/control-plane': 'true' } })
  await lab.addNode('pi-2')
})
afterAll(() => server?.stop())

function world(): ControllerWorld {
  if (lab === undefined) throw new Error('the API server did not start')
  return lab
}

async function started(options: Parameters<typeof startController>[2] = {}): Promise<RunningController> {
  const running = await startController(world().server.kubeconfig, git, options)
  onTestFinished(() => running.stop())
  tellWhenFailed(running)
  await untilItLeads(running)
  return running
}

clusterTest('what was pushed is published for every node, signed, with the rights of its agent', async () => {
  const revision = git.push(good)
  await started()
  const uid = asRecord((await world().server.writer.get('/api/v1/namespaces/kube-system'))['metadata'])['uid']
  const keys = asRecord((await world().server.writer.get(`${api}/configmaps/fairlead-public-keys`))['data'])
  for (const node of ['pi-1', 'pi-2']) {
    const program = await world().program(node)
    if (program === undefined) throw new Error(`${node} has no program`)
    expect(program).toMatchObject({ cluster: 'home', clusterUID: uid, node, revision: { name: revision.name } })
    const publicPem = String(keys[program.signature.keyId])
    expect(keyIdOf(publicPem)).toBe(program.signature.keyId)
    expect(signatureHolds(program, publicPem)).toBe(true)
    const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/fairlead-system'
    const binding = await world().server.writer.get(`${rbac}/rolebindings/fairlead-agent-${node}`)
    expect(binding['subjects']).toMatchObject([{ kind: 'User', name: `system:node:${node}` }])
  }
  await until('the record', async () => (await world().record())?.observedRevision === revision.name)
  expect(await world().condition('Ready')).toBe('False NodesWaiting')
  expect((await world().record())?.nodes).toMatchObject({ total: 2, silent: 2 })
})

clusterTest('a controller that starts again writes nothing of what is published already', async () => {
  const before = (await world().programs()).map(({ metadata }) => metadata.resourceVersion)
  const running = await started()
  await sleep(1_500)
  expect((await world().programs()).map(({ metadata }) => metadata.resourceVersion)).toEqual(before)
  const written = [...running.requests()].filter(([what]) => /^(create|update|patch|delete) /.test(what))
  expect(written.map(([what]) => what).filter((what) => !what.endsWith(' leases'))).toEqual([])
})

clusterTest('a push reaches only the nodes that it changes, and their agents settle it', async () => {
  await started()
  const before = await world().program('pi-2')
  const revision = git.push({
    ...good,
    'nodes/pi-1.yaml': edge.replace('edge }', 'only }').replace('matchLabels: { role: edge }', 'names: [pi-1]'),
  })
  const running = [...(await world().programs())]
  expect(running).toHaveLength(2)
  await askForLook()
  await until('the program of pi-1', async () => (await world().program('pi-1'))?.revision.name === revision.name)
  expect(await world().program('pi-2')).toEqual(before)
  for (const node of ['pi-1', 'pi-2']) {
    await world().agentSays(node, { appliedProgram: (await world().program(node))?.digest ?? '' })
  }
  await until('settled', async () => (await world().condition('Ready')) === 'True Settled')
  const record = await world().record()
  expect(record?.nodes).toMatchObject({ total: 2, current: 2 })
  expect(record?.plan).toEqual({ changes: 1, summary: ['new program of pi-1'] })
  expect(record?.history.map((entry) => [entry.revision, entry.verdict])[0]).toEqual([revision.name, 'settled'])
})

clusterTest('the label of a node publishes the program that its new documents make', async () => {
  await started()
  const before = await world().program('pi-1')
  const live = await world().server.writer.get('/api/v1/nodes/pi-2')
  const metadata = { ...asRecord(live['metadata']), labels: { role: 'edge' } }
  await world().server.writer.replace('/api/v1/nodes/pi-2', { ...live, metadata })
  const digest = (await world().program('pi-2'))?.digest
  await until('another program', async () => (await world().program('pi-2'))?.digest !== digest, 3_000)
  expect(await world().program('pi-1')).toEqual(before)
})

clusterTest(
  'a bad revision publishes nothing; what was good is kept, also against edits and for new nodes',
  async () => {
    await started()
    const before = await world().program('pi-1')
    const bad = git.push({ 'network.yaml': networkDocument('  cni: { plugin: nonsense }\n') })
    await askForLook()
    await until('refused', async () => (await world().condition('Ready')) === 'False DesiredStateInvalid')
    const record = await world().record()
    expect(record?.attemptedRevision).toBe(bad.name)
    expect(record?.observedRevision).not.toBe(bad.name)
    expect(record?.history[0]).toMatchObject({ revision: bad.name, verdict: 'blocked' })
    expect(record?.conditions.find(({ type }) => type === 'Ready')?.message).toContain('clusters/home/network.yaml:6:')
    expect(await world().program('pi-1')).toEqual(before)

    await world().editProgram('pi-1', { digest: 'f'.repeat(64) })
    await until('the edit is put back', async () => (await world().program('pi-1'))?.digest === before?.digest)
    expect((await world().program('pi-1'))?.sequence).toBeGreaterThan(before?.sequence ?? 0)
    const neighbour = (await world().program('pi-2'))?.digest
    await world().addNode('pi-3')
    await until('a program for the new node', async () => (await world().program('pi-3')) !== undefined)
    await until('the others learn of it', async () => (await world().program('pi-2'))?.digest !== neighbour)
    await until('all of them', async () => (await world().program('pi-1'))?.digest !== before?.digest)
    expect((await world().program('pi-3'))?.revision.name).toBe(record?.observedRevision)
  },
)

clusterTest('a controller that starts over a bad revision keeps what is published', async () => {
  const before = (await world().programs()).map(({ spec }) => spec)
  await started()
  await until('refused', async () => (await world().condition('Ready')) === 'False DesiredStateInvalid')
  await sleep(500)
  expect((await world().programs()).map(({ spec }) => spec)).toEqual(before)
})

clusterTest('edits of programs, contents and the record by others are put back and told', async () => {
  git.push(good)
  await started()
  await until('accepted', async () => (await world().condition('Ready')) !== 'False DesiredStateInvalid')
  const before = await world().program('pi-2')
  await world().editProgram('pi-2', { program: { pieces: ['{}'] } })
  await until('the program', async () => (await world().program('pi-2'))?.sequence !== before?.sequence)
  const after = await world().program('pi-2')
  expect(after?.program).toEqual(before?.program)
  expect(after?.sequence).toBeGreaterThan(before?.sequence ?? 0)
  await until('the Event', async () => (await world().events('ForeignEdit')).includes('pi-2'))

  await world().server.writer.setSpec(`${crds}/clusternetworks/home`, { k3sVersion: 'v1.30.0+k3s1' })
  const spec = async () => asRecord((await world().server.writer.get(`${crds}/clusternetworks/home`))['spec'])
  await until('the copy of the documents', async () => (await spec())['k3sVersion'] === 'v1.33.4+k3s1')
})

clusterTest('a deleted program comes back with a larger sequence, and so does one after a restart', async () => {
  const running = await startController(world().server.kubeconfig, git)
  await untilItLeads(running)
  const before = (await world().program('pi-1'))?.sequence ?? 0
  await world().server.writer.remove(`${crds}/nodeprograms/pi-1`)
  await until('it is back', async () => ((await world().program('pi-1'))?.sequence ?? 0) > before)
  await running.stop()
  const again = (await world().program('pi-1'))?.sequence ?? 0
  for (const { metadata } of await world().programs()) {
    await world().server.writer.remove(`${crds}/nodeprograms/${metadata.name}`)
  }
  await started()
  expect((await world().program('pi-1'))?.sequence).toBeGreaterThan(again)
})

clusterTest('the program of a node that is gone for good goes, and the rights of its agent', async () => {
  await started({ goneAfterMs: 1_000, contentGraceMs: 500 })
  await world().server.writer.remove('/api/v1/nodes/pi-3')
  await sleep(500)
  expect(await world().program('pi-3')).toBeDefined()
  await until('it is removed', async () => (await world().program('pi-3')) === undefined)
  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/fairlead-system/roles'
  const names = async () => {
    const { items } = await world().server.writer.get(rbac)
    return (items as readonly unknown[]).map((item) => String(asRecord(asRecord(item)['metadata'])['name']))
  }
  await until('its role is removed', async () => !(await names()).includes('fairlead-agent-pi-3'))
  expect(await names()).toContain('fairlead-agent-pi-1')
})

clusterTest('each node is given what is right for the K3s that it runs', async () => {
  await started()
  await world().addNode('pi-4', { version: 'v1.32.7+k3s1' })
  await until('a program for it', async () => (await world().program('pi-4')) !== undefined)
  const pieces = JSON.stringify((await world().program('pi-4'))?.program)
  expect(pieces).toContain('\\"k3sVersion\\":\\"v1.32.7+k3s1\\"')
})

/** As a person does it: kubectl annotate clusternetwork home fairlead.dev/reconcile=… */
async function askForLook(): Promise<void> {
  const live = await world().server.writer.get(`${crds}/clusternetworks/home`)
  const annotations = { 'fairlead.dev/reconcile': String(performance.now()) }
  const metadata = { ...asRecord(live['metadata']), annotations }
  await world().server.writer.replace(`${crds}/clusternetworks/home`, { ...live, metadata })
}

saySkipped()
