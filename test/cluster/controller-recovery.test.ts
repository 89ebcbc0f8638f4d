import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { asRecord } from '../../src/domain/plain-json.ts'
import { createSigningKey, readSigningKey } from '../../src/text/program-signature.ts'
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
const bad = { 'network.yaml': networkDocument('  noSuchField: true\n') }
const good = { 'network.yaml': networkDocument() }
const namespace = '/api/v1/namespaces/fairlead-system'
const records = '/apis/fairlead.dev/v1alpha1/namespaces/fairlead-system/clusternetworks'

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  await server.writer.createUnlessThere('/api/v1/namespaces', { metadata: { name: 'kube-system' } })
  lab = new ControllerWorld(server)
  await lab.addNode('pi-1', { labels: { 'node-role.kubernetes.io/control-plane': 'true' } })
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
  return running
}

function codes({ controller }: RunningController): readonly string[] {
  return controller.state().failures.map(({ detail }) => detail.code)
}

clusterTest('a first revision that is refused is told without any record: log, state, and an Event', async () => {
  git.push(bad)
  const running = await started({ cluster: undefined })
  await until('the Event', async () => (await world().events('DesiredStateInvalid')).includes('fairlead-controller'))
  const { isReady, refused } = running.controller.state()
  expect(isReady).toBe(false)
  expect(refused?.problems.map(({ place }) => place.file)).toContain('clusters/home/network.yaml')
  const told = running.lines.filter(({ fields }) => String(fields['where']).startsWith('clusters/home/network.yaml:'))
  expect(told.length).toBeGreaterThan(0)
  expect(await world().record()).toBeUndefined()
})

clusterTest(
  'where the cluster is named, the record says it before there is a good revision, and then holds its copy',
  async () => {
    const revision = git.push(bad)
    const running = await started()
    await until('refused', async () => (await world().condition('Ready')) === 'False DesiredStateInvalid')
    expect((await world().record())?.attemptedRevision).toBe(revision.name)
    expect((await world().server.writer.get(`${records}/home`))['spec']).toBeUndefined()
    git.push(good)
    running.controller.trigger('test')
    await untilItLeads(running)
    const spec = async () => asRecord((await world().server.writer.get(`${records}/home`))['spec'])
    await until('the copy', async () => (await spec())['k3sVersion'] === 'v1.33.4+k3s1')
    expect(await world().program('pi-1')).toBeDefined()
  },
)

clusterTest('a program that its agent refuses as old, after a restore, is issued anew once', async () => {
  await untilItLeads(await started())
  const before = await world().program('pi-1')
  await world().agentSays('pi-1', { verdict: 'blocked', reason: 'ProgramReplayed', message: 'it is older' })
  const sequence = async () => (await world().program('pi-1'))?.sequence ?? 0
  await until('another sequence', async () => (await sequence()) > (before?.sequence ?? 0))
  const after = await sequence()
  expect((await world().program('pi-1'))?.digest).toBe(before?.digest)
  await world().agentSays('pi-1', { verdict: 'blocked', reason: 'ProgramReplayed', message: 'it is older still' })
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  expect(await sequence()).toBe(after)
})

clusterTest(
  'without its key no controller leads, whoever has it does, and another one once that was confirmed',
  async () => {
    await world().agentSays('pi-1', {})
    const before = await world().program('pi-1')
    const secret = await world().server.writer.get(`${namespace}/secrets/fairlead-signing-key`)
    await world().server.writer.remove(`${namespace}/secrets/fairlead-signing-key`)
    const running = await started({ identity: 'without' })
    await until('it says so', async () => codes(running).includes('SIGNING_KEY_LOST'))
    expect(running.controller.state()).toMatchObject({ leads: false, isReady: false })
    await until('the Event', async () => (await world().events('SigningKeyLost')).includes('fairlead-public-keys'))
    const pem = Buffer.from(String(asRecord(secret['data'])['key.pem']), 'base64').toString('utf8')
    const owner = await startController(world().server.kubeconfig, git, { identity: 'with', signingKey: pem })
    await untilItLeads(owner)
    expect(await world().program('pi-1')).toEqual(before)
    await owner.stop()

    const other = createSigningKey()
    const { keyId } = readSigningKey(other)
    await confirm(keyId)
    const rotated = await started({ identity: 'rotated', signingKey: other })
    await untilItLeads(rotated)
    await until('signed with it', async () => (await world().program('pi-1'))?.signature.keyId === keyId)
    const keys = asRecord((await world().server.writer.get(`${namespace}/configmaps/fairlead-public-keys`))['data'])
    expect(new Set(Object.keys(keys))).toEqual(new Set([keyId, before?.signature.keyId]))
    expect(running.controller.state().leads).toBe(false)
  },
)

/** As a person does it: kubectl annotate --overwrite configmap fairlead-public-keys fairlead.dev/signing-key=… */
async function confirm(keyId: string): Promise<void> {
  const path = `${namespace}/configmaps/fairlead-public-keys`
  const live = await world().server.writer.get(path)
  const metadata = { ...asRecord(live['metadata']), annotations: { 'fairlead.dev/signing-key': keyId } }
  await world().server.writer.replace(path, { ...live, metadata })
}

saySkipped()
