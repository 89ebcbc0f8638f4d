import { createHmac } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Listener, startListener } from '../../src/web/http-listener.ts'
import { type WebhookOptions, webhookRoute } from '../../src/web/webhook.ts'
import { type Answer, call, realClock, recordingLog } from './test-ports.ts'

const secret = 'correct horse battery staple'
const body = '{"ref":"refs/heads/main"}'
const hmac = (text: string | Buffer, algorithm = 'sha256'): string =>
  createHmac(algorithm, secret).update(text).digest('hex')

let directory = ''
let secretFile = ''
const open: Listener[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-hook-'))
  secretFile = join(directory, 'secret')
  await writeFile(secretFile, `${secret}\n`)
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.close()))
})
afterAll(() => rm(directory, { recursive: true }))

interface Endpoint {
  readonly url: string
  readonly pushes: { count: number }
  readonly metrics: { readonly provider: string; readonly status: number }[]
  readonly log: ReturnType<typeof recordingLog>
}

async function endpoint(options: Partial<WebhookOptions> = { secretFile }, clock = realClock): Promise<Endpoint> {
  const pushes = { count: 0 }
  const metrics: Endpoint['metrics'] = []
  const log = recordingLog()
  const onPush = (): void => {
    pushes.count += 1
  }
  const webhookAnswered = (provider: string, status: number): void => void metrics.push({ provider, status })
  const route = webhookRoute({ onPush, ...options }, { clock, log, metrics: { webhookAnswered } })
  const listener = await startListener(
    { host: '127.0.0.1', port: 0, allowInsecure: false, routes: [route] },
    realClock,
    log,
  )
  open.push(listener)
  return { url: `${listener.url}/hooks/git`, pushes, metrics, log }
}

/** The real clock, except that it stands still until it is set. */
function setClock() {
  const time = { ms: 1_700_000_000_000 }
  return { ...realClock, time, nowMs: () => time.ms }
}

function deliver(url: string, headers: Record<string, string>, content: string | Buffer = body): Promise<Answer> {
  return call(url, { method: 'POST', headers, body: content })
}

describe('signatures', () => {
  const providers = [
    {
      provider: 'github',
      good: { 'x-hub-signature-256': `sha256=${hmac(body)}` },
      bad: { 'x-hub-signature-256': `sha256=${hmac('x')}` },
    },
    { provider: 'gitlab', good: { 'x-gitlab-token': secret }, bad: { 'x-gitlab-token': 'wrong' } },
    { provider: 'gitea', good: { 'x-gitea-signature': hmac(body) }, bad: { 'x-gitea-signature': hmac('x') } },
    { provider: 'forgejo', good: { 'x-forgejo-signature': hmac(body) }, bad: { 'x-forgejo-signature': hmac('x') } },
    {
      provider: 'generic',
      good: { 'x-signature': `sha512=${hmac(body, 'sha512')}` },
      bad: { 'x-signature': `sha512=${hmac('x', 'sha512')}` },
    },
  ]
  test.each(providers)(
    '$provider: a right one triggers one pass, a wrong one none',
    async ({ provider, good, bad }) => {
      const { url, pushes, metrics } = await endpoint()
      expect(await deliver(url, bad)).toMatchObject({ status: 401 })
      expect(pushes.count).toBe(0)
      expect(await deliver(url, good)).toMatchObject({ status: 202, text: 'accepted\n' })
      await expect.poll(() => pushes.count).toBe(1)
      expect(metrics).toEqual([
        { provider, status: 401 },
        { provider, status: 202 },
      ])
    },
  )

  test('without any signature nothing is read and nothing happens', async () => {
    const { url, pushes, metrics } = await endpoint()
    expect((await deliver(url, {})).status).toBe(401)
    expect(pushes.count).toBe(0)
    expect(metrics).toEqual([{ provider: 'none', status: 401 }])
  })

  test('a signature over other bytes than the body is refused', async () => {
    const { url, pushes } = await endpoint()
    expect((await deliver(url, { 'x-gitea-signature': hmac(body) }, `${body} `)).status).toBe(401)
    expect(pushes.count).toBe(0)
  })

  test('a signed ping is answered and triggers nothing; an unsigned one is refused', async () => {
    const { url, pushes } = await endpoint()
    const ping = { 'x-github-event': 'ping' }
    expect(await deliver(url, { ...ping, 'x-hub-signature-256': `sha256=${hmac(body)}` })).toMatchObject({
      status: 200,
      text: 'pong\n',
    })
    expect((await deliver(url, ping)).status).toBe(401)
    expect(pushes.count).toBe(0)
  })

  test('neither the secret nor a signature gets into the log', async () => {
    const { url, log } = await endpoint()
    await deliver(url, { 'x-gitlab-token': `${secret}!` })
    await deliver(url, { 'x-gitea-signature': hmac('x') })
    const text = JSON.stringify(log.lines)
    expect(log.lines).toHaveLength(2)
    expect(text).not.toContain(secret)
    expect(text).not.toContain(hmac('x'))
  })
})

