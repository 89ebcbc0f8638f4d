import { afterAll, beforeAll, describe, expect } from 'vitest'
import { type KubeObjects, openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import { asRecord } from '../../src/domain/plain-json.ts'
import { manifest, prepareCluster, programFor, signal, TestController, until } from './agent-lab.ts'
import { ServerMachine } from './agent-machine.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'

let server: TestApiServer
let objects: KubeObjects
let controller: TestController

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  objects = await openKubeObjects({ kubeconfigs: [server.kubeconfig] }, signal)
  for (const name of ['kube-system', 'default']) {
    await server.writer.createUnlessThere('/api/v1/namespaces', { metadata: { name } })
  }
  await server.writer.installKind('k3s.cattle.io', 'v1', 'Addon', 'addons')
  await prepareCluster(
    objects,
    ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((test) => [`${test}-stays`, `${test}-leaves`]),
  )
  controller = new TestController(objects)
  await controller.tellKey()
}, 60_000)
afterAll(async () => {
  await objects?.close()
  await server?.stop()
})

const joined = 'server: https://127.0.0.2:1\n'

const content = (name: string, data: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: default}\ndata: {k: "${data}"}\n`

async function publish(name: string, nodes: readonly string[], data: string): Promise<void> {
  const files = [manifest(`${name}.yaml`, content(name, data))]
  for (const node of nodes) await controller.publish(programFor(node, data, { files }))
}

async function inCluster(name: string): Promise<unknown> {
  const object = await objects.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name }, signal)
  return asRecord(object?.['data'])['k']
}

/** Two servers with the first content; one goes, and the cluster moves on. */
async function serverThatWasAway(test: string, config = joined): Promise<ServerMachine> {
  const [stays, leaves] = [`${test}-stays`, `${test}-leaves`]
  await publish(test, [stays, leaves], 'old')
  const [staying, leaving] = [
    await ServerMachine.install(server, stays, ''),
    await ServerMachine.install(server, leaves, config),
  ]
  for (const machine of [staying, leaving]) {
    machine.startAgent()
    await machine.untilReady()
    await until(async () => machine.read(`${test}.yaml`)?.includes('"old"') === true, 'the first content')
  }
  const k3s = await staying.startK3s()
  await leaving.stopAgent()
  await publish(test, [stays, leaves], 'new')
  await until(async () => staying.read(`${test}.yaml`)?.includes('"new"') === true, 'the next content')
  expect(await k3s.pass()).toEqual([])
  expect(await inCluster(test)).toBe('new')
  expect(leaving.read(`${test}.yaml`)).toContain('"old"')
  return leaving
}

describe('a server that was away', () => {
  clusterTest('would revert the cluster when its K3s started by itself', async () => {
    const machine = await serverThatWasAway('a')
    await machine.startK3s()
    expect(await inCluster('a')).toBe('old')
  })

  clusterTest('has the current program before its K3s starts, where another server answers', async () => {
    const machine = await serverThatWasAway('b')
    machine.startAgent()
    await machine.untilReady()
    expect(machine.read('b.yaml')).toContain('"new"')
    expect(machine.read('b.yaml.skip')).toBeUndefined()
    await machine.startK3s()
    expect(await inCluster('b')).toBe('new')
  })

  clusterTest('hides what may be old where nobody answers, and shows it once it is current', async () => {
    const machine = await serverThatWasAway('c')
    machine.write('mine.yaml', content('c-mine', 'drop'))
    await machine.loseNetwork()
    machine.startAgent()
    const waitedMs = await machine.untilReady()
    expect(waitedMs).toBeGreaterThan(8_000)
    expect(machine.read('c.yaml.skip')).toBe('')
    const k3s = await machine.startK3s()
    expect(await inCluster('c')).toBe('new')
    // What is not ours is none of our business.
    expect(await inCluster('c-mine')).toBe('drop')
    expect(machine.read('mine.yaml.skip')).toBeUndefined()
    await machine.findNetwork()
    // The watch waits longer from time to time while nobody answers.
    await until(async () => machine.read('c.yaml.skip') === undefined, 'the marker to go', 45_000)
    expect(machine.read('c.yaml')).toContain('"new"')
    expect(await k3s.pass()).toEqual([])
    expect(await inCluster('c')).toBe('new')
  })
})

describe('a server that was away, and takes no other program', () => {
  clusterTest(
    'shows the last good manifests once the answer of the API is refused, and says what is hidden',
    async () => {
      const machine = await serverThatWasAway('e')
      await machine.loseNetwork()
      machine.startAgent()
      await until(async () => (await machine.condition('ManifestsHidden')) === 'True AwaitingAPI', 'the condition')
      expect(machine.read('e.yaml.skip')).toBe('')
      await controller.put('e-leaves', { ...controller.envelope(programFor('e-leaves', 'next')), format: 2 })
      await machine.findNetwork()
      await until(async () => machine.read('e.yaml.skip') === undefined, 'the marker to go')
      expect(machine.read('e.yaml')).toContain('"old"')
      await until(
        async () => (await machine.condition('ManifestsHidden')) === 'False Shown',
        'the end of the condition',
      )
      expect(await machine.condition('Ready')).toBe('False DesiredStateInvalid')
    },
  )

  clusterTest('shows them once the API answers where Fairlead is suspended, and writes nothing else', async () => {
    const machine = await serverThatWasAway('f')
    await machine.loseNetwork()
    machine.startAgent()
    await until(async () => machine.read('f.yaml.skip') === '', 'the marker')
    await machine.suspend()
    await until(async () => (await machine.condition('Ready')) === 'Unknown Suspended', 'the suspension')
    await machine.stopAgent()
    machine.startAgent()
    await until(async () => (await machine.condition('ManifestsHidden')) === 'True AwaitingAPI', 'the condition')
    expect(machine.read('f.yaml.skip')).toBe('')
    await machine.findNetwork()
    await until(async () => machine.read('f.yaml.skip') === undefined, 'the marker to go')
    expect(machine.read('f.yaml')).toContain('"old"')
  })
})

describe('the only server of a cluster', () => {
  clusterTest('hides nothing, and is ready without anybody to ask', async () => {
    const machine = await serverThatWasAway('d', '')
    await machine.loseNetwork()
    machine.startAgent()
    expect(await machine.untilReady()).toBeLessThan(8_000)
    expect(machine.read('d.yaml.skip')).toBeUndefined()
  })
})

saySkipped()
