import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { asRecord } from '../../src/domain/plain-json.ts'
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
const nodes = ['pi-1', 'pi-2', 'pi-3', 'pi-4']

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  await server.writer.createUnlessThere('/api/v1/namespaces', { metadata: { name: 'kube-system' } })
  lab = new ControllerWorld(server)
  await lab.addNode('pi-1', { labels: { 'node-role.kubernetes.io/control-plane': 'true' } })
  await lab.addNode('pi-2', { labels: { 'node-role.kubernetes.io/control-plane': 'true' } })
  await lab.addNode('pi-3')
  await lab.addNode('pi-4')
})
afterAll(() => server?.stop())

function world(): ControllerWorld {
  if (lab === undefined) throw new Error('the API server did not start')
  return lab
}

async function leading(identity: string): Promise<RunningController> {
  const running = await startController(world().server.kubeconfig, git, { identity })
  tellWhenFailed(running)
  await untilItLeads(running)
  return running
}

async function annotate(node: string, annotations: Readonly<Record<string, string>>): Promise<void> {
  const path = `/api/v1/nodes/${node}`
  const live = await world().server.writer.get(path)
  await world().server.writer.replace(path, { ...live, metadata: { ...asRecord(live['metadata']), annotations } })
}

async function permitted(): Promise<readonly string[]> {
  const granted: string[] = []
  for (const node of nodes) {
    const program = await world().program(node)
    if (program?.permit?.program === program?.digest && program !== undefined) granted.push(node)
  }
  return granted
}

/** Every agent that is not permitted looks at what is published now, and asks. */
async function askAll(): Promise<void> {
  for (const node of nodes) {
    const program = await world().program(node)
    if (program === undefined || program.permit?.program === program.digest) continue
    await world().agentSays(node, {
      verdict: 'pending',
      awaitingPermit: { program: program.digest, changes: ['reloads it'] },
    })
  }
}

/** The agents ask, and those with a permit carry it out. @returns the nodes in the order in which they were permitted */
async function rollOut(): Promise<readonly string[]> {
  const order: string[] = []
  // All agents are alive, and none has looked at the program yet.
  for (const node of nodes) await world().agentSays(node, { observedSequence: 1, verdict: 'pending' })
  for (const node of nodes) {
    const digest = (await world().program(node))?.digest ?? ''
    await world().agentSays(node, { verdict: 'pending', awaitingPermit: { program: digest, changes: ['reloads it'] } })
  }
  while (order.length < nodes.length) {
    await until('another permit', async () => (await permitted()).length > order.length)
    const fresh = (await permitted()).filter((node) => !order.includes(node))
    expect(fresh).toHaveLength(1)
    for (const node of fresh) {
      order.push(node)
      const digest = (await world().program(node))?.digest ?? ''
      await world().agentSays(node, { appliedProgram: digest })
    }
  }
  return order
}

clusterTest('risky changes go node by node: an agent before the servers, and servers never at once', async () => {
  git.push({ 'network.yaml': networkDocument() })
  const running = await leading('a')
  onTestFinished(() => running.stop())
  const order = await rollOut()
  expect(order.slice(0, 2).every((node) => node === 'pi-3' || node === 'pi-4')).toBe(true)
  expect(order.slice(2).toSorted()).toEqual(['pi-1', 'pi-2'])
  expect(await world().events('PermitGranted')).toEqual(nodes)
  await until('settled', async () => (await world().condition('Ready')) === 'True Settled')
})

clusterTest('a change that was taken back stops the others, and the record says where and why', async () => {
  const running = await leading('a')
  onTestFinished(() => running.stop())
  const edit = { 'network.yaml': networkDocument('  rollout: { maxUnavailable: 2, confirmTimeout: 30s }\n') }
  git.push(edit)
  running.controller.trigger('test')
  await until('new programs', async () => (await permitted()).length === 0)
  // Permits of the programs before are taken back meanwhile, and each agent looks at that as well.
  await until('the canary', async () => {
    await askAll()
    return (await permitted()).length === 1
  })
  const [canary = ''] = await permitted()
  await world().agentSays(canary, { verdict: 'failed', reason: 'RolledBack', message: 'the gateway did not answer' })
  await until('halted', async () => (await world().condition('Ready')) === 'False RolloutHalted')
  expect((await world().record())?.conditions.find(({ type }) => type === 'Ready')?.message).toContain(canary)
  expect((await world().record())?.conditions.find(({ type }) => type === 'RolloutProgressing')).toMatchObject({
    status: 'False',
    reason: 'RolloutHalted',
    message: expect.stringContaining(`kubectl annotate node ${canary} fairlead.dev/rollout=excluded`),
  })
  expect(await permitted()).toEqual([canary])
  // Somebody looked at it, and the others go on without it.
  await annotate(canary, { 'fairlead.dev/rollout': 'excluded' })
  await until('the next one', async () => {
    await askAll()
    return (await permitted()).some((node) => node !== canary)
  })
  await until('told', async () => (await world().condition('RolloutProgressing')) === 'True Progressing')
  await annotate(canary, {})
})

clusterTest('a status that nobody can have come by halts nothing, and the record is written', async () => {
  const running = await leading('a')
  onTestFinished(() => running.stop())
  const message = 'x'.repeat(1_024)
  for (const node of nodes)
    await world().agentSays(node, { appliedProgram: (await world().program(node))?.digest ?? '' })
  await until('settled', async () => (await world().condition('Ready')) === 'True Settled')
  const lie = { observedSequence: 1e15, verdict: 'blocked', reason: 'RolledBack', message } as const
  await world().agentSays('pi-3', lie)
  await until('told', async () => (await world().condition('Ready')) === 'False NodesFailed')
  expect(await world().condition('RolloutProgressing')).toBe('True NobodyWaits')
})

clusterTest(
  'of two controllers one leads; when it is gone the other follows and nothing is written twice',
  async () => {
    git.push({ 'network.yaml': networkDocument() })
    const first = await leading('first')
    const second = await startController(world().server.kubeconfig, git, { identity: 'second' })
    onTestFinished(() => second.stop())
    await until('the second sees the cluster', async () => second.controller.state().isReady)
    expect(second.controller.state().leads).toBe(false)
    const before = (await world().programs()).map(({ spec }) => spec)
    const startedAt = performance.now()
    await first.stop()
    await until('the second leads', async () => second.controller.state().leads && second.controller.state().isReady)
    expect(performance.now() - startedAt).toBeLessThan(15_000)
    expect((await world().programs()).map(({ spec }) => spec)).toEqual(before)
    expect(second.requests().get('create nodeprograms') ?? 0).toBe(0)
    expect(second.requests().get('update nodeprograms') ?? 0).toBe(0)
    const revision = git.push({
      'network.yaml': networkDocument('  probes: [{ name: web, tcp: { host: 192.168.0.9, port: 80 } }]\n'),
    })
    second.controller.trigger('test')
    await until('the next push', async () => (await world().record())?.observedRevision === revision.name)
  },
)

saySkipped()
