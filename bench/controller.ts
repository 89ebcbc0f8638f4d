/**
 * `fairlead controller` as a process of its own on a real API server with 2,000 Nodes and 3,000 Services: from its start to
 * everything published, a label flip, memory when idle and under churn, and how many requests all that takes.
 * `FAIRLEAD_CHURN_MINUTES` (3) is how long it churns; `NODES` and `SERVICES` are for smaller runs.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openKubeObjects } from '../src/adapters/kube/kube-objects.ts'
import { fairleadKinds, fairleadNamespace } from '../src/domain/fairlead-api.ts'
import { asRecord } from '../src/domain/plain-json.ts'
import { startApiServer, type TestApiServer } from '../test/cluster/api-server.ts'
import { fillCluster, nodeName } from './lab/controller-cluster.ts'
import { peakMiB } from './lab/process-cost.ts'
import { type Row, report } from './lab/report.ts'
import { allocatorEnvironment } from './lab/service-environment.ts'
import { round, spreadOf } from './lab/statistics.ts'

const nodes = Number(process.env['NODES'] ?? 2_000)
const services = Number(process.env['SERVICES'] ?? 3_000)
const churnMinutes = Number(process.env['FAIRLEAD_CHURN_MINUTES'] ?? 3)
const flips = Number(process.env['FLIPS'] ?? 10)
/** Node's own flags for the controller, and the file that is run: the bundle unless told. */
const entry = (process.env['FAIRLEAD_ENTRY'] ?? new URL('../bin/fairlead.cjs', import.meta.url).pathname).split(' ')
const signal = new AbortController().signal
const directory = mkdtempSync(join(tmpdir(), 'fairlead-bench-controller-'))
const listen = '127.0.0.1:18421'

const server = await startApiServer()
const rows: Row[] = []
let controller: ChildProcess | undefined
try {
  await fillCluster(server.writer, nodes, services)
  const repository = makeRepository()
  const first = await timedStart(repository)
  rows.push({
    what: `${nodes} nodes, ${services} Services: first start to all published (s)`,
    measured: { seconds: round(first.seconds), peakMiB: peakMiB(first.pid), ...(await requests()) },
    bar: '≤ 20 s',
    met: first.seconds <= 20,
  })
  await sleep(20_000)
  rows.push(await idleRow('resident memory when idle, 20 s after everything was published (MiB)', first.pid))
  await stopController()
  const again = await timedStart(repository)
  rows.push({
    what: 'started again, everything published before (s)',
    measured: { seconds: round(again.seconds), peakMiB: peakMiB(again.pid), ...(await requests()) },
    bar: '≤ 20 s',
    met: again.seconds <= 20,
  })
  rows.push(await labelFlips(server))
  await sleep(20_000)
  rows.push(await idleRow('resident memory when idle, started again, 20 s after the label flips (MiB)', again.pid))
  rows.push(await churn(server, again.pid))
} finally {
  await stopController()
  await server.stop()
  rmSync(directory, { recursive: true, force: true })
  report('controller', rows)
}
process.exit(0)

function makeRepository(): string {
  const repository = join(directory, 'repository')
  mkdirSync(join(repository, 'clusters/home/nodes'), { recursive: true })
  writeFileSync(
    join(repository, 'clusters/home/network.yaml'),
    `apiVersion: fairlead.dev/v1alpha1
kind: ClusterNetwork
metadata: { name: home }
spec:
  k3sVersion: v1.33.4+k3s1
  addressing: { clusterCIDR: [10.128.0.0/9], serviceCIDR: [10.43.0.0/16] }
  cni: { flannel: { backend: vxlan } }
`,
  )
  writeFileSync(
    join(repository, 'clusters/home/nodes/edge.yaml'),
    `apiVersion: fairlead.dev/v1alpha1
kind: NodeNetwork
metadata: { name: edge }
spec:
  nodes: { matchLabels: { role: edge } }
  firewall:
    input: [{ name: web, from: [192.168.0.0/16], protocol: tcp, ports: [80, 443], action: Accept }]
`,
  )
  const git = (...words: string[]): void => {
    const { status, stderr } = spawnSync(
      'git',
      ['-C', repository, '-c', 'user.name=bench', '-c', 'user.email=b@example', ...words],
      { encoding: 'utf8' },
    )
    if (status !== 0) throw new Error(`git ${words.join(' ')}: ${stderr}`)
  }
  git('init', '--quiet', '--initial-branch=main')
  git('add', '.')
  git('commit', '--quiet', '--message=first')
  return repository
}

async function timedStart(repository: string): Promise<{ readonly pid: number; readonly seconds: number }> {
  const startedAt = performance.now()
  const log = openSync(join(directory, 'controller.log'), 'a')
  controller = spawn(
    process.execPath,
    [
      ...entry,
      'controller',
      '--git-url',
      repository,
      '--cluster',
      'home',
      '--kubeconfig',
      server.kubeconfig,
      '--listen',
      listen,
      '--root',
      directory,
      '--log-format',
      'json',
    ],
    { stdio: ['ignore', log, log], env: { ...process.env, ...allocatorEnvironment('fairlead-controller.service') } },
  )
  const { pid } = controller
  if (pid === undefined) throw new Error('the controller did not start')
  for (;;) {
    if (controller.exitCode !== null) throw new Error(readFileSync(join(directory, 'controller.log'), 'utf8'))
    const answer = await fetch(`http://${listen}/readyz`).then(
      async (response) => (response.status === 200 ? await response.text() : ''),
      () => '',
    )
    if (answer.includes('leader')) break
    if (performance.now() - startedAt > 180_000)
      throw new Error(readFileSync(join(directory, 'controller.log'), 'utf8'))
    await sleep(20)
  }
  const seconds = (performance.now() - startedAt) / 1000
  const list = await server.writer.get(
    `/apis/fairlead.dev/v1alpha1/namespaces/${fairleadNamespace}/nodeprograms?limit=${nodes + 1}`,
  )
  const published = (list['items'] as readonly unknown[]).length
  if (published !== nodes) throw new Error(`ready with ${published} of ${nodes} programs`)
  return { pid, seconds }
}

