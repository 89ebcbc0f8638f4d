import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { captureCommand } from '../../src/cli/capture.ts'
import { importCommand } from '../../src/cli/import.ts'
import { lbCommand } from '../../src/cli/lb.ts'
import { lintCommand } from '../../src/cli/lint.ts'
import type { Capture } from '../../src/domain/capture.ts'
import { readCapture } from '../../src/schema/capture.ts'
import { readYamlMap } from '../../src/text/yaml-read.ts'
import { writeTree } from '../cli/sample-repository.ts'
import { temporaryDirectory } from '../lab/temporary-directory.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'
import { putAddon, putEvent, putK3sCluster } from './k3s-cluster.ts'
import { canary, serverFiles } from './k3s-machine.ts'
import { fairlead, type Said, verb } from './verbs.ts'
import { grantNarrowly, unreachableKubeconfig } from './visitors.ts'

let server: TestApiServer | undefined

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  const { writer } = server
  await putK3sCluster(writer)
  await putAddon(writer, 'db', '')
  await putEvent(writer, {
    addon: 'db',
    type: 'Warning',
    reason: 'ApplyManifestFailed',
    message: `Applying manifest at "/manifests/db.yaml" failed: Secret "db" is invalid: data: Invalid value: "${canary}"`,
    at: '2026-03-01T12:00:00Z',
  })
})
afterAll(() => server?.stop())

function running(): TestApiServer {
  if (server === undefined) throw new Error('the API server did not start')
  return server
}

/** Of the API alone: this machine is none of the cluster. */
async function capture(directory: string, kubeconfig: string, out: string): Promise<Said> {
  writeTree(directory, { 'empty/none': '' })
  return await verb(directory, captureCommand, {
    flags: { kubeconfig, root: 'empty', cluster: 'home' },
    options: { out },
  })
}

function readFile(directory: string, file: string): Capture {
  const read = readCapture(file, readFileSync(join(directory, file)))
  if (!read.ok) throw new Error(JSON.stringify(read.error))
  return read.value
}

clusterTest('a captured cluster is read back whole, and two captures differ in their time alone', async () => {
  const directory = await temporaryDirectory()
  const { kubeconfig } = running()
  const said = await capture(directory, kubeconfig, 'one.yaml')
  expect(said).toMatchObject({
    code: 0,
    out: '',
    err: expect.stringMatching(/^captured 3 nodes, 4 Services, 0 files; no secrets\n/),
  })
  expect(statSync(join(directory, 'one.yaml')).mode & 0o777).toBe(0o600)
  await capture(directory, kubeconfig, 'two.yaml')
  const [one, two] = [readFile(directory, 'one.yaml'), readFile(directory, 'two.yaml')]
  expect({ ...two, metadata: one.metadata }).toEqual(one)
  expect(one.facts.nodes.map(({ name, role }) => `${name} ${role}`)).toEqual([
    'agent-1 agent',
    'agent-2 agent',
    'server-1 server',
  ])
  expect(one.facts.objects?.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    'Job helm-install-traefik',
    'Job helm-install-traefik-crd',
    'HelmChart traefik',
    'HelmChart traefik-crd',
    'HelmChartConfig traefik',
    'Addon coredns',
    'Addon db',
    'Addon lan',
    'Addon traefik',
    'ConfigMap coredns-custom',
    expect.stringMatching(/^Event db\./),
  ])
})

clusterTest('no secret of the cluster or of a machine is in a capture, and what is none is', async () => {
  const directory = await temporaryDirectory()
  writeTree(join(directory, 'machine'), serverFiles)
  const { kubeconfig } = running()
  for (const output of ['yaml', 'json']) {
    const { code, out, err } = await verb(directory, captureCommand, {
      flags: { kubeconfig, root: 'machine', cluster: 'home' },
      options: { output },
    })
    expect(code).toBe(0)
    expect(out + err).not.toContain(canary)
    expect(JSON.stringify(chartsIn(out))).toContain('[{\\"name\\":\\"A_TOKEN\\",\\"value\\":\\"********\\"}]')
    // The name of a Secret is a reference to it, and no secret.
    expect(out).toContain('secretKeyRef: { name: cloudflare, key: token }')
    expect(out).toMatch(/flannel-backend[^a-z]+host-gw/)
    expect(out).toContain('ApplyManifestFailed')
  }
})

