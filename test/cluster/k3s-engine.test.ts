import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { systemClock } from '../../src/adapters/clock/system-clock.ts'
import { openNodeFiles } from '../../src/adapters/disk/node-files.ts'
import { openK3sProcess } from '../../src/adapters/k3s-process/k3s-process.ts'
import { createPrometheusMetrics } from '../../src/adapters/metrics/prometheus-metrics.ts'
import { openK3sDeployment } from '../../src/agent/this-k3s-deployment.ts'
import type { ManifestStatus } from '../../src/domain/deploy-status.ts'
import type { StatusSnapshot } from '../../src/domain/status.ts'
import type { K3sDeployment } from '../../src/reconcile/deploy-k3s/k3s-deployment.ts'
import { createMachine, eventually, networkFile, networkYaml, type TestMachine } from '../lab/machine.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'
import { DeployingK3s } from './deploying-k3s.ts'

const manifest = (name: string): string => `/var/lib/rancher/k3s/server/manifests/${name}`
const addons = '/apis/k3s.cattle.io/v1/namespaces/kube-system/addons'
const configMaps = '/api/v1/namespaces/default/configmaps'
const reads = ['get', 'list', 'watch']
/** What an agent of a server needs to tell how it went. */
const readerRules = [
  { apiGroups: ['k3s.cattle.io'], resources: ['addons'], verbs: reads },
  { apiGroups: ['helm.cattle.io'], resources: ['helmcharts', 'helmchartconfigs'], verbs: reads },
  { apiGroups: ['batch'], resources: ['jobs'], verbs: reads },
  { apiGroups: [''], resources: ['events', 'pods', 'secrets', 'configmaps', 'nodes'], verbs: reads },
]
/** What removals need beside it, of the kinds that the test removes, and what makes K3s look again. */
const removerRules = [
  ...readerRules,
  { apiGroups: ['k3s.cattle.io'], resources: ['addons'], verbs: ['delete', 'patch'] },
  { apiGroups: [''], resources: ['configmaps'], verbs: ['delete'] },
]

/** Nothing of what Helm does. */
const narrowRules = readerRules.filter(({ apiGroups }) => !apiGroups.includes('batch'))

type Identity = 'reader' | 'remover' | 'narrow'

let server: TestApiServer | undefined
let machine: TestMachine | undefined
let k3s: DeployingK3s | undefined
let deployment: K3sDeployment | undefined

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  const { writer } = server
  for (const name of ['kube-system', 'default']) {
    await writer.createUnlessThere('/api/v1/namespaces', { metadata: { name } })
  }
  await writer.installKind('k3s.cattle.io', 'v1', 'Addon', 'addons')
  await writer.installKind('helm.cattle.io', 'v1', 'HelmChart', 'helmcharts')
  await writer.installKind('helm.cattle.io', 'v1', 'HelmChartConfig', 'helmchartconfigs')
  await writer.create('/api/v1/nodes', { metadata: { name: 'pi-1' } })
  await grant('reader', readerRules)
  await grant('remover', removerRules)
  await grant('narrow', narrowRules)
})
afterAll(() => server?.stop())
afterEach(async () => {
  await machine?.close()
  await k3s?.close()
  machine = undefined
  k3s = undefined
})

function api(): TestApiServer {
  if (server === undefined) throw new Error('the API server did not start')
  return server
}

