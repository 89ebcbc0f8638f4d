/**
 * A thousand ConfigMaps by server-side apply, and from ten files of the manifests directory by our deploy engine, created,
 * changed and left as they are, beside kubectl on the same server, in turns. Ours are measured inside a process that runs already, as the controller does, from opening the kubeconfig on;
 * kubectl with its start, which is told beside it. The last peer sends the same documents with nothing around them: what
 * the server itself takes for them, which on two cores shared with its etcd is most of the time.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { openAccess } from '../src/adapters/kube/kube-access.ts'
import { openKubeObjects } from '../src/adapters/kube/kube-objects.ts'
import { kubeSource } from '../src/adapters/kube/kubeconfig.ts'
import type { KubernetesObject } from '../src/domain/facts.ts'
import type { KubeObjectsPort } from '../src/ports/kube-objects-port.ts'
import { startApiServer } from '../test/cluster/api-server.ts'
import { builtinEngine } from './lab/builtin-engine.ts'
import { editedManifests } from './lab/edited-manifests.ts'
import { report } from './lab/report.ts'
import { round, spreadOf } from './lab/statistics.ts'

const count = Number(process.env['OBJECTS'] ?? 1_000)
const rounds = Number(process.env['ROUNDS'] ?? 3)
const signal = new AbortController().signal
const kubectlBinary = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((path) => join(path, 'kubectl'))
  .find((path) => existsSync(path))
if (kubectlBinary === undefined) throw new Error('no kubectl on the path, which this is measured beside')
const directory = mkdtempSync(join(tmpdir(), 'fairlead-bench-apply-'))
const server = await startApiServer()
const target = { kubeconfigs: [server.kubeconfig] }

type Step = 'created' | 'changed' | 'same again' | 'unchanged pass'
const times = new Map<string, number[]>()
const measured = (who: 'fairlead' | 'builtin engine' | 'kubectl', step: Step): number[] => {
  const key = `${who} ${step}`
  const list = times.get(key) ?? []
  times.set(key, list)
  return list
}

for (let turn = 0; turn < rounds; turn += 1) {
  const [ours, engines, theirs] = [`ours-${turn}`, `engines-${turn}`, `theirs-${turn}`]
  const engine = builtinEngine(server.kubeconfig)
  for (const name of [ours, engines, theirs]) await server.writer.create('/api/v1/namespaces', { metadata: { name } })
  const steps: readonly (readonly [Step, number])[] = [
    ['created', 1],
    ['changed', 2],
    ['same again', 2],
  ]
  for (const [step, version] of steps) {
    const apply = step === 'same again' ? passOurs : applyOurs
    measured('fairlead', step).push(await apply(configMaps(ours, version)))
    engine.write(configMaps(engines, version), 10)
    measured('builtin engine', step).push(await engine.pass())
    measured('kubectl', step).push(await kubectl('apply', configMaps(theirs, version)))
  }
  measured('fairlead', 'unchanged pass').push(await compareOurs(configMaps(ours, 2)))
  measured('kubectl', 'unchanged pass').push(await kubectl('diff', configMaps(theirs, 2)))
  engine.remove()
  // Nobody is to list the objects of the turns before; those of the first turn are written once more below.
  const over = turn === 0 ? [engines, theirs] : [ours, engines, theirs]
  for (const name of over) run(['delete', '--raw', `/api/v1/namespaces/${name}/configmaps`])
}
await server.writer.createUnlessThere('/api/v1/namespaces', { metadata: { name: 'default' } })
const edits = await editedManifests(server.kubeconfig)
const bareMs = await applyBare(configMaps('ours-0', 3), 16)
const bareSingleMs = await applyBare(configMaps('ours-0', 4), 1)
const startMs = Math.min(...Array.from({ length: 3 }, () => timed(() => run(['version', '--client']))))
const version = /Client Version: (\S+)/.exec(run(['version', '--client']))?.[1] ?? 'unknown'
await server.stop()
rmSync(directory, { recursive: true })

const rate = (ms: number): number => round(count / (ms / 1000))
const applyRows = (['created', 'changed', 'same again'] as const).map((step) => {
  const [oursMs, theirsMs] = [middle(measured('fairlead', step)), middle(measured('kubectl', step))]
  const times = round(theirsMs / oursMs)
  return {
    what: `${count} ConfigMaps ${step} (objects/s)`,
    measured: { fairlead: rate(oursMs), kubectl: rate(theirsMs), times },
    bar: '≥ 4 × kubectl apply --server-side',
    met: times >= 4,
  }
})
const engineRows = (['created', 'changed', 'same again'] as const).map((step) => {
  const [oursMs, theirsMs] = [middle(measured('builtin engine', step)), middle(measured('kubectl', step))]
  const times = round(theirsMs / oursMs)
  return {
    what: `${count} ConfigMaps in ten manifests ${step} (objects/s)`,
    measured: { 'builtin engine': rate(oursMs), kubectl: rate(theirsMs), times },
    bar: '≥ 2.5 × kubectl apply --server-side',
    met: times >= 2.5,
  }
})
const [passMs, diffMs] = [middle(measured('fairlead', 'unchanged pass')), middle(measured('kubectl', 'unchanged pass'))]
report('apply', [
  ...applyRows,
  ...engineRows,
  {
    what: `one manifest of 40 edited → applied (ms)`,
    measured: { ...spreadOf(edits) },
  },
  {
    what: `unchanged pass over ${count} objects (ms)`,
    measured: { fairlead: round(passMs), 'kubectl diff': round(diffMs), times: round(diffMs / passMs) },
    bar: '≥ 20 × faster than kubectl diff',
    met: diffMs / passMs >= 20,
  },
  {
    what: 'peer: bare requests (objects/s)',
    measured: { '16 in flight': rate(bareMs), 'one at a time': rate(bareSingleMs) },
  },
  { what: 'peer: kubectl version --client, its start (ms)', measured: { best: round(startMs), version } },
])

function configMaps(namespace: string, version: number): readonly KubernetesObject[] {
  return Array.from({ length: count }, (_, at) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `settings-${at}`, namespace, labels: { 'app.kubernetes.io/part-of': 'bench' } },
    data: { version: `${version}`, text: `${at} `.repeat(100) },
  }))
}

async function applyOurs(wanted: readonly KubernetesObject[]): Promise<number> {
  return await withOurs(async (objects) => {
    await Promise.all(wanted.map((object) => objects.apply(object, {}, signal)))
  })
}

/** As a pass does it: what is as it was applied is not sent again. */
async function passOurs(wanted: readonly KubernetesObject[]): Promise<number> {
  return await withOurs(async (objects) => {
    const different = await objects.unapplied(wanted, signal)
    await Promise.all(different.map((object) => objects.apply(object, {}, signal)))
  })
}

