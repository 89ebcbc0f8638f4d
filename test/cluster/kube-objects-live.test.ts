import { once } from 'node:events'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { systemClock } from '../../src/adapters/clock/system-clock.ts'
import { eventRecorder } from '../../src/adapters/kube/event-recorder.ts'
import { type KubeObjects, type KubeObjectsSettings, openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import { leaderLease } from '../../src/adapters/kube/leader-lease.ts'
import { defaultWatchTiming } from '../../src/adapters/kube/watch-timing.ts'
import { asRecord } from '../../src/domain/plain-json.ts'
import type { LeaderTerm } from '../../src/ports/kube-objects-port.ts'
import { configMap, namespaced } from '../contract/kube-lab.ts'
import { temporaryDirectory } from '../lab/temporary-directory.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'

let server: TestApiServer | undefined
const signal = new AbortController().signal

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  await server.writer.create('/api/v1/namespaces', { metadata: { name: 'shop' } })
  for (const name of ['kube-system', 'default']) {
    await server.writer.createUnlessThere('/api/v1/namespaces', { metadata: { name } })
  }
})
afterAll(() => server?.stop())

function running(): TestApiServer {
  if (server === undefined) throw new Error('the API server did not start')
  return server
}

async function open(kubeconfig = running().kubeconfig, settings: KubeObjectsSettings = {}): Promise<KubeObjects> {
  const objects = await openKubeObjects({ kubeconfigs: [kubeconfig] }, signal, settings)
  onTestFinished(() => objects.close())
  return objects
}

const timing = { ...defaultWatchTiming, silenceMs: 1_000, firstWaitMs: 50, lastWaitMs: 500 }
const query = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop' }

clusterTest('who may not write is KUBE_DENIED, and is told by name what was refused', async () => {
  const objects = await open(running().kubeconfigOf('nobody'))
  await expect(objects.apply(configMap('shop', 'a', {}), {}, signal)).rejects.toMatchObject({
    detail: { code: 'KUBE_DENIED', where: 'ConfigMap shop/a', retry: 'when-changed' },
  })
  await expect(objects.get(namespaced('shop', 'a'), signal)).rejects.toMatchObject({
    detail: { code: 'KUBE_FORBIDDEN' },
  })
})