describe('the secret', () => {
  test.each([
    { name: 'none is configured', options: {} },
    { name: 'its file is missing', options: { secretFile: '/nonexistent/secret' } },
  ])('while $name webhooks are off, and say so', async ({ options }) => {
    const { url, pushes } = await endpoint(options)
    const answer = await deliver(url, { 'x-gitlab-token': secret })
    expect(answer.status).toBe(503)
    expect(answer.text).toContain('webhooks are off')
    expect(pushes.count).toBe(0)
  })

  test('an empty secret file never makes an empty token right', async () => {
    const empty = join(directory, 'empty')
    await writeFile(empty, '\n')
    const { url, pushes, log } = await endpoint({ secretFile: empty })
    const answer = await deliver(url, { 'x-gitea-signature': createHmac('sha256', '').update(body).digest('hex') })
    expect(answer.status).toBe(503)
    expect(answer.text).toContain('webhooks are off')
    expect(pushes.count).toBe(0)
    expect(log.lines).toMatchObject([{ level: 'error', fields: { code: 'SECRET_UNREADABLE' } }])
  })

  test('a changed one counts at the next delivery', async () => {
    const rotated = join(directory, 'rotated')
    await writeFile(rotated, 'old')
    const { url } = await endpoint({ secretFile: rotated })
    expect((await deliver(url, { 'x-gitlab-token': 'old' }, 'one')).status).toBe(202)
    await writeFile(rotated, 'new')
    expect((await deliver(url, { 'x-gitlab-token': 'old' }, 'two')).status).toBe(401)
    expect((await deliver(url, { 'x-gitlab-token': 'new' }, 'three')).status).toBe(202)
  })
})

describe('replay', () => {
  test('a known delivery id is a duplicate whatever it carries, for as long as it is remembered', async () => {
    const clock = setClock()
    const { url, pushes } = await endpoint({ secretFile }, clock)
    const github = (content: string, id: string): Promise<Answer> =>
      deliver(url, { 'x-hub-signature-256': `sha256=${hmac(content)}`, 'x-github-delivery': id }, content)
    expect((await github('one', 'a')).status).toBe(202)
    expect(await github('one', 'a')).toMatchObject({ status: 200, text: 'duplicate\n' })
    expect(await github('two', 'a')).toMatchObject({ status: 200, text: 'duplicate\n' })
    clock.time.ms += 3_600_000
    expect(await github('one', 'a')).toMatchObject({ status: 200, text: 'duplicate\n' })
    await expect.poll(() => pushes.count).toBe(1)
  })

  test('a sender that signs the same body at every push fires with each new delivery id', async () => {
    const { url, pushes } = await endpoint()
    const generic = (id: string): Promise<Answer> =>
      deliver(url, { 'x-signature': `sha256=${hmac('push')}`, 'x-delivery-id': id }, 'push')
    expect((await generic('a')).status).toBe(202)
    expect((await generic('b')).status).toBe(202)
    expect((await generic('a')).text).toBe('duplicate\n')
    await expect.poll(() => pushes.count).toBe(2)
  })

  test('without an id the same signed body fires again after ten seconds, however often it was repeated', async () => {
    const clock = setClock()
    const { url, pushes } = await endpoint({ secretFile }, clock)
    const generic = (): Promise<Answer> => deliver(url, { 'x-signature': `sha256=${hmac('push')}` }, 'push')
    expect((await generic()).status).toBe(202)
    clock.time.ms += 9_999
    expect(await generic()).toMatchObject({ status: 200, text: 'duplicate\n' })
    clock.time.ms += 1
    expect((await generic()).status).toBe(202)
    await expect.poll(() => pushes.count).toBe(2)
  })

  test('a delivery that was refused does not make the right one a duplicate', async () => {
    const { url } = await endpoint()
    const headers = { 'x-gitea-delivery': 'a' }
    expect((await deliver(url, { ...headers, 'x-gitea-signature': hmac('x') })).status).toBe(401)
    expect((await deliver(url, { ...headers, 'x-gitea-signature': hmac(body) })).status).toBe(202)
  })

  test('a GitLab body that was seen is a duplicate although its token says nothing about it', async () => {
    const { url, pushes } = await endpoint()
    expect((await deliver(url, { 'x-gitlab-token': secret })).status).toBe(202)
    expect((await deliver(url, { 'x-gitlab-token': secret })).text).toBe('duplicate\n')
    await expect.poll(() => pushes.count).toBe(1)
  })
})

