import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { systemClock } from '../../src/adapters/clock/system-clock.ts'
import { clusterInventory } from '../../src/adapters/kube/cluster-inventory.ts'
import { type KubeObjects, openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import { leaderLease } from '../../src/adapters/kube/leader-lease.ts'
import { watchCluster } from '../../src/adapters/kube/watched-cluster.ts'
import { installCommand } from '../../src/cli/install.ts'
import { uninstallCommand } from '../../src/cli/uninstall.ts'
import { labelsId } from '../../src/domain/artefact.ts'
import { fairleadNames, fairleadNamespace } from '../../src/domain/fairlead-api.ts'
import { asRecord } from '../../src/domain/plain-json.ts'
import type { ClusterProgram } from '../../src/domain/program.ts'
import { enableLabel, poolLabel } from '../../src/k3s/servicelb-labels.ts'
import { ClusterMemory } from '../../src/reconcile/cluster/cluster-memory.ts'
import { convergeCluster } from '../../src/reconcile/cluster/converge-cluster.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'
import { daemonSetPath, namespacePath, playControllers, putRecords, traces } from './uninstall-lab.ts'
import { verb } from './verbs.ts'

const signal = new AbortController().signal
const silent = (): void => undefined
let server: TestApiServer | undefined

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  for (const name of ['kube-system', 'default', 'shop']) {
    await server.writer.createUnlessThere('/api/v1/namespaces', { metadata: { name } })
  }
})
afterAll(() => server?.stop())

function running(): TestApiServer {
  if (server === undefined) throw new Error('the API server did not start')
  return server
}

/** What a controller does in its life: labels of ours on a node of somebody else's, records, keys and rights. */
async function live(): Promise<void> {
  const { writer, kubeconfig } = running()
  await writer.create('/api/v1/nodes', { metadata: { name: 'pi-1', labels: { [poolLabel]: 'theirs', rack: 'a' } } })
  await writer.create('/api/v1/namespaces/shop/configmaps', {
    metadata: { name: 'copied', labels: { 'fairlead.dev/part-of': 'installation' } },
  })
  const objects = await openKubeObjects({ kubeconfigs: [kubeconfig] }, signal)
  onTestFinished(() => objects.close())
  await putRecords(objects, signal)
  await labelNode(objects)
}

async function labelNode(objects: KubeObjects): Promise<void> {
  const inventory = clusterInventory(objects)
  await inventory.read(signal)
  await inventory.write(
    { adoption: { cluster: 'home', adoptedAt: '2026-01-01T00:00:00Z' }, entries: new Map() },
    signal,
  )
  const end = new AbortController()
  const watched = watchCluster(objects, systemClock(), silent, end.signal)
  await watched.ready
  const program: ClusterProgram = {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'ClusterProgram',
    cluster: 'home',
    digest: '',
    labels: [
      {
        kind: 'node-labels',
        id: labelsId('node-labels', 'pi-1'),
        object: 'pi-1',
        labels: { [poolLabel]: 'edge', [enableLabel]: 'true' },
        annotations: {},
        origin: 'network.yaml',
      },
    ],
  }
  const ports = {
    objects,
    inventory,
    events: { record: silent },
    log: { debug: silent, info: silent, warn: silent, error: silent },
    clock: systemClock(),
    observed: () => watched.observed(),
    memory: new ClusterMemory(),
  }
  await convergeCluster(program, 'main@1', ports, signal)
  end.abort()
  expect(await labelsOfNode()).toEqual({ [poolLabel]: 'edge', [enableLabel]: 'true', rack: 'a' })
}

async function labelsOfNode(): Promise<unknown> {
  return asRecord((await running().writer.get('/api/v1/nodes/pi-1'))['metadata'])['labels']
}

clusterTest('an upgrade takes away what the release before had, and leaves what it was not', async () => {
  const { kubeconfig, writer } = running()
  const flags = { kubeconfig, gitUrl: 'https://git.example/net.git', cluster: 'home' }
  const install = (options: Readonly<Record<string, string | boolean>>) =>
    verb('/', installCommand, { flags, options: { apply: true, ...options } })
  const first = await install({})
  expect([first.code, first.err]).toEqual([0, ''])
  expect(first.out).toMatch(/^created {3}Deployment fairlead-system\/fairlead-controller$/m)
  const again = await install({})
  expect(again.out.split('\n').filter((line) => line !== '' && !line.startsWith('unchanged'))).toEqual([])
  await writer.create(`${namespacePath}/configmaps`, { metadata: { name: 'of-somebody-else' } })
  const next = await install({ image: 'fairlead:9.9.9', 'node-agent': 'none' })
  expect(next.code).toBe(0)
  expect(next.out.split('\n').filter((line) => line !== '' && !line.startsWith('unchanged'))).toEqual([
    'changed   Deployment fairlead-system/fairlead-controller',
    'removed   DaemonSet fairlead-system/fairlead-node-agent',
    'removed   ServiceAccount fairlead-system/fairlead-node-agent',
  ])
  await writer.get(`${namespacePath}/configmaps/of-somebody-else`)
  expect((await install({})).code).toBe(0)
})

