import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import type { NodeProgramStatus } from '../../src/domain/published-program.ts'
import { until } from './agent-lab.ts'
import { ServerMachine } from './agent-machine.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'
import { ControllerWorld, networkDocument, PushedRepository, startController } from './controller-lab.ts'

const otherInterface = `apiVersion: fairlead.dev/v1alpha1
kind: NodeNetwork
metadata: { name: pi-1 }
spec: { nodes: { names: [pi-1] }, flannelInterface: eth1 }
`
let server: TestApiServer
let world: ControllerWorld
const git = new PushedRepository()

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  await server.writer.createUnlessThere('/api/v1/namespaces', { metadata: { name: 'kube-system' } })
  world = new ControllerWorld(server)
  await world.addNode('pi-1', { labels: { 'node-role.kubernetes.io/control-plane': 'true' } })
}, 60_000)
afterAll(() => server?.stop())

async function statusOf(node: string): Promise<Partial<NodeProgramStatus> | undefined> {
  const live = (await world.programs()).find(({ metadata }) => metadata.name === node)
  return live?.['status'] as Partial<NodeProgramStatus> | undefined
}

clusterTest('what is pushed is on the node, and the controller hears that it is', async () => {
  git.push({ 'network.yaml': networkDocument() })
  const controller = await startController(server.kubeconfig, git, { intervalMs: 500 })
  onTestFinished(() => controller.stop())
  const machine = await ServerMachine.install(server, 'pi-1', undefined)
  machine.startAgent()
  await until(async () => (await world.condition('Ready')) === 'True Settled', 'the first revision', 20_000)
  const first = await world.program('pi-1')
  expect(await statusOf('pi-1')).toMatchObject({
    appliedProgram: first?.digest,
    observedSequence: first?.sequence,
    verdict: 'settled',
  })
  expect((await world.record())?.nodes).toMatchObject({ total: 1, current: 1 })

  git.push({ 'network.yaml': networkDocument(), 'nodes/pi-1.yaml': otherInterface })
  await until(async () => (await world.program('pi-1'))?.digest !== first?.digest, 'the next program')
  const next = await world.program('pi-1')
  await until(async () => (await statusOf('pi-1'))?.appliedProgram === next?.digest, 'the next program on the node')
  expect(next?.sequence).toBeGreaterThan(first?.sequence ?? 0)

  // Nobody but the controller can tell it anything.
  await world.editProgram('pi-1', { digest: 'f'.repeat(64) })
  await until(async () => (await world.program('pi-1'))?.digest === next?.digest, 'the edit to be reverted')
  expect(machine.log.lines.filter(({ message }) => message === 'program read')).toHaveLength(2)
  expect(existsSync(join(machine.root, 'var/lib/fairlead/controller.json'))).toBe(true)
})

saySkipped()
