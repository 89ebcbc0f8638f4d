import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, request, type Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { type ApiCall, apiCall } from './api-call.ts'
import type { TestApiServer } from './api-server.ts'
import type { KeyPair } from './certificates.ts'

/** What becomes of one request instead of its answer. */
export type Fault =
  /** A forged one; the server hears nothing of the request. */
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfterSeconds?: number }
  /** The connection breaks before the server hears of the request. */
  | { readonly kind: 'cut' }
  /** The server carries it out, and the connection breaks instead of the answer. */
  | { readonly kind: 'cut-answer' }
  /** Nothing comes, and nothing breaks. */
  | { readonly kind: 'silence' }
  | { readonly kind: 'slow'; readonly ms: number }

export interface FaultProxy {
  readonly url: string
  /** Asked for every request, before the server hears of it. */
  script: (call: ApiCall) => Fault | undefined
  /** Told when the server has carried out a write, before whoever asked for it hears of that. */
  written: (call: ApiCall, count: number) => void
  /** Everything since the start or `forget`, forged answers too; watches once, when they begin. */
  readonly calls: readonly ApiCall[]
  forget(): void
  /** How often, by verb and resource: `patch configmaps`. */
  counts(): Readonly<Record<string, number>>
  /** Watches that are open now. */
  readonly watches: number
  /** Not a byte goes on of any watch that is open now; its connection stays. */
  hushWatches(): void
  /** Breaks every connection; new ones may come. */
  cutAll(): void
  /** Another certificate from now on; connections that are open keep theirs. */
  present(certificate: KeyPair): void
  /** The same kubeconfig, for the way through here. */
  through(kubeconfig: string): string
  stop(): Promise<void>
}

/**
 * Stands between clients and the API server and does what networks, gateways and overloaded servers do. It ends TLS, and
 * asks the server in the name of whoever the client proved to be, so that rights are those of the client.
 */
export async function startFaultProxy(server: TestApiServer): Promise<FaultProxy> {
  const subject = { commonName: 'kube-apiserver', alternativeNames: ['IP:127.0.0.1'] }
  const certificate = server.issue('fault-proxy', subject)
  const front = server.issue('fault-proxy-client', { commonName: 'fault-proxy', organizations: ['system:masters'] })
  const upstream = new Agent({ keepAlive: true, maxSockets: 128, ...filesOf(front), ca: readFileSync(server.caFile) })
  const watching = new Set<{ readonly answer: IncomingMessage; isHushed: boolean }>()
  const sockets = new Set<TLSSocket>()
  let calls: ApiCall[] = []
  let writes = 0

  const listener = createServer(
    { ...filesOf(certificate), ca: readFileSync(server.caFile), requestCert: true, rejectUnauthorized: true },
    (incoming, outgoing) => {
      const call = apiCall(incoming.method ?? 'GET', incoming.url ?? '/', clientOf(incoming).name)
      calls.push(call)
      void carryOut(call, proxy.script(call), incoming, outgoing)
    },
  )
  listener.on('secureConnection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')

  const carryOut = async (
    call: ApiCall,
    fault: Fault | undefined,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ) => {
    if (fault?.kind === 'answer') return forge(fault.status, fault.retryAfterSeconds, incoming, outgoing)
    if (fault?.kind === 'cut') return incoming.socket.destroy()
    if (fault?.kind === 'silence') return incoming.resume()
    if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.ms))
    forward(incoming, outgoing, (answer) => {
      if (call.isWrite && (answer.statusCode ?? 500) < 300) {
        writes += 1
        proxy.written(call, writes)
      }
      if (fault?.kind === 'cut-answer') return incoming.socket.destroy()
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      outgoing.flushHeaders()
      if (call.verb !== 'watch') return answer.pipe(outgoing)
      const watch = { answer, isHushed: false }
      watching.add(watch)
      outgoing.once('close', () => watching.delete(watch))
      answer.on('data', (bytes: Buffer) => watch.isHushed || outgoing.write(bytes))
      return answer.on('close', () => {
        if (watch.isHushed) return
        if (answer.complete) outgoing.end()
        else incoming.socket.destroy()
      })
    })
  }
  const forward = (
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    answered: (answer: IncomingMessage) => void,
  ) => {
    const { url = '/', method = 'GET' } = incoming
    const headers = { ...incoming.headers, ...inTheNameOf(incoming) }
    const asked = request(new URL(url, server.url), { method, headers, agent: upstream }, answered)
    asked.on('error', () => incoming.socket.destroy())
    outgoing.once('close', () => asked.destroy())
    incoming.pipe(asked)
  }
  const proxy: FaultProxy = {
    url: `https://127.0.0.1:${portOf(listener)}`,
    script: () => undefined,
    written: () => undefined,
    get calls() {
      return calls
    },
    forget() {
      calls = []
      writes = 0
    },
    counts: () => countsOf(calls),
    get watches() {
      return watching.size
    },
    hushWatches() {
      for (const watch of watching) watch.isHushed = true
    },
    cutAll() {
      for (const socket of sockets) socket.destroy()
    },
    present: (next) => listener.setSecureContext({ ...filesOf(next), ca: readFileSync(server.caFile) }),
    through(kubeconfig) {
      const path = `${kubeconfig}.proxied`
      writeFileSync(path, readFileSync(kubeconfig, 'utf8').replaceAll(server.url, proxy.url), { mode: 0o600 })
      return path
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      upstream.destroy()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
  return proxy
}

function forge(status: number, retryAfter: number | undefined, incoming: IncomingMessage, outgoing: ServerResponse) {
  incoming.resume()
  const headers = {
    'content-type': 'application/json',
    ...(retryAfter === undefined ? {} : { 'retry-after': `${retryAfter}` }),
  }
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message: 'forged',
    reason: 'Forged',
    code: status,
  }
  outgoing.writeHead(status, headers).end(JSON.stringify(body))
}

function inTheNameOf(incoming: IncomingMessage): Readonly<Record<string, string | string[]>> {
  const { name, groups } = clientOf(incoming)
  return { 'impersonate-user': name, ...(groups.length === 0 ? {} : { 'impersonate-group': groups }) }
}

function clientOf({ socket }: IncomingMessage): { readonly name: string; readonly groups: string[] } {
  const { CN, O: organizations = [] } = (socket as TLSSocket).getPeerCertificate().subject
  return { name: String(CN), groups: [organizations].flat() }
}

function countsOf(calls: readonly ApiCall[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { verb, resource } of calls) {
    const key = `${verb} ${resource}`
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}

function filesOf({ certFile, keyFile }: KeyPair): { readonly cert: Buffer; readonly key: Buffer } {
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) }
}

function portOf(listener: Server): number {
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
