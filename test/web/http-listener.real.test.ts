import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as tlsRequest } from 'node:https'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Listener, type ListenerOptions, startListener } from '../../src/web/http-listener.ts'
import { replyText } from '../../src/web/replies.ts'
import type { Route } from '../../src/web/routes.ts'
import { call, realClock, recordingLog } from './test-ports.ts'

const token = 'a-token-of-32-characters-exactly'
const hello: Route = {
  method: 'GET',
  path: '/',
  access: 'token',
  handle: ({ response }) => replyText(response, 200, 'hello'),
}
const health: Route = {
  method: 'GET',
  path: '/healthz',
  access: 'open',
  handle: ({ response }) => replyText(response, 200, 'ok'),
}
const hook: Route = {
  method: 'POST',
  path: '/hook',
  access: 'signed',
  maxBodyBytes: 10,
  handle: ({ response }) => replyText(response, 202, 'accepted'),
}
const broken: Route = {
  method: 'GET',
  path: '/broken',
  access: 'open',
  handle: () => Promise.reject(new Error('secret detail')),
}
const routes = [hello, health, hook, broken]

let directory = ''
let tokenFile = ''
const open: Listener[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-web-'))
  tokenFile = join(directory, 'token')
  await writeFile(tokenFile, `${token}\n`)
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.close()))
})
afterAll(() => rm(directory, { recursive: true }))

async function listen(options: Partial<ListenerOptions> = {}, log = recordingLog()): Promise<Listener> {
  const listener = await startListener(
    { host: '127.0.0.1', port: 0, allowInsecure: false, routes, ...options },
    realClock,
    log,
  )
  open.push(listener)
  return listener
}

