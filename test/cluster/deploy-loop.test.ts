import { existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { type KubeObjects, openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import { createPrometheusMetrics } from '../../src/adapters/metrics/prometheus-metrics.ts'
import { openDeployLoop } from '../../src/agent/this-deploy.ts'
import { openMachine } from '../../src/agent/this-machine.ts'
import { asRecord } from '../../src/domain/plain-json.ts'
import type { StatusSnapshot } from '../../src/domain/status.ts'
import type { DeployLoop } from '../../src/reconcile/deploy/deploy-loop.ts'
import { resolveSettings } from '../../src/settings.ts'
import { createMachine, networkFile, networkYaml, type TestMachine } from '../lab/machine.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'
import { type Forwarder, forwardTo, kubeconfigAt } from './forwarder.ts'

let server: TestApiServer | undefined
let objects: KubeObjects
const signal = new AbortController().signal

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  objects = await openKubeObjects({ kubeconfigs: [server.kubeconfig] }, signal)
  await server.writer.createUnlessThere('/api/v1/namespaces', { metadata: { name: 'default' } })
})
afterAll(async () => {
  await objects?.close()
  await server?.stop()
})

const spec = networkYaml('  components: { traefik: { enabled: false } }\n')
const lan = 'clusters/home/manifests/lan.yaml'

interface Lab {
  readonly machine: TestMachine
  readonly line: Forwarder
  readonly kubeconfig: string
  start(): void
  stop(): Promise<void>
  manifest(name: string): string
}

/** A machine without K3s whose engine is ours; its way to the API server can be cut. */
async function deployingMachine(): Promise<Lab> {
  const machine = await createMachine()
  const line = await forwardTo(Number(new URL(server?.url ?? '').port))
  const kubeconfig = kubeconfigAt(line.port, server?.kubeconfig ?? '', join(machine.directory, 'kubeconfig'))
  onTestFinished(async () => {
    await machine.close()
    await line.close()
  })
  const settings = resolveSettings({ root: machine.root, engine: 'builtin', kubeconfig }, {})
  let loop: DeployLoop | undefined
  return {
    machine,
    line,
    kubeconfig,
    manifest: (name) => join(machine.manifests, name),
    start() {
      const metrics = createPrometheusMetrics('test')
      const log = { debug() {}, info() {}, warn() {}, error() {} }
      const opened = openMachine(settings, { workingDirectory: '/' }, log)
      loop = openDeployLoop(settings, opened, 'pi-1', metrics)
      if (loop === undefined) throw new Error('no deploy loop')
      const builtin = loop
      machine.start(
        { engine: 'builtin' },
        {
          deploy: { builtin },
          removals: { progressOf: (path) => builtin.progressOf(path) },
        },
      )
    },
    stop: () => machine.stop(),
  }
}