function chartsIn(text: string): readonly unknown[] {
  const { facts } = readYamlMap(text) as Pick<Capture, 'facts'>
  return (facts.objects ?? []).filter(({ kind }) => kind === 'HelmChart')
}

clusterTest('lb tells from a capture where every Service is served', async () => {
  const directory = await temporaryDirectory()
  const { kubeconfig } = running()
  await verb(directory, importCommand, { words: ['repo'], flags: { kubeconfig } })
  await capture(directory, kubeconfig, 'home.yaml')
  const { code, out } = await verb(directory, lbCommand, {
    flags: { repo: 'repo' },
    options: { capture: 'home.yaml', output: 'json', 'detailed-exitcode': true },
  })
  const preview = JSON.parse(out)
  expect(code).toBe(0)
  expect(preview).toMatchObject({
    captured: true,
    changed: [],
    before: { k3sVersion: 'v1.33.4+k3s1', allowList: true },
  })
  const served = (services: readonly { service: string; pool?: string; ideal: { addresses: string[] } }[]) =>
    services.map(({ service, pool, ideal }) => `${service} ${pool ?? '-'} ${ideal.addresses.join(',')}`).sort()
  expect(served(preview.after.services)).toEqual([
    'kube-system/traefik edge 192.168.1.11',
    'shop/late - 192.168.1.11',
    'shop/web edge 192.168.1.11',
  ])
})

clusterTest('lint finds in a capture what K3s said when it was taken', async () => {
  const directory = await temporaryDirectory()
  await capture(directory, running().kubeconfig, 'home.yaml')
  const { code, out } = await verb(directory, lintCommand, { options: { capture: 'home.yaml', output: 'json' } })
  const problems: readonly { code: string; what: string }[] = JSON.parse(out).problems
  expect(code).toBe(3)
  // What is masked is no mistake of the cluster.
  expect(problems.filter(({ code: one }) => one.startsWith('CHART_'))).toEqual([])
  expect(problems.filter(({ code: one }) => one.startsWith('MACHINE_'))).toEqual([
    expect.objectContaining({
      code: 'MACHINE_ADDON_FAILED',
      what: expect.stringMatching(/^Addon db of .*\/db\.yaml was never applied: ApplyManifestFailed$/),
    }),
  ])
})

clusterTest('a machine that the cluster does not know is refused, by its name', async () => {
  const directory = await temporaryDirectory()
  writeTree(join(directory, 'machine'), { ...serverFiles, 'etc/hostname': 'elsewhere\n' })
  const { kubeconfig } = running()
  const capturing = verb(directory, captureCommand, { flags: { kubeconfig, root: 'machine', cluster: 'home' } })
  await expect(capturing).rejects.toMatchObject({
    message: 'the cluster of the kubeconfig has no node "elsewhere"',
    detail: { code: 'CAPTURE_NODE_UNKNOWN' },
  })
})

clusterTest('who may read nodes and Services alone captures them, and is told what is missing', async () => {
  const directory = await temporaryDirectory()
  const said = await capture(directory, await grantNarrowly(running(), 'capturer'), 'home.yaml')
  expect(said.code).toBe(0)
  expect(said.err).toContain('not read  /api/v1/pods: KUBE_FORBIDDEN\n')
  expect(said.err).toContain('not read  /api/v1/events: KUBE_FORBIDDEN\n')
  const { facts } = readFile(directory, 'home.yaml')
  expect(facts.services).toHaveLength(4)
  expect(facts).not.toHaveProperty('hostPortPods')
  expect(facts.objects).toEqual([])
})

clusterTest('an API that nobody serves ends a capture with 1, and leaves no file', async () => {
  const directory = await temporaryDirectory()
  writeTree(directory, { 'empty/none': '' })
  const { kubeconfig, address } = await unreachableKubeconfig(directory, canary)
  const words = ['--kubeconfig', kubeconfig, '--root', 'empty', '--cluster', 'home', '--out', 'home.yaml']
  const said = await fairlead(directory, 'capture', ...words)
  expect(said).toMatchObject({ code: 1, out: '' })
  expect(said.err).toContain(`  KUBE_UNREACHABLE at ${address}/version\n`)
  expect(said.err).not.toContain(canary)
  expect(() => statSync(join(directory, 'home.yaml'))).toThrow('ENOENT')
})

saySkipped()
