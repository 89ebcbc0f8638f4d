import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { captureCommand } from '../../src/cli/capture.ts'
import { importCommand } from '../../src/cli/import.ts'
import { planCommand } from '../../src/cli/plan.ts'
import { enableLabel, poolLabel } from '../../src/k3s/servicelb-labels.ts'
import { readCapture } from '../../src/schema/capture.ts'
import { readYamlMap } from '../../src/text/yaml-read.ts'
import { writeTree } from '../cli/sample-repository.ts'
import { temporaryDirectory } from '../lab/temporary-directory.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'
import { putK3sCluster } from './k3s-cluster.ts'
import { canary, serverFiles } from './k3s-machine.ts'
import { fairlead, type Said, verb } from './verbs.ts'
import { grantNarrowly, unreachableKubeconfig } from './visitors.ts'

let server: TestApiServer | undefined

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  await putK3sCluster(server.writer)
})
afterAll(() => server?.stop())

function running(): TestApiServer {
  if (server === undefined) throw new Error('the API server did not start')
  return server
}

/** Everything that a verb said and wrote. */
function textsOf(directory: string, ...said: readonly Said[]): string {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const texts = files.map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'))
  return [...said.flatMap(({ out, err }) => [out, err]), ...texts].join('\n')
}

function documentsOf(directory: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.yaml'))
      .map((path) => [path, readYamlMap(readFileSync(join(directory, path), 'utf8'))]),
  )
}

const startedWith = {
  k3sVersion: 'v1.33.4+k3s1',
  nodes: [
    { name: 'server-1', role: 'server', addresses: ['192.168.1.10'] },
    { name: 'agent-1', role: 'agent', addresses: ['192.168.1.11'] },
    { name: 'agent-2', role: 'agent', addresses: ['192.168.1.12'] },
  ],
  addressing: { clusterCIDR: ['10.52.0.0/16'], serviceCIDR: ['10.43.0.0/16'], clusterDNS: ['10.43.0.10'] },
  cni: { plugin: 'flannel', flannel: { backend: 'host-gw' } },
  components: { localStorage: { enabled: false } },
  loadBalancer: {
    pools: [{ name: 'edge', nodes: { names: ['agent-1'] }, services: [{ namespace: 'shop', name: 'web' }] }],
  },
}

function agentDocument(name: string): object {
  return {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'NodeNetwork',
    metadata: { name },
    spec: { nodes: { names: [name] }, k3sFlags: { server: 'https://192.168.1.10:6443' } },
  }
}

clusterTest('a cluster comes in by its API alone: what its nodes were started with, and its pools', async () => {
  const directory = await temporaryDirectory()
  const { kubeconfig } = running()
  const said = await verb(directory, importCommand, { words: ['repo'], flags: { kubeconfig } })
  expect(said).toMatchObject({ code: 0, out: expect.stringContaining('3 files written to repo/clusters/home') })
  expect(documentsOf(join(directory, 'repo/clusters/home'))).toEqual({
    'network.yaml': {
      apiVersion: 'fairlead.dev/v1alpha1',
      kind: 'ClusterNetwork',
      metadata: { name: 'home' },
      spec: startedWith,
    },
    'nodes/agent-1.yaml': agentDocument('agent-1'),
    'nodes/agent-2.yaml': agentDocument('agent-2'),
  })
  expect(said.out).toContain('the files in the manifests directory\n    the API does not hold them')
  expect(said.out).toContain('  HelmChartConfig kube-system/traefik\n')
  expect(said.out).toContain('  ConfigMap kube-system/coredns-custom\n')
  expect(said.out).toContain('  Service kube-system/traefik is in pool edge\n')
  expect(said.out).toContain('token and datastore-endpoint (Node/server-1)\n    secret, and so on the machine alone\n')
  expect(textsOf(directory, said)).not.toContain(canary)
})

clusterTest(
  'what came in asks for the labels that are there: a plan against a fresh capture changes none',
  async () => {
    const directory = await temporaryDirectory()
    writeTree(directory, { 'empty/none': '' })
    const { kubeconfig } = running()
    await verb(directory, importCommand, { words: ['repo'], flags: { kubeconfig } })
    await verb(directory, captureCommand, {
      flags: { kubeconfig, root: 'empty', cluster: 'home' },
      options: { out: 'home.yaml' },
    })
    const plan = await verb(directory, planCommand, {
      flags: { repo: 'repo' },
      options: { capture: 'home.yaml', output: 'json' },
    })
    expect(plan).toMatchObject({ code: 0, err: '' })
    const [cluster] = JSON.parse(plan.out).clusters
    expect(labelChanges(cluster)).toEqual([])
    // It is compared with what is there: without its label the Service is one that changes.
    const text = readFileSync(join(directory, 'home.yaml'), 'utf8')
    const [node, service] = [
      `        ${enableLabel}: "true"\n`,
      `      labels:\n        ${poolLabel}: "edge"\n      uid`,
    ]
    writeTree(directory, { 'bare.yaml': text.replace(node, '').replaceAll(service, '      labels: {}\n      uid') })
    const bare = await verb(directory, planCommand, {
      flags: { repo: 'repo' },
      options: { capture: 'bare.yaml', output: 'json' },
    })
    expect(labelChanges(JSON.parse(bare.out).clusters[0])).toEqual([
      expect.objectContaining({ effect: 'create', kind: 'node-labels', object: 'agent-1', key: enableLabel }),
      expect.objectContaining({ effect: 'create', kind: 'service-labels', object: 'shop/web', key: poolLabel }),
    ])
  },
)