describe('floods and large bodies', () => {
  test('200 deliveries at once: as many as the rate allows trigger, the others are told when to come back', async () => {
    const { url, pushes } = await endpoint({ secretFile, rate: { burst: 20, perSecond: 0.01 } })
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => deliver(url, { 'x-gitea-signature': hmac(`push ${n}`) }, `push ${n}`)),
    )
    const count = (status: number): number => answers.filter((answer) => answer.status === status).length
    expect(count(202)).toBe(20)
    expect(count(429)).toBe(180)
    const limited = answers.find((answer) => answer.status === 429)
    expect(Number(limited?.headers['retry-after'])).toBeGreaterThan(0)
    await expect.poll(() => pushes.count).toBe(20)
  })

  test('who gets signatures wrong is shut out sooner than who gets them right', async () => {
    const { url } = await endpoint()
    const wrong = await Promise.all(Array.from({ length: 10 }, () => deliver(url, { 'x-gitlab-token': 'wrong' })))
    expect(new Set(wrong.map((answer) => answer.status))).toEqual(new Set([401]))
    const shutOut = await deliver(url, { 'x-gitlab-token': secret })
    expect(shutOut.status).toBe(429)
    expect(Number(shutOut.headers['retry-after'])).toBeGreaterThan(1)
  })

  test('a body that is declared too large is refused before a byte of it is sent', async () => {
    const { url, pushes } = await endpoint()
    const headers = { 'x-gitlab-token': secret, 'content-length': String(100 * 1024 * 1024), expect: '100-continue' }
    const status = await new Promise<number>((resolve, reject) => {
      const request = httpRequest(url, { method: 'POST', headers, agent: false })
      request.once('continue', () => reject(new Error('was asked to go on')))
      request.once('response', (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
        request.destroy()
      })
      request.once('error', reject)
      request.flushHeaders()
    })
    expect(status).toBe(413)
    expect(pushes.count).toBe(0)
  })

  test('100 MB without a declared length are cut off at 25 MiB, and memory stays where it was', async () => {
    const { url, pushes } = await endpoint()
    global.gc?.()
    const before = process.memoryUsage().rss
    const { status, sentBytes } = await streamBody(url, { 'x-gitea-signature': hmac(body) }, 100_000_000)
    expect(status).toBe(413)
    expect(sentBytes).toBeLessThan(60_000_000)
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024)
    expect(pushes.count).toBe(0)
    expect((await deliver(url, { 'x-gitea-signature': hmac(body) })).status).toBe(202)
  })

  test('20 MB with a right signature pass', async () => {
    const { url } = await endpoint()
    const large = Buffer.alloc(20_000_000, 'push ')
    expect((await deliver(url, { 'x-gitea-signature': hmac(large) }, large)).status).toBe(202)
  })

  test('a body that comes too slowly is cut off', async () => {
    const { url, pushes } = await endpoint({ secretFile, limits: { maxBytes: 1024, timeoutMs: 150 } })
    const headers = { 'x-gitea-signature': hmac(body), 'content-length': '100' }
    const status = await new Promise<number>((resolve, reject) => {
      const request = httpRequest(url, { method: 'POST', headers, agent: false })
      request.once('response', (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
        request.destroy()
      })
      request.once('error', reject)
      request.write('{')
    })
    expect(status).toBe(408)
    expect(pushes.count).toBe(0)
  })

  test('a sender that goes away half way triggers nothing', async () => {
    const { url, pushes, metrics } = await endpoint()
    const request = httpRequest(url, {
      method: 'POST',
      headers: { 'x-gitlab-token': secret, 'content-length': '100' },
      agent: false,
    })
    request.on('error', () => undefined)
    request.write('{')
    await new Promise((resolve) => setTimeout(resolve, 50))
    request.destroy()
    expect((await deliver(url, { 'x-gitlab-token': secret })).status).toBe(202)
    await expect.poll(() => pushes.count).toBe(1)
    expect(metrics).toEqual([{ provider: 'gitlab', status: 202 }])
  })
})

/** Sends until the server answers, or everything is sent. */
function streamBody(
  url: string,
  headers: Record<string, string>,
  bytes: number,
): Promise<{ status: number; sentBytes: number }> {
  const chunk = Buffer.alloc(64 * 1024)
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: 'POST', headers, agent: false })
    let sentBytes = 0
    let answered = false
    request.once('response', (response) => {
      answered = true
      response.resume()
      resolve({ status: response.statusCode ?? 0, sentBytes })
      request.destroy()
    })
    request.once('error', (error) => {
      if (!answered) reject(error)
    })
    const send = (): void => {
      while (!answered && sentBytes < bytes) {
        sentBytes += chunk.length
        if (!request.write(chunk)) return void request.once('drain', send)
      }
      if (!answered) request.end()
    }
    send()
  })
}
