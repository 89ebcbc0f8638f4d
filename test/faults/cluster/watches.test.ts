import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished } from 'vitest'
import type { KubeObjects, KubeObjectsSettings } from '../../../src/adapters/kube/kube-objects.ts'
import type { KubeStore } from '../../../src/ports/kube-objects-port.ts'
import { clusterTest, hasApiServer, saySkipped } from '../../cluster/api-server.ts'
import { configMap, namespaced } from '../../contract/kube-lab.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'
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

const query = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop' }
/** At once: somebody who knows nothing of faults changes the cluster meanwhile. */
const churnMs = 40

interface Fault {
  readonly name: string
  /** Comes over the cluster while it changes, and is over when it resolves. */
  readonly strike: (lab: FaultLab) => Promise<void>
  /** Within which the copy is right again. */
  readonly withinMs: number
  /** Lists and watches asked for meanwhile, at most. */
  readonly asked: number
}

const faults: readonly Fault[] = [
  {
    name: 'every connection is cut, ten times',
    async strike({ proxy }) {
      for (let times = 0; times < 10; times += 1) {
        proxy.cutAll()
        await sleep(150)
      }
    },
    withinMs: 2_000,
    asked: 40,
  },
  {
    name: 'the watch goes silent, and its connection stays',
    async strike({ proxy }) {
      proxy.hushWatches()
      await sleep(500)
    },
    withinMs: 3_000,
    asked: 6,
  },
  {
    name: 'the server answers 500 for three seconds',
    strike: storm(500),
    withinMs: 3_000,
    asked: 40,
  },
  {
    name: 'the server answers 429 for three seconds',
    strike: storm(429),
    withinMs: 3_000,
    asked: 40,
  },
  {
    name: 'the API server is killed, and comes back',
    async strike({ server }) {
      await server.kill('apiServer')
      await sleep(1_000)
      await server.start('apiServer')
    },
    withinMs: 10_000,
    asked: 120,
  },
  {
    name: 'etcd is killed, and comes back',
    async strike({ server }) {
      await server.kill('etcd')
      await sleep(2_000)
      await server.start('etcd')
    },
    withinMs: 15_000,
    asked: 120,
  },
]

function storm(status: number): Fault['strike'] {
  return async ({ proxy }) => {
    proxy.script = () => ({ kind: 'answer', status })
    proxy.cutAll()
    await sleep(3_000)
    proxy.script = () => undefined
  }
}

describe('a copy of a collection is right again after', () => {
  for (const { name, strike, withinMs, asked } of faults) {
    clusterTest(name, async () => {
      const { store } = await watching()
      running().proxy.forget()
      const churn = startChurn()
      await strike(running())
      const strikeEnded = performance.now()
      await churn.stop()
      await expect.poll(() => contentsOf(store), { timeout: withinMs, interval: 50 }).toEqual(await truth())
      expect(performance.now() - strikeEnded).toBeLessThan(withinMs)
      const counts = running().proxy.counts()
      expect((counts['list configmaps'] ?? 0) + (counts['watch configmaps'] ?? 0)).toBeLessThanOrEqual(asked)
      await running().direct.apply(configMap('shop', 'after', { fault: name }), {}, never)
      await expect.poll(() => store.get('shop/after')?.['data'], { timeout: 2_000 }).toEqual({ fault: name })
      expect(running().proxy.watches).toBe(1)
    })
  }
})

async function watching(settings?: KubeObjectsSettings): Promise<{ objects: KubeObjects; store: KubeStore }> {
  const objects = await running().open(settings)
  const end = new AbortController()
  onTestFinished(() => end.abort())
  const store = objects.watch(query, () => undefined, end.signal)
  await store.ready
  return { objects, store }
}

/** Objects come, change and go past the proxy; what the server does not take is left. */
function startChurn(): { stop(): Promise<void> } {
  let isOver = false
  const churn = async (): Promise<void> => {
    for (let turn = 1; !isOver; turn += 1) {
      await changeOne(turn).catch(() => undefined)
      await sleep(churnMs)
    }
  }
  const ended = churn()
  return {
    async stop() {
      isOver = true
      await ended
    },
  }
}