async function stopController(): Promise<void> {
  const child = controller
  if (child === undefined || child.exitCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await Promise.race([ended, sleep(10_000).then(() => child.kill('SIGKILL'))])
}

/** From the answer to the label to the watch that tells of the right program. */
async function labelFlips({ writer, kubeconfig }: TestApiServer): Promise<Row> {
  const objects = await openKubeObjects({ kubeconfigs: [kubeconfig] }, signal)
  const over = new AbortController()
  const waiting = new Map<string, () => void>()
  const query = { ...fairleadKinds.nodeProgram, namespace: fairleadNamespace }
  let others = 0
  const store = objects.watchPicked(
    query,
    ({ spec }) => asRecord(spec)['digest'],
    (keys) => {
      for (const key of keys) {
        const tell = waiting.get(key)
        if (tell === undefined) others += 1
        tell?.()
      }
    },
    over.signal,
  )
  await store.ready
  // What the first list held is told, too.
  await sleep(200)
  others = 0
  const before = await requests()
  const times: number[] = []
  for (let index = 1; index <= flips; index += 1) {
    const name = nodeName(index)
    const told = new Promise<void>((resolve) => waiting.set(`${fairleadNamespace}/${name}`, resolve))
    const path = `/api/v1/nodes/${name}`
    const live = await writer.get(path)
    const metadata = asRecord(live['metadata'])
    const labels = { ...asRecord(metadata['labels']), role: 'edge' }
    const startedAt = performance.now()
    await writer.replace(path, { ...live, metadata: { ...metadata, labels } })
    await told
    times.push(performance.now() - startedAt)
    await sleep(300)
  }
  over.abort()
  await objects.close()
  const spread = spreadOf(times)
  const after = await requests()
  return {
    what: 'one label flip → the right program published (ms)',
    measured: { ...spread, otherProgramsTouched: others, writes: after.writes - before.writes },
    bar: '≤ 1,000',
    met: spread.max <= 1_000 && others === 0,
  }
}

/** Heartbeats of kubelets, Services that come and go, labels that nobody asked for: memory must not follow. */
async function churn({ writer }: TestApiServer, pid: number): Promise<Row> {
  const endMs = performance.now() + churnMinutes * 60_000
  const samples: number[] = []
  const before = await requests()
  let changes = 0
  const nextSample = { atMs: performance.now() + 30_000 }
  while (performance.now() < endMs) {
    const index = changes % nodes
    const path = `/api/v1/nodes/${nodeName(index)}`
    const live = await writer.get(path)
    await writer.setStatus(path, { ...asRecord(live['status']), heartbeat: changes })
    const name = `churn-${changes}`
    await writer.create('/api/v1/namespaces/apps/services', {
      metadata: { name },
      spec: { selector: { app: name }, ports: [{ port: 80 }] },
    })
    await writer.remove(`/api/v1/namespaces/apps/services/${name}`)
    changes += 1
    if (performance.now() >= nextSample.atMs) {
      samples.push(statusMiB(pid, 'VmRSS'))
      nextSample.atMs += 15_000
    }
    await sleep(20)
  }
  await sleep(10_000)
  samples.push(statusMiB(pid, 'VmRSS'))
  const after = await requests()
  const half = Math.floor(samples.length / 2)
  const growth = round(mean(samples.slice(half)) - mean(samples.slice(0, half)))
  return {
    what: `${churnMinutes} minutes of churn: growth of resident memory (MiB)`,
    measured: {
      firstHalf: round(mean(samples.slice(0, half))),
      secondHalf: round(mean(samples.slice(half))),
      growth,
      end: samples.at(-1) ?? 0,
      changes: changes * 3,
      requests: after.all - before.all,
      writes: after.writes - before.writes,
    },
    bar: 'no growth (≤ 5)',
    met: growth <= 5,
  }
}

/** `file` are pages of Node itself, which the system has once for all processes and may drop. */
async function idleRow(what: string, pid: number): Promise<Row> {
  const rss = statusMiB(pid, 'VmRSS')
  const text = await (await fetch(`http://${listen}/metrics`)).text()
  const heap = Number(/^nodejs_heap_size_total_bytes (\S+)/m.exec(text)?.[1] ?? 0)
  return {
    what,
    measured: { rss, file: statusMiB(pid, 'RssFile'), heap: round(heap / 2 ** 20) },
    bar: '≤ 128',
    met: rss <= 128,
  }
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

function statusMiB(pid: number, field: 'VmRSS' | 'RssFile'): number {
  const kib = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return round(Number(kib ?? 0) / 1024)
}

/** As the controller itself counts them. */
async function requests(): Promise<{ readonly all: number; readonly writes: number }> {
  const text = await (await fetch(`http://${listen}/metrics`)).text()
  let [all, writes] = [0, 0]
  for (const [, verb, count] of text.matchAll(/^fairlead_kube_api_requests_total\{verb="(\w+)",[^}]*\} (\d+)/gm)) {
    all += Number(count)
    if (['create', 'update', 'patch', 'delete'].includes(verb ?? '')) writes += Number(count)
  }
  return { all, writes }
}