async function grant(name: string, rules: readonly unknown[]): Promise<void> {
  const rbac = '/apis/rbac.authorization.k8s.io/v1'
  await api().writer.create(`${rbac}/clusterroles`, { metadata: { name }, rules })
  await api().writer.create(`${rbac}/clusterrolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }],
  })
}

interface Lab {
  readonly machine: TestMachine
  readonly k3s: DeployingK3s
}

/** A server below a directory: Fairlead as `identity`, and beside it a K3s of that release. */
async function serverOf(identity: Identity, version: string, files: Record<string, string>): Promise<Lab> {
  await api().writer.setStatus('/api/v1/nodes/pi-1', { nodeInfo: { kubeletVersion: version } })
  const made = await createMachine()
  machine = made
  await made.adopt()
  await made.repository.push({ [networkFile]: networkYaml(), ...files })
  k3s = await DeployingK3s.open(made.root, version, api().kubeconfig)
  startFairlead(made, identity)
  return { machine: made, k3s }
}

function startFairlead(made: TestMachine, identity: Identity): void {
  const { root, state } = made
  const log = { debug: note, info: note, warn: note, error: note }
  const settings = { engine: 'k3s', kubeconfig: api().kubeconfigOf(identity), kubeContext: undefined } as const
  const clock = systemClock()
  const files = openNodeFiles({ root, log })
  const opened = openK3sDeployment(
    settings,
    { root, state, clock, files, log, k3s: openK3sProcess({ root }) },
    'pi-1',
    createPrometheusMetrics('test'),
  )
  if (opened === undefined) throw new Error('there is no engine')
  deployment = opened
  made.start(
    { engine: 'k3s' },
    { deploy: { k3s: opened }, removals: { progressOf: (path) => opened.progressOf(path) } },
  )
}

const told: { readonly fields: Readonly<Record<string, unknown>>; readonly message: string }[] = []
const note = (fields: Readonly<Record<string, unknown>>, message: string): void => {
  told.push({ fields, message })
}

function row(status: StatusSnapshot, name: string): ManifestStatus | undefined {
  return status.deploy?.manifests.find(({ path }) => path === manifest(name))
}

async function untilState(lab: Lab, name: string, state: ManifestStatus['state'] | undefined): Promise<StatusSnapshot> {
  return await lab.machine.statusUntil((status) => status.deploy !== undefined && row(status, name)?.state === state)
}

function condition(status: StatusSnapshot, type: string): string {
  const found = status.conditions.find((one) => one.type === type)
  return `${found?.status} ${found?.reason}`
}

const configMap = (name: string, kind = 'ConfigMap'): string =>
  `apiVersion: v1\nkind: ${kind}\nmetadata: { name: ${name}, namespace: default }\n`

clusterTest('beside a K3s nothing is applied by us, and what it did is told', async () => {
  const source = 'clusters/home/manifests/told.yaml'
  const lab = await serverOf('reader', 'v1.33.4+k3s1', { [source]: configMap('told') })
  const before = await untilState(lab, 'told.yaml', 'Pending')
  expect(condition(before, 'Deployed')).toBe('False ManifestsPending')
  expect(await exists(`${configMaps}/told`)).toBe(false)

  expect(await lab.k3s.pass()).toEqual([])
  const applied = await untilState(lab, 'told.yaml', 'Applied')
  expect(applied.deploy?.warnings).toEqual([])
  await lab.machine.statusUntil((status) => condition(status, 'Deployed') === 'True Applied')

  await lab.machine.push({ [source]: configMap('told', 'Widget') })
  await eventually(() => lab.machine.read(manifest('told.yaml'))?.includes('Widget') === true, 'the file is written')
  expect(await lab.k3s.pass()).toHaveLength(1)
  const failed = await untilState(lab, 'told.yaml', 'Failed')
  expect(row(failed, 'told.yaml')?.message).toMatch(/^(Apply|Validate)ManifestFailed: /)
  expect(failed.deploy?.warnings).toEqual([])

  // Whoever may only read was refused nothing: nothing was tried.
  expect(told.filter(({ fields }) => String(fields['code']).startsWith('KUBE_'))).toEqual([])
})

clusterTest('K3s is made to look again at a content that came back after another one failed half-way', async () => {
  const source = 'clusters/home/manifests/reverted.yaml'
  const lab = await serverOf('remover', 'v1.33.4+k3s1', { [source]: configMap('reverted') })
  await eventually(() => lab.machine.read(manifest('reverted.yaml')) !== undefined, 'the file is written')
  await lab.k3s.pass()
  await untilState(lab, 'reverted.yaml', 'Applied')
  const half = `${configMap('reverted')}data: { half: done }\n---\n${configMap('never', 'Widget')}`
  await lab.machine.push({ [source]: half })
  await eventually(() => lab.machine.read(manifest('reverted.yaml')) === half, 'the other content is written')
  expect(await lab.k3s.pass()).toHaveLength(1)
  await untilState(lab, 'reverted.yaml', 'Failed')
  expect(await api().writer.get(`${configMaps}/reverted`)).toMatchObject({ data: { half: 'done' } })

  await lab.machine.push({ [source]: configMap('reverted') })
  await eventually(() => lab.machine.read(manifest('reverted.yaml')) === configMap('reverted'), 'the file is back')
  const again = lab.machine.statusUntil(({ deploy }) => deploy?.warnings[0]?.code === 'REVERT_AFTER_FAILURE')
  expect((await again).deploy?.warnings).toHaveLength(1)
  await lab.machine.statusUntil(({ deploy }) => deploy?.warnings.length === 0)
  expect(await api().writer.get(`${addons}/reverted`)).toMatchObject({ spec: { checksum: '' } })
  // Events tell seconds, and of the same second a failure counts. K3s is not back before fifteen.
  await sleep(1_100)
  expect(await lab.k3s.pass()).toEqual([])
  const status = await untilState(lab, 'reverted.yaml', 'Applied')
  expect(status.deploy?.warnings).toEqual([])
  expect(await api().writer.get(`${configMaps}/reverted`)).not.toHaveProperty('data')
})

clusterTest('an override is applied once the Helm job of its values made the release', async () => {
  const { writer } = api()
  const charts = '/apis/helm.cattle.io/v1/namespaces/kube-system/helmcharts'
  await writer.create(charts, {
    apiVersion: 'helm.cattle.io/v1',
    kind: 'HelmChart',
    metadata: { name: 'traefik', namespace: 'kube-system' },
    spec: { chart: 'traefik', valuesContent: 'stock: true\n', failurePolicy: 'retry' },
  })
  const values = networkYaml('  components: { traefik: { values: { ports: { web: { exposedPort: 8080 } } } } }\n')
  const lab = await serverOf('reader', 'v1.33.4+k3s1', { [networkFile]: values })
  const name = 'fairlead-traefik.yaml'
  await eventually(() => lab.machine.read(manifest(name)) !== undefined, 'the override is written')
  expect(await lab.k3s.pass()).toEqual([])
  const stored = await lab.machine.statusUntil((status) => row(status, name)?.message.includes('no Helm job') === true)
  expect(row(stored, name)?.state).toBe('Pending')

  const override = await writer.get('/apis/helm.cattle.io/v1/namespaces/kube-system/helmchartconfigs/traefik')
  const { valuesContent } = override['spec'] as { valuesContent: string }
  await writer.create('/api/v1/namespaces/kube-system/secrets', {
    metadata: { name: 'chart-values-traefik' },
    type: 'helmcharts.helm.cattle.io/values',
    stringData: { HelmChartValuesContent: 'stock: true\n', HelmChartConfigValuesContent: valuesContent },
  })
  const hash = createHash('sha256').update('the whole job').digest('hex').toUpperCase()
  await makeJob(hash)
  await untilState(lab, name, 'Pending')
  const job = '/apis/batch/v1/namespaces/kube-system/jobs/helm-install-traefik'
  await writer.setStatus(job, { active: 1, failed: 1 })
  await untilState(lab, name, 'Failed')
  await writer.setStatus(job, { succeeded: 1, failed: 1 })
  await makeRelease(1, 'pending-install', hash)
  const stuck = await untilState(lab, name, 'Stuck')
  expect(row(stuck, name)?.message).toContain('Secret sh.helm.release.v1.traefik.v1')
  expect(condition(stuck, 'Deployed')).toBe('False ManifestsStuck')
  await makeRelease(2, 'deployed', hash)
  await untilState(lab, name, 'Applied')
  // Somebody changes what K3s stored, and K3s does not look again.
  await writer.setSpec('/apis/helm.cattle.io/v1/namespaces/kube-system/helmchartconfigs/traefik', { valuesContent: '' })
  expect(row(await untilState(lab, name, 'Failed'), name)?.message).toContain('was changed in the cluster')
})

clusterTest('what may not be read is told as unknown', async () => {
  const values = networkYaml('  components: { traefik: { values: { ports: { web: { exposedPort: 8081 } } } } }\n')
  const lab = await serverOf('narrow', 'v1.33.4+k3s1', { [networkFile]: values })
  await eventually(() => lab.machine.read(manifest('fairlead-traefik.yaml')) !== undefined, 'the override is written')
  expect(await lab.k3s.pass()).toEqual([])
  const status = await untilState(lab, 'fairlead-traefik.yaml', 'Unknown')
  expect(row(status, 'fairlead-traefik.yaml')?.message).toContain('the Helm jobs may not be read')
  await lab.machine.statusUntil((one) => condition(one, 'Deployed') === 'True Applied')
})

async function makeJob(hash: string): Promise<void> {
  await api().writer.create('/apis/batch/v1/namespaces/kube-system/jobs', {
    metadata: { name: 'helm-install-traefik', labels: { 'helmcharts.helm.cattle.io/chart': 'traefik' } },
    spec: {
      template: {
        metadata: { annotations: { 'helmcharts.helm.cattle.io/configHash': `SHA256=${hash}` } },
        spec: { restartPolicy: 'OnFailure', containers: [{ name: 'helm', image: 'klipper-helm' }] },
      },
    },
  })
}

async function makeRelease(revision: number, status: string, hash: string): Promise<void> {
  const labels = {
    owner: 'helm',
    name: 'traefik',
    version: String(revision),
    status,
    'helmcharts.helm.cattle.io/configHash': hash.slice(0, 63),
  }
  await api().writer.create('/api/v1/namespaces/kube-system/secrets', {
    metadata: { name: `sh.helm.release.v1.traefik.v${revision}`, labels },
    type: 'helm.sh/release.v1',
  })
}

async function exists(path: string): Promise<boolean> {
  return await api()
    .writer.get(path)
    .then(
      () => true,
      () => false,
    )
}

clusterTest(
  'a manifest that leaves the repository takes its objects, its Addon and its file along, in this order',
  async () => {
    const source = 'clusters/home/manifests/leaving.yaml'
    const lab = await serverOf('remover', 'v1.33.4+k3s1', { [source]: configMap('leaving') })
    await eventually(() => lab.machine.read(manifest('leaving.yaml')) !== undefined, 'the file is written')
    await lab.k3s.pass()
    await untilState(lab, 'leaving.yaml', 'Applied')

    await lab.machine.push({ [source]: undefined })
    await eventually(() => lab.machine.read(manifest('leaving.yaml')) === '', 'the file is empty')
    // K3s has not looked yet: whatever the time, the file stays.
    const saysSo = (status: StatusSnapshot): boolean =>
      row(status, 'leaving.yaml')?.message.includes('has not applied the empty file yet') === true
    await lab.machine.statusUntil(saysSo)
    expect(deployment?.progressOf(manifest('leaving.yaml'))).toBe('waiting')
    expect(await exists(`${configMaps}/leaving`)).toBe(true)

    expect(await lab.k3s.pass()).toEqual([])
    await eventually(() => lab.machine.read(manifest('leaving.yaml')) === undefined, 'the file is gone')
    expect(await exists(`${configMaps}/leaving`)).toBe(false)
    expect(await exists(`${addons}/leaving`)).toBe(false)
    await untilState(lab, 'leaving.yaml', undefined)
    await lab.machine.statusUntil((status) => condition(status, 'Deployed') === 'True Applied')
  },
)

clusterTest('while another server has its copy applied, nothing is removed', async () => {
  const source = 'clusters/home/manifests/shared.yaml'
  const lab = await serverOf('remover', 'v1.33.4+k3s1', { [source]: configMap('shared') })
  await eventually(() => lab.machine.read(manifest('shared.yaml')) !== undefined, 'the file is written')
  await lab.k3s.pass()
  await untilState(lab, 'shared.yaml', 'Applied')
  const other = await createMachine()
  const otherK3s = await DeployingK3s.open(other.root, 'v1.33.4+k3s1', api().kubeconfig)
  try {
    mkdirSync(other.manifests, { recursive: true })
    writeFileSync(`${other.manifests}/shared.yaml`, `${configMap('shared')}data: { by: other }\n`)
    await lab.machine.push({ [source]: undefined })
    await eventually(() => lab.machine.read(manifest('shared.yaml')) === '', 'the file is empty')
    await otherK3s.pass()
    await untilState(lab, 'shared.yaml', 'Pending')
    expect(deployment?.progressOf(manifest('shared.yaml'))).toBe('waiting')
    // The other one is emptied as well, and ours after it: only now both are.
    writeFileSync(`${other.manifests}/shared.yaml`, '')
    await otherK3s.pass()
    await eventually(() => lab.machine.read(manifest('shared.yaml')) === undefined, 'the file is gone')
    expect(await exists(`${configMaps}/shared`)).toBe(false)
    expect(await exists(`${addons}/shared`)).toBe(false)
  } finally {
    await otherK3s.close()
    await other.close()
  }
})

clusterTest('what an old K3s leaves behind is deleted, and nothing that only looks like it', async () => {
  const source = 'clusters/home/manifests/orphans.yaml'
  const lab = await serverOf('remover', 'v1.22.4+k3s1', { [source]: configMap('orphan') })
  await eventually(() => lab.machine.read(manifest('orphans.yaml')) !== undefined, 'the file is written')
  await lab.k3s.pass()
  await untilState(lab, 'orphans.yaml', 'Applied')
  const { metadata } = await api().writer.get(`${configMaps}/orphan`)
  const { labels } = metadata as { labels: Record<string, string> }
  await api().writer.create(configMaps, { metadata: { name: 'lookalike', labels } })

  await lab.machine.push({ [source]: undefined })
  await eventually(() => lab.machine.read(manifest('orphans.yaml')) === '', 'the file is empty')
  await lab.k3s.pass()
  await eventually(() => lab.machine.read(manifest('orphans.yaml')) === undefined, 'the file is gone')
  expect(await exists(`${configMaps}/orphan`)).toBe(false)
  expect(await exists(`${configMaps}/lookalike`)).toBe(true)
  expect(await exists(`${addons}/orphans`)).toBe(false)
})

clusterTest('a manifest that is renamed takes nothing of it out of the cluster', async () => {
  const [first, second, third] = ['roam.yml', 'net/roam.yaml', 'away.v2.yaml']
  const at = (name: string): string => `clusters/home/manifests/${name}`
  const lab = await serverOf('remover', 'v1.33.4+k3s1', { [at(first)]: configMap('roaming') })
  await eventually(() => lab.machine.read(manifest(first)) !== undefined, 'the file is written')
  await lab.k3s.pass()
  await untilState(lab, first, 'Applied')
  const { metadata } = await api().writer.get(`${configMaps}/roaming`)

  await lab.machine.push({ [at(first)]: undefined, [at(second)]: configMap('roaming') })
  await eventually(() => lab.machine.read(manifest(second)) !== undefined, 'the new file is written')
  expect(lab.machine.read(manifest(first))).toBeUndefined()
  await lab.k3s.pass()
  const moved = await untilState(lab, second, 'Applied')
  expect(moved.deploy?.warnings).toEqual([])
  expect(moved.deploy?.manifests.map(({ path }) => path)).not.toContain(manifest(first))
  expect(await exists(`${addons}/roam`)).toBe(true)

  await lab.machine.push({ [at(second)]: undefined, [at(third)]: configMap('roaming') })
  await eventually(() => lab.machine.read(manifest(third)) !== undefined, 'the new file is written')
  expect(lab.machine.read(manifest(second))).toBeUndefined()
  await lab.k3s.pass()
  await untilState(lab, second, undefined)
  await untilState(lab, third, 'Applied')
  expect(await exists(`${addons}/roam`)).toBe(false)
  const after = await api().writer.get(`${configMaps}/roaming`)
  expect(after['metadata']).toMatchObject({ uid: (metadata as { uid: string }).uid })
})

clusterTest(
  'what only half of moved leaves the cluster once the other half is applied from its new place',
  async () => {
    const [whole, half] = ['whole.yaml', 'half.yaml']
    const at = (name: string): string => `clusters/home/manifests/${name}`
    const text = `${configMap('stays')}---\n${configMap('goes')}`
    const lab = await serverOf('remover', 'v1.33.4+k3s1', { [at(whole)]: text })
    await eventually(() => lab.machine.read(manifest(whole)) !== undefined, 'the file is written')
    await lab.k3s.pass()
    await untilState(lab, whole, 'Applied')
    const { metadata } = await api().writer.get(`${configMaps}/stays`)

    await lab.machine.push({ [at(whole)]: undefined, [at(half)]: configMap('stays') })
    await eventually(() => lab.machine.read(manifest(half)) !== undefined, 'the new file is written')
    expect(lab.machine.read(manifest(whole))).toBeUndefined()
    await lab.machine.statusUntil(
      (status) => row(status, whole)?.message.includes('half.yaml is to be applied first') === true,
    )
    expect(await exists(`${configMaps}/goes`)).toBe(true)

    await lab.k3s.pass()
    await untilState(lab, whole, undefined)
    await lab.machine.statusUntil((status) => condition(status, 'Deployed') === 'True Applied')
    expect(await exists(`${configMaps}/goes`)).toBe(false)
    expect(await exists(`${addons}/whole`)).toBe(false)
    const after = await api().writer.get(`${configMaps}/stays`)
    expect(after['metadata']).toMatchObject({ uid: (metadata as { uid: string }).uid })
  },
)

clusterTest(
  'what was applied from the old file after another server moved it is applied again from the new one',
  async () => {
    const at = (name: string): string => `clusters/home/manifests/${name}`
    const lab = await serverOf('remover', 'v1.33.4+k3s1', { [at('early.yaml')]: configMap('taken') })
    await eventually(() => lab.machine.read(manifest('early.yaml')) !== undefined, 'the file is written')
    await lab.k3s.pass()
    await untilState(lab, 'early.yaml', 'Applied')
    const other = await createMachine()
    const otherK3s = await DeployingK3s.open(other.root, 'v1.33.4+k3s1', api().kubeconfig)
    const startedAgain = await DeployingK3s.open(lab.machine.root, 'v1.33.4+k3s1', api().kubeconfig)
    try {
      mkdirSync(other.manifests, { recursive: true })
      writeFileSync(`${other.manifests}/late.yaml`, configMap('taken'))
      await otherK3s.pass()
      expect(await ownerOf('taken')).toBe('late')
      await startedAgain.pass()
      expect(await ownerOf('taken')).toBe('early')

      await lab.machine.push({ [at('early.yaml')]: undefined, [at('late.yaml')]: configMap('taken') })
      await eventually(() => lab.machine.read(manifest('late.yaml')) !== undefined, 'the new file is written')
      // K3s takes it for applied: another server did that, by its bytes.
      await startedAgain.pass()
      expect(await ownerOf('taken')).toBe('early')
      const told = await lab.machine.statusUntil(
        (one) => row(one, 'early.yaml')?.message.includes('still applied') === true,
      )
      expect(row(told, 'early.yaml')?.message).toContain('ConfigMap default/taken')
      await startedAgain.pass()
      await untilState(lab, 'early.yaml', undefined)
      await untilState(lab, 'late.yaml', 'Applied')
      expect(await ownerOf('taken')).toBe('late')
      expect(await exists(`${addons}/early`)).toBe(false)
    } finally {
      await startedAgain.close()
      await otherK3s.close()
      await other.close()
    }
  },
)

async function ownerOf(name: string): Promise<string | undefined> {
  const { metadata } = await api().writer.get(`${configMaps}/${name}`)
  return (metadata as { annotations?: Record<string, string> }).annotations?.['objectset.rio.cattle.io/owner-name']
}

clusterTest('a file of somebody else with the Addon of one that leaves keeps what is its', async () => {
  const source = 'clusters/home/manifests/twin.yaml'
  const lab = await serverOf('remover', 'v1.33.4+k3s1', { [source]: configMap('ours') })
  await eventually(() => lab.machine.read(manifest('twin.yaml')) !== undefined, 'the file is written')
  await lab.k3s.pass()
  writeFileSync(`${lab.machine.manifests}/twin.z.yaml`, configMap('theirs'))
  await lab.k3s.pass()
  await lab.machine.statusUntil(({ deploy }) => deploy?.warnings[0]?.code === 'ADDON_NAME_CLASH')
  await lab.machine.push({ [source]: undefined })
  await eventually(() => lab.machine.read(manifest('twin.yaml')) === undefined, 'our file is gone')
  await lab.k3s.pass()
  await untilState(lab, 'twin.yaml', undefined)
  expect(await exists(`${configMaps}/theirs`)).toBe(true)
  expect(await exists(`${addons}/twin`)).toBe(true)
})

clusterTest('without the API the status stays as it was, and says since when', async () => {
  const lab = await serverOf('reader', 'v1.33.4+k3s1', { 'clusters/home/manifests/away.yaml': configMap('away') })
  await eventually(() => lab.machine.read(manifest('away.yaml')) !== undefined, 'the file is written')
  await lab.k3s.pass()
  await untilState(lab, 'away.yaml', 'Applied')
  await api().kill('apiServer')
  const away = await lab.machine.statusUntil((status) => condition(status, 'Deployed') === 'False KUBE_UNREACHABLE')
  expect(row(away, 'away.yaml')?.state).toBe('Applied')
  const since = /since (\S+Z):/.exec(away.conditions.find(({ type }) => type === 'Deployed')?.message ?? '')?.[1]
  expect(Date.now() - Date.parse(since ?? '')).toBeLessThan(60_000)
  await api().start('apiServer')
  const back = await lab.machine.statusUntil((status) => condition(status, 'Deployed') === 'True Applied')
  expect(row(back, 'away.yaml')?.state).toBe('Applied')
})

saySkipped()
