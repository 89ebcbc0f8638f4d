import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { openCommands } from '../../../src/adapters/command/node-command.ts'
import { openProbes } from '../../../src/adapters/probes/node-probes.ts'
import type { ProbeSpec } from '../../../src/domain/probe.ts'

const probes = openProbes({ commands: openCommands() })
const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

async function run(check: ProbeSpec['check'], timeoutMs = 2_000, signal = new AbortController().signal) {
  const [result] = await probes.run([{ name: 'x', check, timeoutMs }], signal)
  if (result === undefined) throw new Error('no result')
  return result
}

async function listen(server: Server | HttpServer): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  return (server.address() as AddressInfo).port
}

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  closers.splice(0)
  await new Promise((resolve) => server.close(resolve))
  return port
}

test('a port that accepts passes, one that refuses does not', async () => {
  const port = await listen(createServer((socket) => socket.end()))
  expect(await run({ kind: 'tcp', host: '127.0.0.1', port })).toMatchObject({ name: 'x', passed: true })
  const free = await freePort()
  expect(await run({ kind: 'tcp', host: '127.0.0.1', port: free })).toMatchObject({
    passed: false,
    message: `127.0.0.1 port ${free}: ECONNREFUSED`,
  })
})

test('any status passes, unless one is asked for', async () => {
  const port = await listen(createHttpServer((_request, response) => response.writeHead(401).end('who are you')))
  const url = `http://127.0.0.1:${port}/readyz`
  expect(await run({ kind: 'http', url })).toMatchObject({
    passed: true,
    message: `127.0.0.1:${port} answered with 401`,
  })
  expect(await run({ kind: 'http', url, expectStatus: 401 })).toMatchObject({ passed: true })
  expect(await run({ kind: 'http', url, expectStatus: 200 })).toMatchObject({ passed: false })
  expect(await run({ kind: 'http', url: `http://127.0.0.1:${await freePort()}/` })).toMatchObject({ passed: false })
  expect(await run({ kind: 'http', url: 'nonsense' })).toMatchObject({ passed: false })
})

test('a server that accepts and says nothing fails at its own deadline, and does not hold up the others', async () => {
  const port = await listen(createServer(() => {}))
  const open = await listen(createServer((socket) => socket.end()))
  const url = `http://user:hunter2@127.0.0.1:${port}/`
  const began = performance.now()
  const results = await probes.run(
    [
      { name: 'slow', check: { kind: 'http', url }, timeoutMs: 300 },
      { name: 'slower', check: { kind: 'http', url }, timeoutMs: 600 },
      { name: 'open', check: { kind: 'tcp', host: '127.0.0.1', port: open }, timeoutMs: 5_000 },
    ],
    new AbortController().signal,
  )
  expect(results.map(({ name, passed }) => [name, passed])).toEqual([
    ['slow', false],
    ['slower', false],
    ['open', true],
  ])
  expect(results[0]?.message).toBe('no answer in 300 ms')
  expect(JSON.stringify(results)).not.toContain('hunter2')
  expect(performance.now() - began).toBeLessThan(3_000)
})

test('a stop ends all of them at once', async () => {
  const port = await listen(createServer(() => {}))
  const stop = new AbortController()
  setTimeout(() => stop.abort(), 50)
  const result = await run({ kind: 'http', url: `http://127.0.0.1:${port}/` }, 30_000, stop.signal)
  expect(result).toMatchObject({ passed: false, message: 'stopped' })
  expect(await run({ kind: 'gateway' }, 30_000, AbortSignal.abort())).toMatchObject({ message: 'stopped' })
})

/** A DNS server that answers every question with one response code and no records. */
async function dnsServer(code: number): Promise<string> {
  const socket: Socket = createSocket('udp4')
  socket.on('message', (question, from) => {
    const answer = Buffer.from(question)
    answer[2] = 0x81
    answer[3] = 0x80 | code
    socket.send(answer, from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  closers.push(() => socket.close())
  return `127.0.0.1:${socket.address().port}`
}

for (const [code, name, passed] of [
  [3, 'no such name', true],
  [2, 'a failure of the server', false],
  [5, 'a refusal', false],
] as const) {
  test(`${name} ${passed ? 'shows' : 'does not show'} that DNS works`, async () => {
    const server = await dnsServer(code)
    expect(await run({ kind: 'dns', name: 'example.test', server })).toMatchObject({ passed })
  })
}

test('a DNS server that is silent fails in time', async () => {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  closers.push(() => socket.close())
  const server = `127.0.0.1:${socket.address().port}`
  expect(await run({ kind: 'dns', name: 'example.test', server }, 400)).toMatchObject({ passed: false })
})
