import { once } from 'node:events'
import { createServer as createHttpServer, get, type Server as HttpServer } from 'node:http'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Asked, Connected, EchoReport, HttpSeen } from './inside-protocol.ts'

const servers = new Map<number, { readonly server: Server | HttpServer; readonly sockets: Set<Socket> }>()

/** An echo server: what comes in goes out. */
export async function listen({ port, address }: Asked['listen']): Promise<null> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.pipe(socket)
  })
  return await open(server, port, address)
}

/** Tells every client the address that it seems to have, which is how a test sees source NAT. */
export async function httpListen({ port, address }: Asked['httpListen']): Promise<null> {
  const server = createHttpServer((request, response) => {
    const { remoteAddress, localAddress } = request.socket
    response.setHeader('connection', 'close')
    response.end(JSON.stringify({ source: plain(remoteAddress), server: plain(localAddress) }))
  })
  return await open(server, port, address)
}

async function open(server: Server | HttpServer, port: number, address: string | undefined): Promise<null> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(port, address ?? '::')
  await once(server, 'listening')
  servers.set(port, { server, sockets })
  return null
}

export async function unlisten({ port }: Asked['unlisten']): Promise<null> {
  const open = servers.get(port)
  servers.delete(port)
  for (const socket of open?.sockets ?? []) socket.destroy()
  open?.server.close()
  return null
}

const outcomes: Readonly<Record<string, Connected['outcome']>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'refused',
  ETIMEDOUT: 'timeout',
  ENETUNREACH: 'unreachable',
  EHOSTUNREACH: 'unreachable',
}

export async function connectOnce({ to, port, timeoutMs, from }: Asked['connect']): Promise<Connected> {
  const began = performance.now()
  const socket = connect({ host: to, port, ...(from === undefined ? {} : { localAddress: from }) })
  const failed = Promise.withResolvers<string>()
  const timer = setTimeout(() => failed.resolve('ETIMEDOUT'), timeoutMs)
  socket.on('error', (error: NodeJS.ErrnoException) => failed.resolve(error.code ?? error.message))
  const code = await Promise.race([
    once(socket, 'connect').then(
      () => undefined,
      () => failed.promise,
    ),
    failed.promise,
  ])
  clearTimeout(timer)
  socket.destroy()
  const tookMs = performance.now() - began
  return code === undefined ? { outcome: 'connected', tookMs } : { outcome: outcomes[code] ?? 'other', code, tookMs }
}

export function httpOnce({ url, timeoutMs }: Asked['http']): Promise<HttpSeen> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', (error: NodeJS.ErrnoException) => resolve({ code: error.code ?? error.message }))
      response.on('end', () => {
        const seen = JSON.parse(text) as { readonly source: string; readonly server: string }
        resolve({ status: response.statusCode ?? 0, ...seen })
      })
    })
    request.on('error', (error: NodeJS.ErrnoException) =>
      resolve({
        code:
          error.name === 'AbortError' || error.name === 'TimeoutError' ? 'ETIMEDOUT' : (error.code ?? error.message),
      }),
    )
  })
}

interface EchoClient {
  readonly socket: Socket
  readonly timer: NodeJS.Timeout
  written: number
  echoed: number
  lastEchoAt: number
  longestSilenceMs: number
  closed: string | undefined
}

const echoClients = new Map<number, EchoClient>()
let lastHandle = 0

/** One byte at a time over one connection that stays open. Answers once it is connected. */
export async function echoStart({ to, port, everyMs }: Asked['echoStart']): Promise<number> {
  const socket = connect({ host: to, port, noDelay: true })
  await once(socket, 'connect', { signal: AbortSignal.timeout(5000) })
  const client: EchoClient = {
    socket,
    timer: setInterval(() => {
      if (client.closed !== undefined) return
      client.written += 1
      socket.write('.')
    }, everyMs),
    written: 0,
    echoed: 0,
    lastEchoAt: performance.now(),
    longestSilenceMs: 0,
    closed: undefined,
  }
  socket.on('data', (chunk: Buffer) => {
    client.echoed += chunk.length
    client.longestSilenceMs = longestSilence(client)
    client.lastEchoAt = performance.now()
  })
  socket.on('error', (error: NodeJS.ErrnoException) => {
    client.closed ??= error.code ?? error.message
  })
  socket.on('close', () => {
    client.closed ??= 'closed by the server'
  })
  lastHandle += 1
  echoClients.set(lastHandle, client)
  return lastHandle
}

export async function echoReport({ handle }: Asked['echoReport']): Promise<EchoReport> {
  const client = echoClients.get(handle)
  if (client === undefined) throw new Error(`no echo client ${handle}`)
  return {
    written: client.written,
    echoed: client.echoed,
    longestSilenceMs: longestSilence(client),
    sinceLastEchoMs: performance.now() - client.lastEchoAt,
    ...(client.closed === undefined ? {} : { closed: client.closed }),
  }
}

export async function echoStop({ handle }: Asked['echoStop']): Promise<EchoReport> {
  const report = await echoReport({ handle })
  const client = echoClients.get(handle)
  clearInterval(client?.timer)
  client?.socket.destroy()
  echoClients.delete(handle)
  return report
}

function longestSilence(client: EchoClient): number {
  return Math.max(client.longestSilenceMs, performance.now() - client.lastEchoAt)
}

function plain(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '')
}