clusterTest('a kubeconfig with new certificates is taken up without a restart, on new connections', async () => {
  const kubeconfig = join(await temporaryDirectory(), 'kubeconfig')
  copyFileSync(running().kubeconfigOf('nobody'), kubeconfig)
  const objects = await open(kubeconfig, { loginLivesMs: 100 })
  const write = (): Promise<unknown> => objects.apply(configMap('shop', 'rotated', {}), {}, signal)
  await expect(write()).rejects.toMatchObject({ detail: { code: 'KUBE_DENIED' } })
  copyFileSync(running().kubeconfig, kubeconfig)
  await sleep(150)
  await write()
  writeFileSync(kubeconfig, 'half of a f')
  await sleep(150)
  await write()
  writeFileSync(kubeconfig, readFileSync(running().kubeconfig, 'utf8').replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1'))
  await sleep(150)
  await write()
})

clusterTest('of three candidates one leads; the next one follows when it ends, and the Lease says so', async () => {
  const objects = await open()
  const settings = { namespace: 'kube-system', name: 'fairlead', leaseMs: 2_000, renewWithinMs: 1_400, retryMs: 200 }
  const terms = new Map<string, LeaderTerm>()
  let most = 0
  const candidates = ['a', 'b', 'c'].map((identity) => {
    const end = new AbortController()
    const lease = leaderLease(objects, systemClock(), { ...settings, identity })
    const done = lease.campaign(async (term) => {
      terms.set(identity, term)
      while (!term.signal.aborted) {
        most = Math.max(most, [...terms.values()].filter((one) => one.isHeld()).length)
        await sleep(20)
      }
      terms.delete(identity)
    }, end.signal)
    return { identity, end, done }
  })
  const seen: string[] = []
  while (candidates.length > 0) {
    await expect.poll(() => terms.size, { timeout: 5_000 }).toBe(1)
    const [leader = ''] = terms.keys()
    seen.push(leader)
    const { spec } = asRecord(
      await objects.get(
        { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: 'kube-system', name: 'fairlead' },
        signal,
      ),
    )
    expect(asRecord(spec)).toMatchObject({
      holderIdentity: expect.stringMatching(`^${leader}_`),
      leaseTransitions: seen.length - 1,
    })
    const at = candidates.findIndex(({ identity }) => identity === leader)
    const [ended] = candidates.splice(at, 1)
    ended?.end.abort()
    await ended?.done
  }
  expect(new Set(seen)).toEqual(new Set(['a', 'b', 'c']))
  expect(most).toBe(1)
})

clusterTest('events count up on the server, and one that was cleared away is told anew', async () => {
  const objects = await open()
  const made = await objects.apply(configMap('shop', 'regarded', {}), {}, signal)
  const recorder = eventRecorder(objects, systemClock(), { component: 'fairlead-test', host: 'here' }, signal)
  const regarding = { ...namespaced('shop', 'regarded'), uid: made.metadata.uid }
  const event = { regarding, type: 'Warning', reason: 'FirewallRejected', message: 'no such set' } as const
  for (let times = 0; times < 3; times += 1) recorder.record(event)
  await recorder.flush()
  const events = { apiVersion: 'v1', kind: 'Event', namespace: 'shop', fieldSelector: 'involvedObject.name=regarded' }
  const first = await objects.list(events, signal)
  expect(first.items).toEqual([
    expect.objectContaining({
      type: 'Warning',
      reason: 'FirewallRejected',
      message: 'no such set',
      count: 3,
      source: { component: 'fairlead-test', host: 'here' },
      involvedObject: expect.objectContaining({ kind: 'ConfigMap', uid: made.metadata.uid }),
    }),
  ])
  for (const { metadata } of first.items) {
    await objects.delete({ apiVersion: 'v1', kind: 'Event', namespace: 'shop', name: metadata.name }, {}, signal)
  }
  recorder.record(event)
  await recorder.flush()
  expect((await objects.list(events, signal)).items).toEqual([expect.objectContaining({ count: 1 })])
  expect(recorder.dropped).toBe(0)
})

clusterTest('an event about what has no namespace, and one nobody may write, neither waits nor fails', async () => {
  const objects = await open()
  const node = { apiVersion: 'v1', kind: 'Node', name: 'edge-1' }
  const event = { regarding: node, type: 'Normal', reason: 'Programmed', message: 'done' } as const
  const recorder = eventRecorder(objects, systemClock(), { component: 'fairlead-test' }, signal)
  recorder.record(event)
  await recorder.flush()
  const found = await objects.list(
    { apiVersion: 'v1', kind: 'Event', namespace: 'default', fieldSelector: 'involvedObject.name=edge-1' },
    signal,
  )
  expect(found.items.length).toBe(1)
  const refused = await open(running().kubeconfigOf('nobody'))
  const silent = eventRecorder(refused, systemClock(), { component: 'fairlead-test' }, signal)
  silent.record(event)
  await silent.flush()
  expect(silent.dropped).toBe(1)
})

clusterTest('a connection that goes silent on the way costs a watch no change', async () => {
  const proxy = await silentProxy(Number(new URL(running().url).port))
  const kubeconfig = join(await temporaryDirectory(), 'kubeconfig')
  writeFileSync(
    kubeconfig,
    readFileSync(running().kubeconfig, 'utf8').replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${proxy.port}`),
  )
  const throughProxy = await open(kubeconfig, { watch: timing })
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const store = throughProxy.watch(query, () => undefined, stop.signal)
  await store.ready
  await expect.poll(() => store.state()).toEqual({ kind: 'watching' })
  const direct = await open()
  proxy.freeze()
  await direct.apply(configMap('shop', 'unheard', {}), {}, signal)
  await direct.apply(configMap('shop', 'gone', {}), {}, signal)
  await direct.delete(namespaced('shop', 'gone'), {}, signal)
  await expect.poll(() => store.get('shop/unheard'), { timeout: 10_000 }).toBeDefined()
  expect(store.get('shop/gone')).toBeUndefined()
})

clusterTest('a server that stands still is KUBE_TIMEOUT; afterwards, requests and watches go on', async () => {
  const { pids } = running()
  const objects = await open(running().kubeconfig, {
    watch: timing,
    limits: { requestMs: 500, answerBytes: 1_000_000 },
  })
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const store = objects.watch(query, () => undefined, stop.signal)
  await store.ready
  process.kill(pids.apiServer, 'SIGSTOP')
  try {
    await expect(objects.get(namespaced('shop', 'x'), signal)).rejects.toMatchObject({
      detail: { code: 'KUBE_TIMEOUT' },
    })
    await expect.poll(() => store.state().kind, { timeout: 5_000 }).toBe('interrupted')
  } finally {
    process.kill(pids.apiServer, 'SIGCONT')
  }
  const patient = await open()
  await patient.apply(configMap('shop', 'later', {}), {}, signal)
  await expect.poll(() => store.get('shop/later'), { timeout: 10_000 }).toBeDefined()
  expect(store.state()).toEqual({ kind: 'watching' })
})

/** Passes bytes on; what is open when it freezes stays open and carries nothing any more, what comes later works. */
async function silentProxy(targetPort: number): Promise<{ readonly port: number; freeze(): void }> {
  const sockets = new Set<Socket>()
  const proxy = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
    }
    client.pipe(upstream).pipe(client)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
  })
  const address = proxy.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    freeze: () => {
      for (const socket of sockets) socket.unpipe().pause()
    },
  }
}

saySkipped()