interface PlannedCluster {
  readonly nodes: readonly { readonly node: string; readonly changes: readonly unknown[] }[]
  readonly labels: { readonly compared: boolean; readonly changes: readonly { readonly field: string }[] }
}

function labelChanges({ labels }: PlannedCluster): readonly unknown[] {
  if (!labels.compared) throw new Error('the plan compared no labels')
  return labels.changes.filter(({ field }) => field === 'label')
}

clusterTest('with the files of a server beside its API, they say what they hold, and their plan is empty', async () => {
  const directory = await temporaryDirectory()
  writeTree(join(directory, 'machine'), serverFiles)
  const { kubeconfig } = running()
  const said = await verb(directory, importCommand, {
    words: ['repo'],
    flags: { kubeconfig },
    options: { 'host-root': 'machine' },
  })
  expect(said.code).toBe(0)
  const documents = documentsOf(join(directory, 'repo/clusters/home'))
  expect(documents['network.yaml']).toMatchObject({ spec: startedWith })
  expect(Object.keys(documents)).toContain('manifests/lan.yaml')
  expect(said.out).not.toContain('coredns-custom')
  expect(said.out).toContain('manifests/credentials.yaml\n    it holds a Secret')
  expect(said.out).toContain('manifests/chart.yaml\n    line 5 may hold a secret; left on the server\n')
  expect(said.err).toContain('fairlead plan --repo repo --cluster home --root machine --node server-1 ')
  const capture = await verb(directory, captureCommand, {
    flags: { kubeconfig, root: 'machine', cluster: 'home' },
    options: { out: 'home.yaml' },
  })
  const plan = await verb(directory, planCommand, {
    flags: { repo: 'repo' },
    options: { capture: 'home.yaml', output: 'json' },
  })
  const [cluster] = JSON.parse(plan.out).clusters
  expect(changesOn(cluster, 'server-1')).toEqual([])
  expect(labelChanges(cluster)).toEqual([])
  const written = textsOf(join(directory, 'repo'), said, capture, plan)
  expect(written + readFileSync(join(directory, 'home.yaml'), 'utf8')).not.toContain(canary)
})

function changesOn({ nodes }: PlannedCluster, name: string): unknown {
  return nodes.find(({ node }) => node === name)?.changes
}

clusterTest('a capture of the API says the same to an import as the API itself', async () => {
  const directory = await temporaryDirectory()
  writeTree(directory, { 'empty/none': '' })
  const { kubeconfig } = running()
  await verb(directory, captureCommand, {
    flags: { kubeconfig, root: 'empty', cluster: 'home' },
    options: { out: 'home.yaml' },
  })
  expect(readCapture('home.yaml', readFileSync(join(directory, 'home.yaml')))).toMatchObject({ ok: true })
  await verb(directory, importCommand, { words: ['live'], flags: { kubeconfig } })
  await verb(directory, importCommand, { words: ['captured'], options: { capture: 'home.yaml' } })
  const live = documentsOf(join(directory, 'live/clusters/home'))
  expect(documentsOf(join(directory, 'captured/clusters/home'))).toEqual(live)
})

clusterTest('who may read nodes and Services alone imports them, and is told what was not read', async () => {
  const directory = await temporaryDirectory()
  const kubeconfig = await grantNarrowly(running(), 'importer')
  const said = await verb(directory, importCommand, { words: ['repo'], flags: { kubeconfig } })
  expect(said.code).toBe(0)
  expect(documentsOf(join(directory, 'repo/clusters/home'))['network.yaml']).toMatchObject({ spec: startedWith })
  for (const path of ['/api/v1/events', '/apis/batch/v1/jobs', '/apis/k3s.cattle.io/v1/addons']) {
    expect(said.err.split('\n').filter((line) => line === `not read  ${path}: KUBE_FORBIDDEN`)).toHaveLength(1)
  }
})

clusterTest('an API that nobody serves is KUBE_UNREACHABLE at its address, and nothing is written', async () => {
  const directory = await temporaryDirectory()
  const { kubeconfig, address } = await unreachableKubeconfig(directory, canary)
  const said = await fairlead(directory, 'import', '--kubeconfig', kubeconfig, 'repo')
  expect(said.code).toBe(1)
  expect(said.out).toBe('')
  expect(said.err).toBe(
    `fairlead: the API server cannot be reached: ECONNREFUSED\n  KUBE_UNREACHABLE at ${address}/version\n  fix  check the address in the kubeconfig, the network, its proxy and whether the server runs\n`,
  )
  expect(existsSync(join(directory, 'repo'))).toBe(false)
})

clusterTest('who may not read nodes is told so, without a word of what the server said', async () => {
  const directory = await temporaryDirectory()
  const said = await fairlead(directory, 'import', '--kubeconfig', running().kubeconfigOf('stranger'), 'repo')
  expect(said).toMatchObject({ code: 1, out: '' })
  expect(said.err).toMatch(
    /^fairlead: these credentials may not read this\n {2}KUBE_FORBIDDEN at https:\/\/127\.0\.0\.1:\d+\/api\/v1\/(nodes|services)\n {2}fix {2}/,
  )
})

saySkipped()
