import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Failure } from '../domain/failure.ts'
import type { ClockPort } from '../ports/clock-port.ts'
import type { LogPort } from '../ports/log-port.ts'
import { assertMayListen, hostAndPort, isLoopback, isLoopbackHostHeader } from './listen-rules.ts'
import { createWebServer, listenOn, type TlsFiles } from './listening.ts'
import { minTokenLength, sessionCookie, tokenProof } from './page-token.ts'
import { refuseEarly, reply, replyText, setSecurityHeaders } from './replies.ts'
import { matchRoute, type Route } from './routes.ts'
import { readSecretFile } from './secret-file.ts'

export interface ListenerOptions {
  readonly host: string
  /** 0 is any free port. */
  readonly port: number
  /** Take the next free port when this one is taken. */
  readonly fallback?: boolean
  readonly tls?: TlsFiles
  /** Plain HTTP beyond loopback, asked for explicitly. */
  readonly allowInsecure: boolean
  /** Holds what callers of `token` routes must know beyond loopback; read at every use. */
  readonly tokenFile?: string
  readonly routes: readonly Route[]
  /** How long a client may take for its request line and headers; 10,000 unless told. */
  readonly headersTimeoutMs?: number
}

export interface Listener {
  readonly port: number
  /** The wanted port was taken and another one is used. */
  readonly fellBack: boolean
  /** `http://127.0.0.1:8080` */
  readonly url: string
  /** Takes no more requests, ends event streams, gives answers under way two seconds, then cuts. */
  close(): Promise<void>
}

const headersTimeoutMs = 10_000
/** Bounds the slowest push; routes with smaller bodies have their own, shorter limits. */
const requestTimeoutMs = 600_000
const closeGraceMs = 2000

/**
 * @throws Failure LISTEN_INSECURE, LISTEN_TOKEN_MISSING before anything is opened; TLS_UNREADABLE, TLS_INVALID,
 *   SECRET_UNREADABLE, PORT_TAKEN, LISTEN_DENIED, LISTEN_ADDRESS_UNKNOWN
 */
export async function startListener(options: ListenerOptions, clock: ClockPort, log: LogPort): Promise<Listener> {
  assertMayListen({
    host: options.host,
    hasTls: options.tls !== undefined,
    allowInsecure: options.allowInsecure,
    hasToken: options.tokenFile !== undefined,
  })
  const loopback = isLoopback(options.host)
  if (!loopback && options.tokenFile !== undefined) await readToken(options.tokenFile)
  // What the name resolves to is not ours to trust: `localhost` means loopback here, whatever a resolver says.
  const host = options.host.toLowerCase() === 'localhost' ? '127.0.0.1' : options.host.replace(/^\[(.*)\]$/, '$1')
  const server = await createWebServer(
    {
      maxHeaderSize: 16_384,
      headersTimeout: options.headersTimeoutMs ?? headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: 5000,
      connectionsCheckingInterval: 1000,
    },
    options.tls,
  )
  server.maxConnections = 256
  const gate: Gate = {
    routes: options.routes,
    loopback,
    secure: options.tls !== undefined,
    ...(loopback || options.tokenFile === undefined ? {} : { tokenFile: options.tokenFile }),
  }
  const open = new Set<AbortController>()
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const controller = new AbortController()
    open.add(controller)
    response.once('close', () => {
      open.delete(controller)
      controller.abort()
    })
    answer(gate, request, response, controller.signal, clock).catch((cause: unknown) => giveUp(response, cause, log))
  }
  server.on('request', onRequest).on('checkContinue', onRequest)
  const port = await listenOn(server, host, options.port, options.fallback ?? false)
  server.on('error', (error) => log.error({ error: error.message }, 'web listener reported an error'))

  return {
    port,
    fellBack: options.port !== 0 && port !== options.port,
    url: `${options.tls === undefined ? 'http' : 'https'}://${hostAndPort(host, port)}`,
    close: () => closeServer(server, open, clock),
  }
}

/** What decides whether a request reaches its route. */
interface Gate {
  readonly routes: readonly Route[]
  readonly loopback: boolean
  readonly secure: boolean
  readonly tokenFile?: string
}