/** @param inFlight as many requests at once */
async function applyBare(wanted: readonly KubernetesObject[], inFlight: number): Promise<number> {
  const access = await openAccess(kubeSource(target), inFlight, signal)
  const headers = { ...(await access.headers(signal)), 'content-type': 'application/apply-patch+yaml' }
  const startedAt = performance.now()
  const rest = wanted.values()
  const worker = async (): Promise<void> => {
    for (const object of rest) {
      const { namespace = '', name } = object.metadata
      const path = `/api/v1/namespaces/${namespace}/configmaps/${name}?fieldManager=fairlead`
      const limits = { headersTimeout: 60_000, bodyTimeout: 60_000, signal }
      const asked = { origin: access.origin, path, method: 'PATCH', headers, body: JSON.stringify(object) } as const
      const { statusCode, body } = await access.dispatcher.request({ ...asked, ...limits })
      await body.dump()
      if (statusCode !== 200) throw new Error(`PATCH ${path}: ${statusCode}`)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  const ms = performance.now() - startedAt
  await access.close()
  return ms
}

async function compareOurs(wanted: readonly KubernetesObject[]): Promise<number> {
  return await withOurs(async (objects) => {
    const different = await objects.unapplied(wanted, signal)
    if (different.length > 0) throw new Error(`${different.length} objects are not as they were applied`)
  })
}

async function withOurs(work: (objects: KubeObjectsPort) => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  const objects = await openKubeObjects(target, signal)
  await work(objects)
  const ms = performance.now() - startedAt
  await objects.close()
  return ms
}

async function kubectl(verb: 'apply' | 'diff', wanted: readonly KubernetesObject[]): Promise<number> {
  const file = join(directory, 'list.json')
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: wanted }))
  return timed(() => run([verb, '--server-side', '-f', file]))
}

function run(argv: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(
    kubectlBinary ?? '',
    [`--kubeconfig=${server.kubeconfig}`, ...argv],
    {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      env: { PATH: process.env['PATH'] ?? '', HOME: directory },
    },
  )
  if (status !== 0) throw new Error(`kubectl ${argv.join(' ')}: ${error?.message ?? stderr}`)
  return stdout
}

function timed(work: () => unknown): number {
  const startedAt = performance.now()
  work()
  return performance.now() - startedAt
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
