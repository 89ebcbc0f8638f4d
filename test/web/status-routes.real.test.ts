import { get, type IncomingMessage } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Listener, startListener } from '../../src/web/http-listener.ts'
import { pageRoutes } from '../../src/web/page-assets.ts'
import { statusRoutes } from '../../src/web/status-routes.ts'
import { FakeStatusSource, sampleLostEdits, samplePasses, sampleStatus } from './sample-status.ts'
import { call, realClock, recordingLog } from './test-ports.ts'

let source = new FakeStatusSource()
let listener: Listener | undefined
let url = ''
const streams: IncomingMessage[] = []

beforeEach(async () => {
  source = new FakeStatusSource()
  const routes = [...statusRoutes(source, realClock, () => Promise.resolve('fairlead_up 1\n')), ...pageRoutes()]
  listener = await startListener(
    { host: '127.0.0.1', port: 0, allowInsecure: false, routes },
    realClock,
    recordingLog(),
  )
  url = listener.url
})
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.destroy()
  await listener?.close()
})

describe('before the first pass', () => {
  beforeEach(() => {
    source.status = undefined
    source.passAtMs = undefined
  })

  test('the process is alive and not ready, and there is no status', async () => {
    expect((await call(`${url}/healthz`)).status).toBe(200)
    expect(await call(`${url}/readyz`)).toMatchObject({ status: 503 })
    const status = await call(`${url}/api/status`)
    expect(status.status).toBe(503)
    expect(JSON.parse(status.text)).toMatchObject({ error: 'NO_STATUS_YET' })
  })
})

describe('what is told', () => {
  test('the status is the snapshot itself', async () => {
    const answer = await call(`${url}/api/status`)
    expect(answer.headers['content-type']).toContain('application/json')
    expect(JSON.parse(answer.text)).toEqual(sampleStatus)
  })

  test('history and drift come as lists', async () => {
    expect(JSON.parse((await call(`${url}/api/history`)).text)).toEqual({
      lastPassAt: '2026-11-21T08:12:04.156Z',
      passes: samplePasses,
    })
    expect(JSON.parse((await call(`${url}/api/drift`)).text)).toEqual({ lostEdits: sampleLostEdits })
  })

  test('readiness is text for people and JSON for who asks', async () => {
    expect(await call(`${url}/readyz`)).toMatchObject({
      status: 200,
      text: expect.stringContaining('[+]ready-condition ok'),
    })
    const json = await call(`${url}/readyz`, { headers: { accept: 'application/json' } })
    expect(JSON.parse(json.text)).toMatchObject({ ready: true, lastPassAt: '2026-11-21T08:12:04.156Z' })
  })

  test('metrics are in the text format of Prometheus', async () => {
    const answer = await call(`${url}/metrics`)
    expect(answer.text).toBe('fairlead_up 1\n')
    expect(answer.headers['content-type']).toContain('version=0.0.4')
  })

  test('the page and everything it names are there, and it names nothing elsewhere', async () => {
    const page = await call(`${url}/`)
    expect(page.headers['content-type']).toContain('text/html')
    const named = [...page.text.matchAll(/(?:src|href)="([^"#]+)"/g)].map((match) => match[1] ?? '')
    expect(named.length).toBeGreaterThan(2)
    for (const path of named) {
      expect(path).toMatch(/^\/[a-z]/)
      expect((await call(`${url}${path}`)).status, path).toBe(200)
    }
    expect(page.text).not.toMatch(/<style|<script>|\son\w+=|style="/)
  })
})

describe('the event stream', () => {
  test('tells the whole status at once, and again after every change', async () => {
    const stream = await openStream()
    await expect.poll(() => stream.events('status').length).toBe(1)
    expect(stream.text()).toMatch(/^retry: \d+\n\n/)
    expect(JSON.parse(stream.events('status')[0] ?? '')).toEqual(sampleStatus)
    expect(JSON.parse(stream.events('beat')[0] ?? '')).toEqual({ lastPassAtMs: source.passAtMs })
    source.change({ verdict: 'blocked' })
    await expect.poll(() => stream.events('status').length).toBe(2)
    expect(JSON.parse(stream.events('status')[1] ?? '')).toMatchObject({ verdict: 'blocked' })
  })

  test('many changes at once are told as few, the last one included', async () => {
    const stream = await openStream()
    await expect.poll(() => stream.events('status').length).toBe(1)
    for (let n = 0; n < 500; n += 1) source.change({ revision: `main@sha1:${n}` })
    await expect.poll(() => stream.events('status').at(-1)).toContain('main@sha1:499')
    expect(stream.events('status').length).toBeLessThan(5)
  })

  test('a client that does not read costs no memory and gets the newest status when it does', async () => {
    const stream = await openStream()
    stream.response.pause()
    const padding = 'x'.repeat(1_500_000)
    for (let n = 0; n < 14; n += 1) {
      source.change({ source: `${n} ${padding}` })
      await new Promise((resolve) => setTimeout(resolve, 55))
    }
    stream.response.resume()
    await expect.poll(() => stream.events('status').at(-1)?.includes('"source":"13 ')).toBe(true)
    expect(stream.events('status').length).toBeLessThan(13)
  })

  test('64 clients are served, one more is asked to come back, and who leaves makes room', async () => {
    const open = await Promise.all(Array.from({ length: 64 }, () => openStream()))
    expect(await call(`${url}/api/stream`)).toMatchObject({ status: 503, headers: { 'retry-after': '30' } })
    open[0]?.response.destroy()
    await expect.poll(async () => (await openStream()).response.statusCode).toBe(200)
  })

  test('nobody is subscribed when nobody listens', async () => {
    expect(source.subscribers.size).toBe(0)
    const [one, two] = [await openStream(), await openStream()]
    expect(source.subscribers.size).toBe(1)
    one.response.destroy()
    two.response.destroy()
    await expect.poll(() => source.subscribers.size).toBe(0)
  })

  test('it ends when the listener closes', async () => {
    const stream = await openStream()
    const ended = new Promise((resolve) => stream.response.once('end', resolve))
    await listener?.close()
    await ended
    expect(source.subscribers.size).toBe(0)
  })
})

async function openStream(): Promise<{
  response: IncomingMessage
  text: () => string
  events: (name: string) => string[]
}> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${url}/api/stream`, { agent: false }, resolve).once('error', reject)
  })
  streams.push(response)
  let text = ''
  response.setEncoding('utf8').on('error', () => undefined)
  response.on('data', (chunk: string) => {
    text += chunk
  })
  const events = (name: string): string[] =>
    [...text.matchAll(new RegExp(`^event: ${name}\\ndata: (.*)\\n\\n`, 'gm'))].map((match) => match[1] ?? '')
  return { response, text: () => text, events }
}