clusterTest('uninstalling leaves nothing of ours, and labels as they were before', async () => {
  await live()
  const end = new AbortController()
  const controllers = playControllers(running(), end.signal)
  const { kubeconfig } = running()
  const said = await verb('/', uninstallCommand, { flags: { kubeconfig }, options: { yes: true, timeout: '20s' } })
  end.abort()
  await controllers
  expect(said).toEqual({
    code: 0,
    out: 'nothing of Fairlead is left in this cluster\n',
    err: [
      'stopping the controller',
      'taking the agents off the nodes',
      'giving labels back',
      'removing objects, rights, namespace and kinds',
      '',
    ].join('\n'),
  })
  expect(await labelsOfNode()).toEqual({ [poolLabel]: 'theirs', rack: 'a' })
  expect(await traces(running())).toEqual(['ConfigMap copied'])
})

clusterTest('where nothing is installed, nothing is removed, and a second time neither', async () => {
  const { kubeconfig } = running()
  const said = await verb('/', uninstallCommand, { flags: { kubeconfig }, options: { yes: true, timeout: '5s' } })
  expect(said.code).toBe(0)
})

clusterTest('while a controller leads somewhere else, nothing but the Deployment is removed', async () => {
  const { kubeconfig, writer } = running()
  await verb('/', installCommand, {
    flags: { kubeconfig, gitUrl: 'https://git.example/net.git' },
    options: { apply: true },
  })
  const objects = await openKubeObjects({ kubeconfigs: [kubeconfig] }, signal)
  onTestFinished(() => objects.close())
  const end = new AbortController()
  const settings = { namespace: fairleadNamespace, name: fairleadNames.leaderLease, identity: 'host-of-its-own' }
  const leading = Promise.withResolvers<void>()
  const elsewhere = leaderLease(objects, systemClock(), settings).campaign(async (term) => {
    leading.resolve()
    while (!term.signal.aborted) await sleep(50)
  }, end.signal)
  await leading.promise
  const uninstall = verb('/', uninstallCommand, { flags: { kubeconfig }, options: { yes: true, timeout: '1s' } })
  await expect(uninstall).rejects.toMatchObject({
    message: expect.stringMatching(/^host-of-its-own_.* leads/),
    detail: { code: 'UNINSTALL_CONTROLLER_RUNS' },
  })
  end.abort()
  await elsewhere
  expect(JSON.stringify(await writer.get(daemonSetPath))).toContain('["host-agent","keep","--root","/host"]')
})

clusterTest('nodes whose agents do not go are named, and nothing else is removed', async () => {
  const { kubeconfig, writer } = running()
  const flags = { kubeconfig, gitUrl: 'https://git.example/net.git' }
  await verb('/', installCommand, { flags, options: { apply: true } })
  await writer.create(`${namespacePath}/pods`, {
    metadata: {
      name: 'fairlead-node-agent-1',
      labels: { 'app.kubernetes.io/name': 'fairlead', 'app.kubernetes.io/component': 'node-agent' },
    },
    spec: { nodeName: 'pi-1', containers: [{ name: 'a', image: 'a' }] },
  })
  await expect(
    verb('/', uninstallCommand, { flags: { kubeconfig }, options: { yes: true, timeout: '1s' } }),
  ).rejects.toMatchObject({ message: expect.stringContaining('pi-1'), detail: { code: 'UNINSTALL_NODES_LEFT' } })
  const { spec } = await writer.get(daemonSetPath)
  expect(JSON.stringify(spec)).toContain('["host-agent","remove","--root","/host"]')
  await writer.get(`/apis/rbac.authorization.k8s.io/v1/clusterroles/fairlead-controller`)
})

clusterTest('where agents are to stay, it is told what stays for them, and how that goes as well', async () => {
  const { kubeconfig, writer } = running()
  const secret = `${namespacePath}/secrets/${fairleadNames.signingKey}`
  await writer.createUnlessThere(`${namespacePath}/secrets`, { metadata: { name: fairleadNames.signingKey } })
  const said = await verb('/', uninstallCommand, {
    flags: { kubeconfig },
    options: { yes: true, timeout: '20s', 'keep-node-agents': true },
  })
  expect(said.err.split('\n').slice(0, -1)).toEqual([
    'stopping the controller',
    'giving labels back',
    'removing objects, rights and kinds',
  ])
  expect(said.code).toBe(0)
  expect(said.out).toMatch(/^agents stay on their hosts, with the program that they have$/m)
  expect(said.out).toMatch(/kubectl delete namespace fairlead-system$/m)
  await writer.get(secret)
  await expect(writer.get(daemonSetPath)).rejects.toThrow(': 404 ')
})

saySkipped()
