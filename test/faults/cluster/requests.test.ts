import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest'
import type { LiveObject } from '../../../src/ports/kube-objects-port.ts'
import { clusterTest, hasApiServer, saySkipped } from '../../cluster/api-server.ts'
import type { Fault } from '../../cluster/proxy.ts'
import { codeOf, configMap, namespaced } from '../../contract/kube-lab.ts'
import { type FaultLab, never, openFaultLab, quick } from './fault-lab.ts'

let lab: FaultLab | undefined
beforeAll(async () => {
  if (hasApiServer) lab = await openFaultLab()
}, 120_000)
afterAll(() => lab?.stop(), 60_000)
beforeEach(() => {
  running().proxy.script = () => undefined
})

function running(): FaultLab {
  if (lab === undefined) throw new Error('the API server did not start')
  return lab
}

const writesOf = (name: string): number =>
  running().proxy.calls.filter((call) => call.isWrite && call.name === name).length

/** The first request for each object meets the fault, all further ones do not. */
function onceEach(fault: Fault): void {
  const met = new Set<string>()
  running().proxy.script = ({ isWrite, path, verb }) => {
    const key = `${verb} ${path}`
    if (!isWrite || met.has(key)) return undefined
    met.add(key)
    return fault
  }
}

async function applyMany(count: number, prefix: string): Promise<readonly PromiseSettledResult<LiveObject>[]> {
  const objects = await running().open()
  const maps = Array.from({ length: count }, (_, at) => configMap('shop', `${prefix}-${at}`, { at: String(at) }))
  running().proxy.forget()
  return await Promise.allSettled(maps.map((map) => objects.apply(map, {}, never)))
}

describe('forty objects are applied although every first attempt', () => {
  const faults: readonly { readonly name: string; readonly fault: Fault }[] = [
    { name: 'is turned away with 429 and a time', fault: { kind: 'answer', status: 429, retryAfterSeconds: 1 } },
    { name: 'is turned away with 429 and no time', fault: { kind: 'answer', status: 429 } },
    { name: 'is turned away with 503 and a time', fault: { kind: 'answer', status: 503, retryAfterSeconds: 1 } },
    { name: 'meets a gateway without a server', fault: { kind: 'answer', status: 502 } },
    { name: 'is cut off before the server hears of it', fault: { kind: 'cut' } },
    { name: 'is carried out, and its answer is lost', fault: { kind: 'cut-answer' } },
    { name: 'takes a second', fault: { kind: 'slow', ms: 1_000 } },
  ]
  for (const [at, { name, fault }] of faults.entries()) {
    clusterTest(name, async () => {
      onceEach(fault)
      const results = await applyMany(40, `once-${at}`)
      expect(results.filter(({ status }) => status === 'rejected')).toEqual([])
      expect(running().proxy.counts()['patch configmaps']).toBe(fault.kind === 'slow' ? 40 : 80)
      const listed = await running().direct.list({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop' }, never)
      const made = listed.items.filter(({ metadata }) => metadata.name.startsWith(`once-${at}-`))
      expect(made).toHaveLength(40)
    })
  }
})

describe('nobody is asked for ever', () => {
  const ends = [
    { name: 'overload', fault: { kind: 'answer', status: 429 }, code: 'KUBE_OVERLOADED', asked: 6 },
    { name: 'errors', fault: { kind: 'answer', status: 500 }, code: 'KUBE_SERVER_ERROR', asked: 1 },
    { name: 'gateway', fault: { kind: 'answer', status: 503 }, code: 'KUBE_SERVER_ERROR', asked: 3 },
    { name: 'cuts', fault: { kind: 'cut' }, code: 'KUBE_UNREACHABLE', asked: 3 },
    { name: 'silence', fault: { kind: 'silence' }, code: 'KUBE_TIMEOUT', asked: 1 },
  ] as const
  for (const { name, fault, code, asked } of ends) {
    clusterTest(`${name} without an end: ${code} after ${asked} of them`, async () => {
      const objects = await running().open()
      await objects.get(namespaced('shop', 'x'), never)
      running().proxy.forget()
      running().proxy.script = () => fault
      expect(await codeOf(objects.apply(configMap('shop', name, {}), {}, never))).toBe(code)
      expect(writesOf(name)).toBe(asked)
    })
  }
})

clusterTest('a creation whose answer is lost is not asked twice, and the caller hears that nobody knows', async () => {
  const objects = await running().open()
  running().proxy.script = ({ verb }) => (verb === 'create' ? { kind: 'cut-answer' } : undefined)
  running().proxy.forget()
  expect(await codeOf(objects.create(configMap('shop', 'made', {}), {}, never))).toBe('KUBE_UNREACHABLE')
  expect(running().proxy.counts()['create configmaps']).toBe(1)
  expect(await running().direct.get(namespaced('shop', 'made'), never)).toBeDefined()
})

clusterTest('a replacement that arrived, and is asked again, does not overwrite what came between', async () => {
  const objects = await running().open()
  const made = await running().direct.apply(configMap('shop', 'counted', { n: '1' }), {}, never)
  onceEach({ kind: 'cut-answer' })
  const next = { ...made, ...configMap('shop', 'counted', { n: '2' }), metadata: made.metadata }
  const outcome = await objects.replace(next, {}, never).then(
    () => 'done',
    async (error: unknown) => await codeOf(Promise.reject(error)),
  )
  expect(['KUBE_STALE', 'KUBE_UNREACHABLE']).toContain(outcome)
  const live = await running().direct.get(namespaced('shop', 'counted'), never)
  expect(live?.['data']).toEqual({ n: '2' })
})

clusterTest('a storm that ends leaves nothing behind: the next request goes through', async () => {
  const objects = await running().open({ ...quick, limits: { requestMs: 500, answerBytes: 1_000_000 } })
  running().proxy.script = () => ({ kind: 'silence' })
  const lost = Array.from({ length: 64 }, (_, at) => codeOf(objects.get(namespaced('shop', `n-${at}`), never)))
  expect(new Set(await Promise.all(lost))).toEqual(new Set(['KUBE_TIMEOUT']))
  running().proxy.script = () => undefined
  expect(await objects.get(namespaced('shop', 'x'), never)).toBeUndefined()
})

saySkipped()
