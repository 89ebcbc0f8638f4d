import { Agent as HttpAgent, type IncomingMessage, request as requestPlain } from 'node:http'
import { Agent as HttpsAgent, request as requestSecure } from 'node:https'
import { gitFailure } from './git-failures.ts'

export interface Exchange {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer | undefined
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** Sends one request and collects the whole answer; follows nothing, repeats nothing. */
export interface Connection {
  /** @throws Failure GIT_UNREACHABLE, GIT_TLS, GIT_TIMEOUT, GIT_PACK_DAMAGED (cut off), GIT_PACK_TOO_LARGE */
  send(exchange: Exchange, signal: AbortSignal): Promise<Answer>
  close(): void
}

/** The library holds a download several times over while it takes it in. */
const maxAnswerBytes = 256 * 1024 * 1024
const keepIdleMs = 30_000

/** @param ca certificates in PEM that are trusted instead of those of the system */
export function openConnection(ca?: string): Connection {
  const proxyEnv = process.env
  const shared = { keepAlive: true, timeout: keepIdleMs, maxSockets: 4, proxyEnv }
  const plain = new HttpAgent(shared)
  const secure = new HttpsAgent({ ...shared, ...(ca === undefined ? {} : { ca }) })
  return {
    async send(exchange, signal) {
      const options = { method: exchange.method, headers: exchange.headers, signal }
      try {
        const response = await new Promise<IncomingMessage>((resolve, reject) => {
          const request =
            exchange.url.protocol === 'https:'
              ? requestSecure(exchange.url, { ...options, agent: secure }, resolve)
              : requestPlain(exchange.url, { ...options, agent: plain }, resolve)
          request.once('error', reject)
          // A keep-alive socket has its time-out while it is idle only: silence during a request is the signal's business.
          request.setTimeout(0)
          request.end(exchange.body)
        })
        return await collect(response, exchange.url)
      } catch (cause) {
        throw networkFailure(cause, exchange.url, signal)
      }
    },
    close() {
      plain.destroy()
      secure.destroy()
    },
  }
}

/** Whole, before anybody parses it: a connection that breaks must not look like a short answer. */
async function collect(response: IncomingMessage, url: URL): Promise<Answer> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > maxAnswerBytes) throw gitFailure('GIT_PACK_TOO_LARGE', shownUrl(url))
    parts.push(part)
  }
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return { status: response.statusCode ?? 0, headers, body: Buffer.concat(parts) }
}

/** The URL as it may be shown: without credentials and query. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/(?:info\/refs|git-(?:upload|receive)-pack)$/, '')}`
}

const tlsCodes =
  /^(?:CERT_|ERR_TLS_|ERR_SSL_|EPROTO$|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH$|INVALID_CA$)/

function networkFailure(cause: unknown, url: URL, signal: AbortSignal): unknown {
  if (!(cause instanceof Error) || !('code' in cause)) return cause
  const where = shownUrl(url)
  const code = String(cause.code)
  if (signal.aborted) return gitFailure('GIT_TIMEOUT', where, undefined, cause)
  if (tlsCodes.test(code)) return gitFailure('GIT_TLS', where, code, cause)
  if (code === 'ECONNRESET' && cause.message === 'aborted') {
    return gitFailure('GIT_PACK_DAMAGED', where, 'the connection broke in the middle', cause)
  }
  return gitFailure('GIT_UNREACHABLE', where, code, cause)
}
