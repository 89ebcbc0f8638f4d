import type { ServerResponse } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { defaultWatchTiming } from '../../../src/adapters/kube/watch-timing.ts'
import type { KubeStore } from '../../../src/ports/kube-objects-port.ts'
import { configMap, type OpenedObjects, openObjects } from './opened-objects.ts'
import { sendJson } from './stand-in-api.ts'

const query = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop' }
const timing = { ...defaultWatchTiming, firstWaitMs: 20, lastWaitMs: 200 }

interface Watched extends OpenedObjects {
  readonly store: KubeStore
  readonly told: readonly string[]
  /** `list`, or `watch` and the version that it began at. */
  readonly asked: () => readonly string[]
}

/** One answer for each list and for each watch; the last one of each is given from then on. */
interface Script {
  readonly lists: readonly ((response: ServerResponse) => void)[]
  readonly watches: readonly ((response: ServerResponse) => void)[]
  readonly silenceMs?: number
}

async function watched({ lists, watches, silenceMs = 60_000 }: Script): Promise<Watched> {
  let [listed, followed] = [0, 0]
  const opened = await openObjects(
    (request, response) => {
      if (request.url?.includes('watch=1') === true) {
        watches[Math.min(followed, watches.length - 1)]?.(response)
        followed += 1
      } else {
        lists[Math.min(listed, lists.length - 1)]?.(response)
        listed += 1
      }
    },
    { watch: { ...timing, silenceMs } },
  )
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const told: string[] = []
  const store = opened.objects.watch(query, (keys) => told.push(...keys), stop.signal)
  const asked = (): readonly string[] =>
    opened.api.requests
      .filter(({ url }) => url !== '/api/v1')
      .map(({ url }) => {
        const parameters = new URL(url ?? '', opened.api.url).searchParams
        return parameters.has('watch') ? `watch ${parameters.get('resourceVersion')}` : 'list'
      })
  return { ...opened, store, told, asked }
}

const list =
  (version: string, ...items: readonly object[]) =>
  (response: ServerResponse): void =>
    sendJson(response, { kind: 'ConfigMapList', metadata: { resourceVersion: version }, items })
const stream =
  (...events: readonly object[]) =>
  (response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
    for (const event of events) response.write(`${JSON.stringify(event)}\n`)
  }
const bookmark = (resourceVersion: string): object => ({ type: 'BOOKMARK', object: { metadata: { resourceVersion } } })
const status =
  (code: number) =>
  (response: ServerResponse): void =>
    sendJson(response, { kind: 'Status', code }, code)

const expired = [
  { form: 'as HTTP 410', answer: status(410) },
  { form: 'as an event', answer: stream({ type: 'ERROR', object: { kind: 'Status', code: 410 } }) },
]
for (const { form, answer } of expired) {
  test(`a version that expired, told ${form}, has the list read anew, and what went missing is told`, async () => {
    const { store, told, asked } = await watched({
      lists: [list('5', configMap('a'), configMap('b')), list('9', configMap('b'), configMap('c'))],
      watches: [answer, stream()],
    })
    await store.ready
    await expect.poll(() => asked()).toEqual(['list', 'watch 5', 'list', 'watch 9'])
    expect([...store.items()].map(({ metadata }) => metadata.name)).toEqual(['b', 'c'])
    expect(told).toEqual(['shop/a', 'shop/b', 'shop/c', 'shop/a'])
  })
}

test('a connection that falls silent is left, and the watch goes on where it was', async () => {
  const { store, asked } = await watched({
    lists: [list('5')],
    watches: [
      stream({ type: 'ADDED', object: configMap('a', '7') }),
      stream({ type: 'ADDED', object: configMap('b', '8') }),
      stream(),
    ],
    silenceMs: 150,
  })
  await expect.poll(() => asked().slice(0, 4)).toEqual(['list', 'watch 5', 'watch 7', 'watch 8'])
  expect([...store.items()].map(({ metadata }) => metadata.name)).toEqual(['a', 'b'])
})

test('bookmarks move the place on, and are no objects', async () => {
  const end = (response: ServerResponse): void => {
    stream(bookmark('12'))(response)
    response.end()
  }
  const { store, told, asked } = await watched({ lists: [list('5')], watches: [end, stream()] })
  await expect.poll(() => asked()).toEqual(['list', 'watch 5', 'watch 12'])
  expect(store.size).toBe(0)
  expect(told).toEqual([])
})

test('several changes of one piece are told together, after all of them are in the copy', async () => {
  const piece = [
    { type: 'ADDED', object: configMap('a', '6') },
    { type: 'MODIFIED', object: configMap('a', '7', { x: '1' }) },
    { type: 'DELETED', object: configMap('b', '8') },
  ]
  const { store, told } = await watched({
    lists: [list('5', configMap('b'))],
    watches: [
      (response) => {
        response.writeHead(200)
        response.write(piece.map((event) => `${JSON.stringify(event)}\n`).join(''))
      },
    ],
  })
  await expect.poll(() => told).toEqual(['shop/b', 'shop/a', 'shop/b'])
  expect(store.get('shop/a')?.['data']).toEqual({ x: '1' })
  expect(store.get('shop/b')).toBeUndefined()
})

const broken = [
  { name: 'answers with 500', answer: status(500), code: 'KUBE_SERVER_ERROR' },
  { name: 'does not allow it', answer: status(403), code: 'KUBE_FORBIDDEN' },
  { name: 'sends what is no event', answer: stream({ no: 'event' }), code: 'KUBE_ANSWER_INVALID' },
] as const
for (const { name, answer, code } of broken) {
  test(`a server that ${name} is asked again, later each time, and the copy says ${code}`, async () => {
    const { store, asked } = await watched({ lists: [list('5', configMap('a'))], watches: [answer] })
    await expect.poll(() => store.state()).toMatchObject({ kind: 'interrupted', failure: { detail: { code } } })
    const startedAt = performance.now()
    const before = asked().length
    await expect.poll(() => asked().length, { timeout: 5_000 }).toBeGreaterThanOrEqual(before + 5)
    // Five waits of at least 10, 20, 40, 80 and 100 ms, the first of which may have been under way.
    expect(performance.now() - startedAt).toBeGreaterThan(200)
    expect(store.get('shop/a')).toBeDefined()
    expect(asked().filter((one) => one === 'list').length).toBe(1)
  })
}

test('a server that ends every watch at once is not asked in a storm', async () => {
  const { store, asked } = await watched({
    lists: [list('5')],
    watches: [(response) => response.writeHead(200).end()],
  })
  await store.ready
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  expect(asked().length).toBeLessThanOrEqual(20)
  expect(asked().length).toBeGreaterThan(4)
})

test('a list that fails is tried again until it works', async () => {
  const { store } = await watched({ lists: [status(500), status(500), list('5', configMap('a'))], watches: [stream()] })
  await store.ready
  await expect.poll(() => store.state()).toEqual({ kind: 'watching' })
  expect(store.size).toBe(1)
})

test('a watch that is ended before it was ready says so to whoever waits', async () => {
  const { objects } = await openObjects((_request, response) => status(500)(response), { watch: timing })
  const stop = new AbortController()
  const store = objects.watch(query, () => undefined, stop.signal)
  stop.abort(new Error('enough'))
  await expect(store.ready).rejects.toThrow('enough')
})
