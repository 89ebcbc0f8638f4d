import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { type KubeObjects, openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import { manifest, prepareCluster, programFor, signal, TestController, until } from './agent-lab.ts'
import { ServerMachine } from './agent-machine.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'

let server: TestApiServer
let objects: KubeObjects
let controller: TestController
const nodes = ['pi-1-5f3a9c01', 'pi-2-77aa0b12', 'pi-3']

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  objects = await openKubeObjects({ kubeconfigs: [server.kubeconfig] }, signal)
  await prepareCluster(objects, nodes)
  controller = new TestController(objects)
  await controller.tellKey()
  for (const node of nodes) {
    await controller.publish(programFor(node, node, { files: [manifest('who.yaml', `# ${node}\n`)] }))
  }
}, 60_000)
afterAll(async () => {
  await objects?.close()
  await server?.stop()
})

const kubeconfig = (machine: ServerMachine): string =>
  join(machine.root, 'var/lib/rancher/k3s/agent/kubelet.kubeconfig')

clusterTest('an agent is the node that the certificate of its kubelet names, whatever the host is called', async () => {
  const machine = await ServerMachine.install(server, 'pi-1-5f3a9c01', '')
  machine.startAgentOf('PI-1')
  await until(async () => machine.read('who.yaml') === '# pi-1-5f3a9c01\n', 'its program')
  expect((await machine.status())?.node).toBe('pi-1-5f3a9c01')
})

clusterTest('an agent that starts before K3s ever ran becomes that node once K3s says its name', async () => {
  const machine = await ServerMachine.install(server, 'pi-2-77aa0b12', '')
  renameSync(kubeconfig(machine), `${kubeconfig(machine)}.later`)
  machine.startAgentOf('pi-2')
  await machine.untilReady()
  await until(async () => (await machine.status())?.node === 'pi-2', 'a first guess')
  await until(async () => (await machine.condition('SourceReady')) === 'False KUBE_CONFIG_MISSING', 'the reason')
  renameSync(`${kubeconfig(machine)}.later`, kubeconfig(machine))
  await until(async () => machine.read('who.yaml') === '# pi-2-77aa0b12\n', 'its program')
  expect((await machine.status())?.node).toBe('pi-2-77aa0b12')
  await until(async () => existsSync(join(machine.root, 'run/fairlead/ready')), 'readiness again')
})

clusterTest(
  'an agent without a kubeconfig is called as its program was, else as the configuration of K3s says',
  async () => {
    const machine = await ServerMachine.install(server, 'pi-3', 'node-name: Pi-3\n')
    renameSync(kubeconfig(machine), `${kubeconfig(machine)}.later`)
    machine.startAgentOf('somewhere')
    await until(async () => (await machine.status())?.node === 'pi-3', 'the name in the configuration')
    renameSync(`${kubeconfig(machine)}.later`, kubeconfig(machine))
    await until(async () => machine.read('who.yaml') === '# pi-3\n', 'its program')
    await machine.stopAgent()
    renameSync(kubeconfig(machine), `${kubeconfig(machine)}.later`)
    writeFileSync(join(machine.root, 'etc/rancher/k3s/config.yaml'), '')
    rmSync(join(machine.root, 'var/lib/fairlead/status.json'))
    machine.startAgentOf('somewhere')
    await until(async () => (await machine.status())?.node === 'pi-3', 'the name in the program')
    await until(async () => (await machine.status())?.revision.startsWith('main@') === true, 'the program of before')
  },
)

saySkipped()
