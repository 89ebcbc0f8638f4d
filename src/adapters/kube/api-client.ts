import { setTimeout as sleep } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import type { KubeAccess } from './kube-access.ts'
import { type KubeFailureCode, kubeFailure } from './kube-failures.ts'

/** Reads JSON documents of one API server. Nothing here can change anything: it only ever sends GET. */
export interface ApiClient {
  /** For people: the address without credentials. */
  readonly address: string
  /**
   * @param path from the server's address, with its query: `/api/v1/nodes?limit=500`
   * @returns the parsed JSON; undefined when there is no such path (404)
   * @throws Failure KUBE_UNREACHABLE, KUBE_TLS, KUBE_TIMEOUT, KUBE_UNAUTHORIZED, KUBE_FORBIDDEN, KUBE_OVERLOADED,
   *   KUBE_SERVER_ERROR, KUBE_LIST_EXPIRED, KUBE_ANSWER_INVALID
   */
  get(path: string, signal: AbortSignal): Promise<unknown>
  close(): Promise<void>
}

export interface ApiLimits {
  /** For one request, from the first byte out to the last byte in. */
  readonly requestMs: number
  readonly answerBytes: number
}

export const defaultLimits: ApiLimits = { requestMs: 60_000, answerBytes: 64 * 1024 * 1024 }

interface Answer {
  readonly status: number
  readonly retryAfterMs: number | undefined
  readonly text: string
}

const maxWaitMs = 10_000
const maxTurnedAway = 5
const maxBroken = 2

export function createApiClient(access: KubeAccess, limits: ApiLimits = defaultLimits): ApiClient {
  const address = `${access.origin}${access.basePath}`
  return {
    address,
    get: async (path, signal) =>
      documentIn(await answerTo(access, path, limits, signal), `${address}${withoutQuery(path)}`),
    close: () => access.dispatcher.destroy(),
  }
}

/** Asks again where that is safe and sensible: turned away, broken off, or not known with the credentials of before. */
async function answerTo(access: KubeAccess, path: string, limits: ApiLimits, signal: AbortSignal): Promise<Answer> {
  const where = `${access.origin}${access.basePath}${withoutQuery(path)}`
  let [turnedAway, broken, unknown] = [0, 0, 0]
  for (;;) {
    const answer = await exchange(access, path, limits, signal).catch((error: unknown) => {
      signal.throwIfAborted()
      if (!isBrokenOff(error) || broken >= maxBroken) throw connectionFailure(error, where, limits)
      return undefined
    })
    if (answer?.status === 401 && unknown === 0) {
      unknown += 1
      access.forgetHeaders()
    } else if (answer?.status === 429 || (answer?.status === 503 && answer.retryAfterMs !== undefined)) {
      if (turnedAway >= maxTurnedAway) return answer
      await sleep(Math.min(answer.retryAfterMs ?? 250 * 2 ** turnedAway, maxWaitMs), undefined, { signal })
      turnedAway += 1
    } else if (answer === undefined || [502, 503, 504].includes(answer.status)) {
      if (answer !== undefined && broken >= maxBroken) return answer
      await sleep(100 * 2 ** broken, undefined, { signal })
      broken += 1
    } else {
      return answer
    }
  }
}

async function exchange(access: KubeAccess, path: string, limits: ApiLimits, signal: AbortSignal): Promise<Answer> {
  const login = await access.headers(signal)
  const deadline = AbortSignal.timeout(limits.requestMs)
  const response = await access.dispatcher.request({
    origin: access.origin,
    path: `${access.basePath}${path}`,
    method: 'GET',
    headers: { accept: 'application/json', 'user-agent': 'fairlead', ...login },
    headersTimeout: limits.requestMs,
    bodyTimeout: limits.requestMs,
    signal: AbortSignal.any([signal, deadline]),
  })
  return {
    status: response.statusCode,
    retryAfterMs: retryAfterMs(response.headers['retry-after']),
    text: await textOf(response.body, limits.answerBytes),
  }
}

/** The body of everything but a success is read to keep the connection, and is looked at by nobody. */
async function textOf(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of body as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > maxBytes) throw new AnswerTooLarge()
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

class AnswerTooLarge extends Error {}

function retryAfterMs(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined
  const seconds = /^\d{1,6}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds)
}

/** The server went away in the middle, as it does when it restarts, or closed a connection that was kept open. */
function isBrokenOff(error: unknown): boolean {
  return ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(codeOf(error))
}

const tlsCodes =
  /^(?:CERT_|ERR_TLS_|ERR_SSL_|EPROTO$|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH$|INVALID_CA$|ERR_OSSL_)/

function connectionFailure(error: unknown, where: string, limits: ApiLimits): unknown {
  if (error instanceof Error && error.name === 'Failure') return error
  if (error instanceof AnswerTooLarge) {
    return kubeFailure('KUBE_ANSWER_INVALID', where, `it is larger than ${limits.answerBytes} bytes`)
  }
  const code = codeOf(error)
  if (isTimeout(error, code)) return kubeFailure('KUBE_TIMEOUT', where, undefined, error)
  if (tlsCodes.test(code)) return kubeFailure('KUBE_TLS', where, code, error)
  // The error of the parser holds what it read.
  if (error instanceof Error && error.name === 'HTTPParserError') {
    return kubeFailure('KUBE_ANSWER_INVALID', where, 'it does not speak HTTP')
  }
  return kubeFailure('KUBE_UNREACHABLE', where, code === '' ? undefined : code, error)
}

function isTimeout(error: unknown, code: string): boolean {
  if (error instanceof Error && error.name === 'TimeoutError') return true
  return ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'].includes(code)
}

/** The innermost one: undici wraps what the system said, and several addresses of one name fail together. */
function codeOf(error: unknown): string {
  const { code, cause, errors } = (typeof error === 'object' && error !== null ? error : {}) as {
    readonly code?: unknown
    readonly cause?: unknown
    readonly errors?: unknown
  }
  const inner = codeOfInner(cause) || codeOfInner(Array.isArray(errors) ? errors[0] : undefined)
  return inner || (typeof code === 'string' ? code : '')
}

function codeOfInner(value: unknown): string {
  return value === undefined || value === null ? '' : codeOf(value)
}

const failureOfStatus: ReadonlyMap<number, KubeFailureCode> = new Map([
  [401, 'KUBE_UNAUTHORIZED'],
  [403, 'KUBE_FORBIDDEN'],
  [410, 'KUBE_LIST_EXPIRED'],
  [429, 'KUBE_OVERLOADED'],
])

function documentIn({ status, text }: Answer, where: string): unknown {
  if (status === 404) return undefined
  if (status === 200) return parsed(text, where)
  const known = failureOfStatus.get(status)
  if (known !== undefined) throw kubeFailure(known, where)
  throw kubeFailure(status >= 500 ? 'KUBE_SERVER_ERROR' : 'KUBE_ANSWER_INVALID', where, `HTTP ${status}`)
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The error of the parser quotes what it read.
    throw kubeFailure('KUBE_ANSWER_INVALID', where, 'the answer is no JSON')
  }
}

function withoutQuery(path: string): string {
  return path.split('?')[0] ?? path
}
