import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { doctorCommand } from '../../src/cli/doctor.ts'
import { writeTree } from '../cli/sample-repository.ts'
import { temporaryDirectory } from '../lab/temporary-directory.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'
import { putAddon, putChart, putEvent, putJob, putK3sCluster } from './k3s-cluster.ts'
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

async function doctor(kubeconfig: string): Promise<Said> {
  const directory = await temporaryDirectory()
  writeTree(join(directory, 'machine'), serverFiles)
  return await verb(directory, doctorCommand, { flags: { kubeconfig, root: 'machine' }, options: { output: 'json' } })
}

interface Report {
  readonly notes: readonly string[]
  readonly machine: { readonly name: string }
  readonly problems: readonly { readonly code: string; readonly what: string; readonly fix: string }[]
}

function reportIn({ out }: Said): Report {
  return JSON.parse(out)
}

function machineFindings(said: Said): readonly string[] {
  return reportIn(said).problems.flatMap(({ code, what }) => (code.startsWith('MACHINE_') ? [`${code} ${what}`] : []))
}

clusterTest('a cluster that runs as it should is said to, with everything read', async () => {
  const said = await doctor(running().kubeconfig)
  expect(reportIn(said)).toMatchObject({ notes: [], machine: { name: 'server-1' } })
  expect(machineFindings(said)).toEqual([])
  expect(said.code).toBe(0)
})

clusterTest('a failing Addon and a stuck chart are found, with the command that shows the reason', async () => {
  const { writer, kubeconfig } = running()
  await putAddon(writer, 'db', '')
  const failing = { type: 'Warning', reason: 'ApplyManifestFailed' } as const
  const applied = { type: 'Normal', reason: 'AppliedManifest', message: 'Applied manifest' } as const
  const at = (second: number): string => new Date(Date.UTC(2026, 2, 1, 12, 0, second)).toISOString().replace('.000', '')
  const message = `Applying manifest at "/manifests/db.yaml" failed: password: Invalid value: "${canary}"`
  await putEvent(writer, { addon: 'db', ...failing, message, at: at(0) })
  // Failed, and is mended since.
  await putEvent(writer, { addon: 'lan', ...failing, message, at: at(0) })
  await putEvent(writer, { addon: 'lan', ...applied, at: at(15) })
  // Went well, and fails since; what is only about to happen changes nothing.
  await putEvent(writer, { addon: 'coredns', ...applied, at: at(0) })
  await putEvent(writer, { addon: 'coredns', type: 'Warning', reason: 'ParseManifestFailed', message, at: at(15) })
  await putEvent(writer, { addon: 'coredns', type: 'Normal', reason: 'ApplyingManifest', message: '', at: at(30) })
  await putChart(writer, 'cilium')
  await putJob(writer, 'cilium', { active: 1, failed: 4 })
  const said = await doctor(kubeconfig)
  expect(said.code).toBe(3)
  expect(machineFindings(said)).toEqual([
    'MACHINE_ADDON_FAILED Addon coredns of /var/lib/rancher/k3s/server/manifests/coredns.yaml failed: ParseManifestFailed',
    'MACHINE_ADDON_FAILED Addon db of /var/lib/rancher/k3s/server/manifests/db.yaml was never applied: ApplyManifestFailed',
    'MACHINE_HELM_JOB_STUCK HelmChart kube-system/cilium has a job that failed 4 times',
  ])
  expect(reportIn(said).problems.flatMap(({ code, fix }) => (code.startsWith('MACHINE_') ? [fix] : []))).toEqual([
    'kubectl -n kube-system describe addon coredns',
    'kubectl -n kube-system describe addon db',
    'kubectl -n kube-system logs job/helm-install-cilium',
  ])
  expect(said.out + said.err).not.toContain(canary)
})

clusterTest('of two servers each says for itself that an Addon failed on it', async () => {
  const { writer, kubeconfig } = running()
  await putAddon(writer, 'twice', 'b'.repeat(64))
  const failed = { addon: 'twice', type: 'Warning', reason: 'ApplyManifestFailed', message: 'failed' } as const
  const applied = { addon: 'twice', type: 'Normal', reason: 'AppliedManifest', message: 'applied' } as const
  await putEvent(writer, { ...failed, at: '2026-03-01T12:00:00Z', host: 'server-2' })
  await putEvent(writer, { ...applied, at: '2026-03-01T12:00:30Z', host: 'server-1' })
  const twice = (findings: readonly string[]): number => findings.filter((one) => one.includes('Addon twice ')).length
  expect(twice(machineFindings(await doctor(kubeconfig)))).toBe(1)
  await putEvent(writer, { ...applied, at: '2026-03-01T12:00:45Z', host: 'server-2' })
  expect(twice(machineFindings(await doctor(kubeconfig)))).toBe(0)
})

clusterTest('what may not be read is a note, and the rest is looked at', async () => {
  const said = await doctor(await grantNarrowly(running(), 'visitor'))
  const { notes, machine } = reportIn(said)
  expect(machine.name).toBe('server-1')
  expect(notes).toContain('/api/v1/events of the API was not read (KUBE_FORBIDDEN)')
  expect(notes).toContain('/apis/batch/v1/jobs of the API was not read (KUBE_FORBIDDEN)')
  expect(new Set(notes).size).toBe(notes.length)
  expect(machineFindings(said)).toEqual([])
})

clusterTest('a machine without its API is looked at alone, and so is one that the cluster does not know', async () => {
  const directory = await temporaryDirectory()
  writeTree(join(directory, 'machine'), serverFiles)
  const { kubeconfig } = await unreachableKubeconfig(directory, canary)
  const alone = await fairlead(directory, 'doctor', '--root', 'machine', '--kubeconfig', kubeconfig)
  // An API that was named and not asked is no clean bill.
  expect(alone.code).toBe(1)
  expect(alone.out).toMatch(/^server-1: server, /)
  expect(alone.err).toContain('the cluster was not asked: the API server cannot be reached: ECONNREFUSED\n')
  const api = running().kubeconfig
  const other = await fairlead(directory, 'doctor', '--root', 'machine', '--kubeconfig', api, '--node', 'pi-9')
  expect(other.code).toBe(1)
  expect(other.err).toContain('the cluster has no node pi-9, so that what it says was left out')
  expect(alone.out + alone.err + other.out + other.err).not.toContain(canary)
})

saySkipped()
