import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { asRecord, type Json } from '../../src/domain/plain-json.ts'
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

const firewall = `apiVersion: fairlead.dev/v1alpha1
kind: NodeNetwork
metadata: { name: all }
spec:
  nodes: { matchLabels: {} }
  firewall:
    management: { from: [10.9.0.0/24] }
    input: [{ name: nobody-else, protocol: tcp, ports: ["1024-32767"], action: Drop }]
`
let server: TestApiServer | undefined
let lab: ControllerWorld | undefined
const git = new PushedRepository()

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  await server.writer.createUnlessThere('/api/v1/namespaces', { metadata: { name: 'kube-system' } })
  lab = new ControllerWorld(server)
  const labels = { 'node-role.kubernetes.io/control-plane': 'true', 'node-role.kubernetes.io/etcd': 'true' }
  await lab.addNode('pi-1', { labels })
  await lab.addNode('pi-2', { labels })
  await lab.addNode('pi-3')
  git.push({ 'network.yaml': networkDocument(), 'nodes/all.yaml': firewall })
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

async function digestOf(node: string): Promise<string | undefined> {
  return (await world().program(node))?.digest
}

async function tellAddress(node: string, address: string): Promise<void> {
  const path = `/api/v1/nodes/${node}`
  const status = asRecord((await world().server.writer.get(path))['status'])
  await world().server.writer.setStatus(path, { ...status, addresses: [{ type: 'InternalIP', address }] })
}

function written(running: RunningController): number {
  const writes = [...running.requests()].filter(([what]) => /^(create|update|patch|apply) nodeprograms$/.test(what))
  return writes.reduce((sum, [, count]) => sum + count, 0)
}

clusterTest(
  'a worker that says it is a server changes no program of the others, and is given none of a server',
  async () => {
    await started()
    const before = [await digestOf('pi-1'), await digestOf('pi-2'), await digestOf('pi-3')]
    const live = await world().server.writer.get('/api/v1/nodes/pi-3')
    const metadata: Json = { ...asRecord(live['metadata']), annotations: { 'k3s.io/node-args': '["server"]' } }
    await world().server.writer.replace('/api/v1/nodes/pi-3', { ...live, metadata })
    await sleep(1_500)
    expect([await digestOf('pi-1'), await digestOf('pi-2'), await digestOf('pi-3')]).toEqual(before)
  },
)

clusterTest('the machine of a Node that was deleted is let in until it is gone for good', async () => {
  await started({ goneAfterMs: 3_000, contentGraceMs: 500 })
  await world().addNode('pi-4')
  await until('a program for it', async () => (await world().program('pi-4')) !== undefined)
  await sleep(500)
  const before = await digestOf('pi-1')
  await world().server.writer.remove('/api/v1/nodes/pi-4')
  await sleep(1_500)
  expect(await digestOf('pi-1')).toBe(before)
  expect(await world().program('pi-4')).toBeDefined()
  await until('others hear it no more', async () => (await digestOf('pi-1')) !== before)
  await until('its program goes', async () => (await world().program('pi-4')) === undefined)
})

clusterTest(
  'a node that says another address again and again has the programs of others written a few times',
  async () => {
    const running = await started()
    await tellAddress('pi-3', '192.168.9.1')
    const before = written(running)
    for (let last = 2; last <= 31; last += 1) {
      await tellAddress('pi-3', `192.168.9.${last}`)
      await sleep(100)
    }
    await until('it is told', async () => running.lines.some(({ message }) => message.includes('again and again')))
    await sleep(500)
    const writes = written(running) - before
    expect(writes).toBeGreaterThan(3)
    // Three programs, each for at most nine addresses.
    expect(writes).toBeLessThanOrEqual(27)
  },
)

saySkipped()