async function answer(
  gate: Gate,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
  clock: ClockPort,
): Promise<void> {
  setSecurityHeaders(response)
  const url = urlOf(request)
  if (url === undefined) return replyText(response, 400, 'bad request: the path cannot be read')
  const match = matchRoute(gate.routes, request.method ?? '', url.pathname)
  if (match.kind === 'unknown-path') return replyText(response, 404, 'not found')
  if (match.kind === 'wrong-method') {
    response.setHeader('Allow', match.allowed.join(', '))
    return replyText(response, 405, `method not allowed: use ${match.allowed.join(' or ')}`)
  }
  const { route } = match
  if (gate.loopback && route.access !== 'signed' && !isLoopbackHostHeader(request.headers.host)) {
    return replyText(response, 421, 'misdirected request: this listener answers to localhost, 127.0.0.1 and [::1] only')
  }
  if (route.method === 'POST' && isCrossSite(request))
    return replyText(response, 403, 'requests from other sites are refused')
  if (route.access === 'token' && gate.tokenFile !== undefined) {
    if (!(await admits(gate.tokenFile, gate.secure, route, request, response, url))) return
  }
  if (Number(request.headers['content-length'] ?? 0) > (route.maxBodyBytes ?? Number.POSITIVE_INFINITY)) {
    return refuseEarly({ request, response }, 413, 'the body is too large', clock)
  }
  if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue()
  await route.handle({ request, response, url, signal })
}

/** True when the caller knows the token; otherwise the request has been answered. */
async function admits(
  tokenFile: string,
  secure: boolean,
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<boolean> {
  const token = await readToken(tokenFile)
  const proof = tokenProof(token, request.headers, url)
  if (proof === 'header' || proof === 'cookie') return true
  if (proof === 'query') {
    response.setHeader('Set-Cookie', sessionCookie(token, secure))
    // Not a redirect: after a click on a link elsewhere a browser holds Strict cookies back through all redirects.
    const page = `<!doctype html><meta http-equiv="refresh" content="0;url=${route.path}"><title>Fairlead</title>\n`
    reply(response, 200, 'text/html; charset=utf-8', page)
    return false
  }
  response.setHeader('WWW-Authenticate', 'Basic realm="Fairlead: the token is the password", charset="UTF-8"')
  replyText(
    response,
    401,
    'unauthorized: send the token as `Authorization: Bearer`, or open the page once with ?token=',
  )
  return false
}

async function readToken(path: string): Promise<string> {
  const token = await readSecretFile(path)
  if (token.length >= minTokenLength) return token
  throw new Failure(`the token in ${path} is shorter than ${minTokenLength} characters`, {
    code: 'LISTEN_TOKEN_MISSING',
    where: path,
    fix: 'write a longer random one into it: `openssl rand -hex 32`',
    retry: 'when-changed',
  })
}

function urlOf(request: IncomingMessage): URL | undefined {
  const target = request.url ?? ''
  return target.startsWith('/') ? (URL.parse(`http://listener${target}`) ?? undefined) : undefined
}

/** Browsers say where a request comes from; git and forges send no such header. */
function isCrossSite(request: IncomingMessage): boolean {
  const site = request.headers['sec-fetch-site']
  return site === 'cross-site' || site === 'same-site'
}

function giveUp(response: ServerResponse, cause: unknown, log: LogPort): void {
  const failure = cause instanceof Failure ? { code: cause.detail.code, where: cause.detail.where } : {}
  log.error({ ...failure, error: cause instanceof Error ? cause.message : String(cause) }, 'a web request failed')
  if (response.headersSent) response.destroy()
  else replyText(response, 500, 'internal error; the log of Fairlead says more')
}

async function closeServer(server: Server, open: ReadonlySet<AbortController>, clock: ClockPort): Promise<void> {
  const closed = new AbortController()
  const ended = new Promise<void>((resolve) => {
    server.close(() => {
      closed.abort()
      resolve()
    })
  })
  for (const controller of open) controller.abort()
  server.closeIdleConnections()
  await clock.sleep(closeGraceMs, closed.signal)
  server.closeAllConnections()
  await ended
}