async function changeOne(turn: number): Promise<void> {
  const { direct } = running()
  const [name, soon] = [`churn-${turn % 7}`, AbortSignal.timeout(1_000)]
  if (turn % 3 === 0) await direct.delete(namespaced('shop', name), {}, soon)
  else await direct.apply(configMap('shop', name, { turn: String(turn) }), {}, soon)
}

async function truth(): Promise<Readonly<Record<string, unknown>>> {
  const { items } = await running().direct.list(query, never)
  return Object.fromEntries(items.map(({ metadata, data }) => [`${metadata.namespace}/${metadata.name}`, data]))
}

function contentsOf(store: KubeStore): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    [...store.items()].map(({ metadata, data }) => [`${metadata.namespace}/${metadata.name}`, data]),
  )
}

/** A kubeconfig that names files, as the one of a kubelet does. */
async function kubeconfigWithFiles(): Promise<{
  readonly kubeconfig: string
  readonly renew: (commonName: string) => void
}> {
  const { server } = running()
  const directory = await temporaryDirectory()
  const [certFile, keyFile] = [join(directory, 'client.crt'), join(directory, 'client.key')]
  const renew = (commonName: string): void => {
    const pair = server.issue(`rotated-${commonName}`, { commonName, organizations: ['system:masters'] })
    copyFileSync(pair.keyFile, keyFile)
    copyFileSync(pair.certFile, certFile)
  }
  renew('first')
  const kubeconfig = join(directory, 'kubeconfig')
  const config = JSON.parse(readFileSync(server.kubeconfig, 'utf8')) as Record<string, unknown>
  const user = { 'client-certificate': certFile, 'client-key': keyFile }
  writeFileSync(kubeconfig, JSON.stringify({ ...config, users: [{ name: 'test', user }] }))
  return { kubeconfig, renew }
}

describe('certificates are replaced while the client runs', () => {
  clusterTest('a client certificate with another key is used from then on, and the watch misses nothing', async () => {
    const { kubeconfig, renew } = await kubeconfigWithFiles()
    const objects = await running().open({ ...quick, loginLivesMs: 100 }, kubeconfig)
    const end = new AbortController()
    onTestFinished(() => end.abort())
    const store = objects.watch(query, () => undefined, end.signal)
    await store.ready
    renew('second')
    await sleep(150)
    await objects.apply(configMap('shop', 'rotated', { by: 'second' }), {}, never)
    expect(running().proxy.calls.findLast(({ isWrite }) => isWrite)?.user).toBe('second')
    await expect.poll(() => store.get('shop/rotated')?.['data'], { timeout: 5_000 }).toEqual({ by: 'second' })
    running().proxy.cutAll()
    await expect
      .poll(() => running().proxy.calls.findLast(({ verb }) => verb === 'watch')?.user, { timeout: 5_000 })
      .toBe('second')
  })

  clusterTest('half of a new pair is not used, and the old one serves on', async () => {
    const { kubeconfig } = await kubeconfigWithFiles()
    const objects = await running().open({ ...quick, loginLivesMs: 100 }, kubeconfig)
    await objects.get(namespaced('shop', 'x'), never)
    const other = running().server.issue('other', { commonName: 'other', organizations: ['system:masters'] })
    copyFileSync(other.keyFile, join(kubeconfig, '..', 'client.key'))
    await sleep(150)
    await objects.apply(configMap('shop', 'half', {}), {}, never)
    copyFileSync(other.certFile, join(kubeconfig, '..', 'client.crt'))
    await sleep(150)
    await objects.apply(configMap('shop', 'half', {}), {}, never)
    expect(running().proxy.calls.findLast(({ isWrite }) => isWrite)?.user).toBe('other')
  })

  clusterTest('the server renews its own one, of the same authority', async () => {
    const { objects, store } = await watching()
    running().proxy.present(
      running().server.issue('renewed', { commonName: 'kube-apiserver', alternativeNames: ['IP:127.0.0.1'] }),
    )
    running().proxy.cutAll()
    await objects.apply(configMap('shop', 'renewed', {}), {}, never)
    await expect.poll(() => store.get('shop/renewed'), { timeout: 5_000 }).toBeDefined()
  })
})

saySkipped()