function configMap(name: string, value: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: default }\ndata: { k: ${JSON.stringify(value)} }\n`
}

async function data(name: string): Promise<unknown> {
  const object = await objects.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name }, signal)
  return object === undefined ? undefined : asRecord(object['data'])
}

async function addon(name: string): Promise<unknown> {
  return await objects.get({ apiVersion: 'k3s.cattle.io/v1', kind: 'Addon', namespace: 'kube-system', name }, signal)
}

const condition = (status: StatusSnapshot, type: string): string => {
  const found = status.conditions.find((one) => one.type === type)
  return `${found?.status} ${found?.reason}`
}
const deployed = (commit: string) => (status: StatusSnapshot) =>
  status.revision.endsWith(commit) && status.verdict === 'settled' && condition(status, 'Deployed') === 'True Applied'

clusterTest('what is pushed is in the cluster, with the kind Addon made where there was none', async () => {
  const lab = await deployingMachine()
  await lab.machine.adopt()
  const first = await lab.machine.repository.push({ [networkFile]: spec, [lan]: configMap('pushed', '1') })
  lab.start()
  const status = await lab.machine.statusUntil(deployed(first))
  expect(await data('pushed')).toEqual({ k: '1' })
  expect(await addon('coredns')).toMatchObject({
    spec: { source: '/var/lib/rancher/k3s/server/manifests/coredns.yaml' },
  })
  expect(status.deploy).toEqual({
    manifests: [
      { path: '/var/lib/rancher/k3s/server/manifests/coredns.yaml', addon: 'coredns', state: 'Applied', message: '' },
      { path: '/var/lib/rancher/k3s/server/manifests/lan.yaml', addon: 'lan', state: 'Applied', message: '' },
    ],
    warnings: [],
  })
  const second = await lab.machine.push({ [lan]: configMap('pushed', '2') })
  await lab.machine.statusUntil(deployed(second))
  expect(await data('pushed')).toEqual({ k: '2' })
  const { items } = await objects.list({ apiVersion: 'v1', kind: 'Event', namespace: 'kube-system' }, signal)
  const told = items.filter((event) => asRecord(event['involvedObject'])['name'] === 'lan')
  expect(new Set(told.map((event) => event['reason']))).toEqual(new Set(['ApplyingManifest', 'AppliedManifest']))
  expect(told[0]).toMatchObject({ source: { component: 'deploy', host: 'pi-1' } })
  const owned = await objects.list(
    { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', keepManagedFields: true },
    signal,
  )
  const pushed = owned.items.find(({ metadata }) => metadata.name === 'pushed')
  expect(JSON.stringify(pushed?.metadata['managedFields'])).toContain('"manager":"deploy@pi-1"')
})

clusterTest(
  'a drop is applied within a moment, and edits of the live object wait for the next change, as with K3s',
  async () => {
    const lab = await deployingMachine()
    await lab.machine.adopt()
    const commit = await lab.machine.repository.push({ [networkFile]: spec })
    lab.start()
    await lab.machine.statusUntil(deployed(commit))
    writeFileSync(lab.manifest('drop.yaml'), configMap('dropped', '1'))
    await untilData('dropped', { k: '1' })
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'dropped' }
    await objects.patch(ref, 'merge', { data: { k: 'edited', mine: 'x' } }, {}, signal)
    writeFileSync(lab.manifest('other.yaml'), configMap('other', '1'))
    await untilData('other', { k: '1' })
    expect(await data('dropped')).toEqual({ k: 'edited', mine: 'x' })
    // Started again, everything is applied again.
    await lab.stop()
    lab.start()
    await untilData('dropped', { k: '1', mine: 'x' })
  },
)

clusterTest(
  'a directory behind a link is deployed, and a change in there does not wait for the next full pass',
  async () => {
    const lab = await deployingMachine()
    await lab.machine.adopt()
    const commit = await lab.machine.repository.push({ [networkFile]: spec })
    lab.start()
    await lab.machine.statusUntil(deployed(commit))
    mkdirSync(join(lab.machine.root, 'srv/apps'), { recursive: true })
    writeFileSync(join(lab.machine.root, 'srv/apps/behind.yaml'), configMap('behind', '1'))
    symlinkSync('/srv/apps', lab.manifest('apps'))
    await untilData('behind', { k: '1' })
    expect(await addon('behind')).toMatchObject({
      // Named by its real path, as K3s 1.33.4 does; from 1.33.13+k3s2 on it is the path of the link.
      spec: { source: '/srv/apps/behind.yaml' },
    })
    // Up to the next full pass it would be fifteen seconds; nobody waits here for more than ten.
    writeFileSync(join(lab.machine.root, 'srv/apps/behind.yaml'), configMap('behind', '2'))
    await untilData('behind', { k: '2' })
  },
)

clusterTest('what leaves the repository leaves the cluster: objects, then Addon and file', async () => {
  const lab = await deployingMachine()
  await lab.machine.adopt()
  const first = await lab.machine.repository.push({ [networkFile]: spec, [lan]: configMap('leaving', '1') })
  lab.start()
  await lab.machine.statusUntil(deployed(first))
  // It is not gone before its finalizer is done, and as long its file stays.
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'leaving' }
  await objects.patch(ref, 'merge', { metadata: { finalizers: ['lab.example.com/hold'] } }, {}, signal)
  const second = await lab.machine.push({ [lan]: undefined })
  const waiting = await lab.machine.statusUntil((status) => condition(status, 'Ready') === 'False Removing')
  expect(waiting.revision).toContain(second)
  expect(existsSync(lab.manifest('lan.yaml'))).toBe(true)
  expect(await addon('lan')).toBeDefined()
  await objects.patch(ref, 'merge', { metadata: { finalizers: null } }, {}, signal)
  await lab.machine.statusUntil(deployed(second))
  expect(await data('leaving')).toBeUndefined()
  expect(await addon('lan')).toBeUndefined()
  expect(existsSync(lab.manifest('lan.yaml'))).toBe(false)
})

clusterTest('a manifest that is renamed leaves the cluster only with what its new file does not hold', async () => {
  const lab = await deployingMachine()
  await lab.machine.adopt()
  const at = (name: string): string => `clusters/home/manifests/${name}`
  const both = `${configMap('renamed', '1')}---\n${configMap('dropped-half', '1')}`
  const first = await lab.machine.repository.push({ [networkFile]: spec, [at('old.yaml')]: both })
  lab.start()
  await lab.machine.statusUntil(deployed(first))
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'renamed' }
  const uid = (await objects.get(ref, signal))?.metadata.uid
  // The same Addon first, then another one, which sorts behind it.
  const inDirectory = await lab.machine.push({ [at('old.yaml')]: undefined, [at('a/old.yml')]: both })
  await lab.machine.statusUntil(deployed(inDirectory))
  expect(existsSync(lab.manifest('old.yaml'))).toBe(false)
  expect(await data('dropped-half')).toEqual({ k: '1' })
  const half = await lab.machine.push({ [at('a/old.yml')]: undefined, [at('z.yaml')]: configMap('renamed', '2') })
  await lab.machine.statusUntil(deployed(half))
  await until(async () => (await data('dropped-half')) === undefined && (await addon('old')) === undefined)
  expect(await objects.get(ref, signal)).toMatchObject({ metadata: { uid }, data: { k: '2' } })
})

clusterTest('a manifest that was emptied while the API was away is not forgotten', async () => {
  const lab = await deployingMachine()
  await lab.machine.adopt()
  const first = await lab.machine.repository.push({ [networkFile]: spec, [lan]: configMap('patient', '1') })
  lab.start()
  await lab.machine.statusUntil(deployed(first))
  await lab.line.cut()
  await lab.machine.push({ [lan]: undefined })
  const away = await lab.machine.statusUntil((status) => condition(status, 'Deployed') === 'False KUBE_UNREACHABLE')
  expect(away.verdict).toBe('failed')
  await new Promise((resume) => setTimeout(resume, 1_500))
  expect(existsSync(lab.manifest('lan.yaml'))).toBe(true)
  await lab.line.mend()
  await lab.machine.statusUntil((status) => condition(status, 'Deployed') === 'True Applied')
  await until(async () => (await data('patient')) === undefined && !existsSync(lab.manifest('lan.yaml')))
})

clusterTest('a disabled component goes with its objects, its file and its Addon', async () => {
  const lab = await deployingMachine()
  await lab.machine.adopt()
  await server?.writer.installKind('helm.cattle.io', 'v1', 'HelmChart', 'helmcharts')
  const first = await lab.machine.repository.push({ [networkFile]: networkYaml() })
  lab.start()
  await lab.machine.statusUntil(deployed(first))
  const chart = { apiVersion: 'helm.cattle.io/v1', kind: 'HelmChart', namespace: 'kube-system', name: 'traefik' }
  expect(await objects.get(chart, signal)).toBeDefined()
  const off = await lab.machine.push({ [networkFile]: spec })
  const status = await lab.machine.statusUntil(deployed(off))
  expect(await objects.get(chart, signal)).toBeUndefined()
  expect(await addon('traefik')).toBeUndefined()
  expect(existsSync(lab.manifest('traefik.yaml'))).toBe(false)
  expect(status.deploy?.manifests.map(({ addon: name }) => name)).toEqual(['coredns'])
})

clusterTest('a cluster that comes up later is waited for', async () => {
  const lab = await deployingMachine()
  await lab.machine.adopt()
  renameSync(lab.kubeconfig, `${lab.kubeconfig}.later`)
  const commit = await lab.machine.repository.push({ [networkFile]: spec, [lan]: configMap('late', '1') })
  lab.start()
  const status = await lab.machine.statusUntil((now) => condition(now, 'Deployed') === 'False KUBE_CONFIG_MISSING')
  expect(status.files.every(({ state }) => state === 'Current')).toBe(true)
  await lab.line.cut()
  renameSync(`${lab.kubeconfig}.later`, lab.kubeconfig)
  await lab.machine.statusUntil((now) => condition(now, 'Deployed') === 'False KUBE_UNREACHABLE')
  await lab.line.mend()
  await lab.machine.statusUntil(deployed(commit))
  expect(await data('late')).toEqual({ k: '1' })
})

clusterTest('one file that fails is named, and does not keep the others from being applied', async () => {
  const lab = await deployingMachine()
  await lab.machine.adopt()
  const commit = await lab.machine.repository.push({ [networkFile]: spec, [lan]: configMap('good', '1') })
  lab.start()
  await lab.machine.statusUntil(deployed(commit))
  await lab.stop()
  writeFileSync(lab.manifest('bad.yaml'), 'kind: [')
  lab.start()
  const status = await lab.machine.statusUntil((now) => (now.deploy?.warnings.length ?? 0) > 0)
  expect(status.deploy?.manifests).toContainEqual({
    path: '/var/lib/rancher/k3s/server/manifests/bad.yaml',
    addon: 'bad',
    state: 'Failed',
    message: expect.stringMatching(/^line \d: /),
  })
  expect(status.deploy?.warnings).toEqual([
    expect.objectContaining({ code: 'FORCED_BY_FAILURE', path: '/var/lib/rancher/k3s/server/manifests/bad.yaml' }),
  ])
  // It is nobody's of ours: the revision is applied all the same.
  expect(condition(status, 'Deployed')).toBe('True Applied')
  writeFileSync(lab.manifest('bad.yaml'), configMap('mended', '1'))
  await lab.machine.statusUntil((now) => now.deploy?.warnings.length === 0)
  expect(await data('mended')).toEqual({ k: '1' })
})

async function untilData(name: string, wanted: Readonly<Record<string, string>>): Promise<void> {
  await until(async () => JSON.stringify(await data(name)) === JSON.stringify(wanted))
  expect(await data(name)).toEqual(wanted)
}

/** For ten seconds at the most. */
async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error('not within ten seconds')
    await new Promise((resume) => setTimeout(resume, 10))
  }
}

saySkipped()