describe('on loopback', () => {
  test('the page needs no token, and every answer carries the security headers', async () => {
    const { url } = await listen()
    const answer = await call(`${url}/`)
    expect(answer).toMatchObject({ status: 200, text: 'hello\n' })
    expect(answer.headers['content-security-policy']).toContain("script-src 'self'")
    expect(answer.headers['content-security-policy']).not.toContain('unsafe')
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
    expect((await call(`${url}/nowhere`)).headers['x-content-type-options']).toBe('nosniff')
  })

  test('a foreign Host header is refused (DNS rebinding), except where the request proves itself', async () => {
    const { url } = await listen()
    expect((await call(`${url}/`, { headers: { host: 'evil.example' } })).status).toBe(421)
    expect((await call(`${url}/healthz`, { headers: { host: 'evil.example' } })).status).toBe(421)
    expect((await call(`${url}/`, { headers: { host: 'localhost:9' } })).status).toBe(200)
    expect((await call(`${url}/hook`, { method: 'POST', headers: { host: 'hooks.example' } })).status).toBe(202)
  })

  test('unknown paths are 404, wrong methods 405 with what is allowed, HEAD is GET without a body', async () => {
    const { url } = await listen()
    expect((await call(`${url}/nowhere`)).status).toBe(404)
    const wrong = await call(`${url}/hook`)
    expect(wrong.status).toBe(405)
    expect(wrong.headers.allow).toBe('POST')
    expect(await call(`${url}/`, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
  })

  test('a POST that a browser sends for another site is refused', async () => {
    const { url } = await listen()
    expect((await call(`${url}/hook`, { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(
      403,
    )
  })

  test('a declared body above the limit of its route is refused at once', async () => {
    const { url } = await listen()
    expect((await call(`${url}/hook`, { method: 'POST', body: 'x'.repeat(11) })).status).toBe(413)
    expect((await call(`${url}/hook`, { method: 'POST', body: 'x'.repeat(10) })).status).toBe(202)
  })

  test('a handler that breaks is a 500 that tells nothing, and a line in the log', async () => {
    const log = recordingLog()
    const { url } = await listen({}, log)
    const answer = await call(`${url}/broken`)
    expect(answer.status).toBe(500)
    expect(answer.text).not.toContain('secret detail')
    expect(log.lines).toMatchObject([{ level: 'error', fields: { error: 'secret detail' } }])
    expect((await call(`${url}/`)).status).toBe(200)
  })

  test('headers that are too large, or not HTTP, are answered and nothing breaks', async () => {
    const { url } = await listen()
    expect((await call(`${url}/`, { headers: { 'x-large': 'x'.repeat(20_000) } })).status).toBe(431)
    expect(await rawExchange(url, 'hello\r\n\r\n')).toContain('400')
    expect(await rawExchange(url, 'GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n')).toContain('400')
    expect((await call(`${url}/`)).status).toBe(200)
  })

  test('a client that never finishes its headers is cut off', async () => {
    const { url } = await listen({ headersTimeoutMs: 200 })
    expect(await rawExchange(url, 'GET / HTTP/1.1\r\nHost: loc')).toContain('408')
  })
})

describe('beyond loopback', () => {
  test('plain HTTP is refused unless allowed explicitly, and the token must be there and long enough', async () => {
    const short = join(directory, 'short')
    await writeFile(short, 'short')
    await expect(listen({ host: '0.0.0.0' })).rejects.toMatchObject({ detail: { code: 'LISTEN_INSECURE' } })
    await expect(listen({ host: '0.0.0.0', allowInsecure: true })).rejects.toMatchObject({
      detail: { code: 'LISTEN_TOKEN_MISSING' },
    })
    await expect(listen({ host: '0.0.0.0', allowInsecure: true, tokenFile: short })).rejects.toMatchObject({
      detail: { code: 'LISTEN_TOKEN_MISSING' },
    })
    await expect(
      listen({ host: '0.0.0.0', allowInsecure: true, tokenFile: join(directory, 'none') }),
    ).rejects.toMatchObject({
      detail: { code: 'SECRET_UNREADABLE' },
    })
  })

  test('the token opens the page by header, or once by query and then by cookie', async () => {
    const { port } = await listen({ host: '0.0.0.0', allowInsecure: true, tokenFile })
    const url = `http://127.0.0.1:${port}`
    const refused = await call(`${url}/`)
    expect(refused.status).toBe(401)
    expect(refused.headers['www-authenticate']).toContain('Basic')
    expect((await call(`${url}/`, { headers: { authorization: `Bearer ${token}` } })).text).toBe('hello\n')
    expect((await call(`${url}/`, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401)
    expect((await call(`${url}/?token=wrong`)).status).toBe(401)
    const exchanged = await call(`${url}/?token=${token}`)
    expect(exchanged.text).not.toContain('hello')
    const cookie = exchanged.headers['set-cookie']?.[0] ?? ''
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/)
    expect((await call(`${url}/`, { headers: { cookie: cookie.split(';')[0] ?? '' } })).text).toBe('hello\n')
  })

  test('probes and signed requests need no token, and names are not checked', async () => {
    const { port } = await listen({ host: '0.0.0.0', allowInsecure: true, tokenFile })
    const headers = { host: 'fairlead.example' }
    expect((await call(`http://127.0.0.1:${port}/healthz`, { headers })).status).toBe(200)
    expect((await call(`http://127.0.0.1:${port}/hook`, { headers, method: 'POST' })).status).toBe(202)
    expect((await call(`http://127.0.0.1:${port}/`, { headers })).status).toBe(401)
  })

  test('a new token in the file counts from the next request on', async () => {
    const file = join(directory, 'rotated')
    await writeFile(file, token)
    const { port } = await listen({ host: '0.0.0.0', allowInsecure: true, tokenFile: file })
    await writeFile(file, 'another-token-that-is-long-enough')
    const headers = { authorization: `Bearer ${token}` }
    expect((await call(`http://127.0.0.1:${port}/`, { headers })).status).toBe(401)
  })
})

describe('TLS', () => {
  test('a listener with certificate and key speaks HTTPS and marks its cookie Secure', async () => {
    const [keyFile, certFile] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
    const subject = [
      '-subj',
      '/CN=localhost',
      '-days',
      '2',
      '-nodes',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
    ]
    execFileSync('openssl', ['req', '-x509', ...subject, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' })
    const { port, url } = await listen({ host: '0.0.0.0', tls: { certFile, keyFile }, tokenFile })
    expect(url).toMatch(/^https:/)
    const cookie = await new Promise<string>((resolve, reject) => {
      const target = {
        host: '127.0.0.1',
        port,
        path: `/?token=${token}`,
        rejectUnauthorized: false,
        agent: false as const,
      }
      const request = tlsRequest(target, (response) => {
        response.resume()
        resolve(response.headers['set-cookie']?.[0] ?? '')
      })
      request.once('error', reject).end()
    })
    expect(cookie).toContain('; Secure')
    await expect(call(`http://127.0.0.1:${port}/`)).rejects.toThrow()
  })

  test('files that are missing or no key pair are said by name', async () => {
    await expect(listen({ tls: { certFile: tokenFile, keyFile: join(directory, 'none') } })).rejects.toMatchObject({
      detail: { code: 'TLS_UNREADABLE', where: join(directory, 'none') },
    })
    await expect(listen({ tls: { certFile: tokenFile, keyFile: tokenFile } })).rejects.toMatchObject({
      detail: { code: 'TLS_INVALID' },
    })
  })
})

describe('a taken port', () => {
  test('is a failure that names it', async () => {
    const { port } = await listen()
    await expect(listen({ port })).rejects.toMatchObject({ detail: { code: 'PORT_TAKEN', where: `127.0.0.1:${port}` } })
  })

  test('is passed over when asked, and the listener says so', async () => {
    const blocker = createServer()
    const port = await new Promise<number>((resolve) => {
      blocker.listen(0, '127.0.0.1', () => {
        const address = blocker.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
    const listener = await listen({ port, fallback: true })
    blocker.close()
    expect(listener.fellBack).toBe(true)
    expect(listener.port).toBeGreaterThan(port)
    expect((await call(`${listener.url}/healthz`)).status).toBe(200)
  })

  test('an address that is not of this machine is said plainly', async () => {
    const elsewhere = { host: '192.0.2.1', allowInsecure: true, tokenFile }
    await expect(listen(elsewhere)).rejects.toMatchObject({ detail: { code: 'LISTEN_ADDRESS_UNKNOWN' } })
  })
})

test('closing ends answers that never end, and the port is free afterwards', async () => {
  const endless: Route = {
    method: 'GET',
    path: '/endless',
    access: 'open',
    handle: ({ response, signal }) => {
      response.write('still ')
      signal.addEventListener('abort', () => response.end('bye'))
    },
  }
  const listener = await listen({ routes: [endless] })
  const answer = call(`${listener.url}/endless`)
  await new Promise((resolve) => setTimeout(resolve, 50))
  const closing = performance.now()
  await listener.close()
  expect(performance.now() - closing).toBeLessThan(1000)
  expect((await answer).text).toBe('still bye')
  const again = await listen({ port: listener.port })
  expect(again.port).toBe(listener.port)
})

/** What a listener answers to bytes that no HTTP client would send. */
function rawExchange(url: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes))
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    socket.once('error', reject).once('close', () => resolve(text))
    socket.setTimeout(5000, () => socket.destroy())
    if (bytes.includes('\r\n\r\n')) socket.once('data', () => socket.end())
  })
}
