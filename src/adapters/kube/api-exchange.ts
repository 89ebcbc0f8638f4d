import { setTimeout as sleep } from 'node:timers/promises'
import { AnswerTooLarge, connectionFailure, isBrokenOff } from './connection-failure.ts'
import type { KubeAccess } from './kube-access.ts'
import { within } from './within.ts'

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** From the server's address, with its query: `/api/v1/nodes?limit=500`. */
  readonly path: string
  readonly accept?: string
  readonly body?: { readonly type: string; readonly text: string }
  /** Twice does the same as once: it may be sent again when nobody knows whether it arrived. */
  readonly isRepeatable: boolean
}

export interface ApiAnswer {
  readonly status: number
  readonly retryAfterMs: number | undefined
  readonly text: string
}

export interface ApiLimits {
  /** For one request, from the first byte out to the last byte in. */
  readonly requestMs: number
  readonly answerBytes: number
}

export const defaultLimits: ApiLimits = { requestMs: 60_000, answerBytes: 64 * 1024 * 1024 }

const maxWaitMs = 10_000
const maxTurnedAway = 5
const maxBroken = 2

/**
 * Sends one request and reads its whole answer. Asks again where that is safe and sensible: turned away (429, or 503 with
 * Retry-After) unless it creates something, broken off when it may be repeated, or not known with the credentials of
 * before. 500 is an answer: releases before 1.21 say it about documents that are wrong.
 *
 * @throws Failure KUBE_UNREACHABLE, KUBE_TLS, KUBE_TIMEOUT, KUBE_CREDENTIALS, KUBE_ANSWER_INVALID
 */
export async function exchange(
  access: KubeAccess,
  request: ApiRequest,
  limits: ApiLimits,
  signal: AbortSignal,
): Promise<ApiAnswer> {
  const mayBreak = request.isRepeatable ? maxBroken : 0
  const mayBeTurnedAway = request.method === 'POST' ? 0 : maxTurnedAway
  let [turnedAway, broken, unknown] = [0, 0, 0]
  for (;;) {
    const login = await access.headers(signal)
    const answer = await once(access, request, login, limits, signal).catch((error: unknown) => {
      signal.throwIfAborted()
      if (isBrokenOff(error) && broken < mayBreak) return undefined
      throw connectionFailure(error, whereOf(access, request.path), limits.answerBytes)
    })
    if (answer === undefined) {
      await sleep(100 * 2 ** broken, undefined, { signal })
      broken += 1
    } else if (answer.status === 401 && unknown === 0) {
      unknown += 1
      access.forget(login)
    } else if (isTurnedAway(answer) && turnedAway < mayBeTurnedAway) {
      await sleep(Math.min(answer.retryAfterMs ?? 250 * 2 ** turnedAway, maxWaitMs), undefined, { signal })
      turnedAway += 1
    } else if (isOfProxy(answer) && broken < mayBreak) {
      await sleep(100 * 2 ** broken, undefined, { signal })
      broken += 1
    } else {
      return answer
    }
  }
}

/** For people: without credentials and without the query. */
export function whereOf({ origin, basePath }: KubeAccess, path: string): string {
  return `${origin}${basePath}${path.split('?')[0] ?? path}`
}

export function isTurnedAway({ status, retryAfterMs }: Pick<ApiAnswer, 'status' | 'retryAfterMs'>): boolean {
  return status === 429 || (status === 503 && retryAfterMs !== undefined)
}

function isOfProxy(answer: ApiAnswer): boolean {
  return [502, 503, 504].includes(answer.status) && !isTurnedAway(answer)
}

async function once(
  access: KubeAccess,
  { method, path, accept = 'application/json', body }: ApiRequest,
  login: Readonly<Record<string, string>>,
  limits: ApiLimits,
  signal: AbortSignal,
): Promise<ApiAnswer> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(limits.requestMs)])
  const sent = access.dispatcher.request({
    origin: access.origin,
    path: `${access.basePath}${path}`,
    method,
    headers: {
      accept,
      'user-agent': 'fairlead',
      ...(body === undefined ? {} : { 'content-type': body.type }),
      ...login,
    },
    ...(body === undefined ? {} : { body: body.text }),
    headersTimeout: limits.requestMs,
    bodyTimeout: limits.requestMs,
    signal: until,
  })
  // While it waits for a connection, undici does not look at the signal; later, it does not send what was given up.
  const response = await within(sent, until)
  return {
    status: response.statusCode,
    retryAfterMs: retryAfterMs(response.headers['retry-after']),
    text: await textOf(response.body, limits.answerBytes),
  }
}

async function textOf(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of body) {
    bytes += part.length
    if (bytes > maxBytes) throw new AnswerTooLarge()
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

export function retryAfterMs(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined
  const ms = /^\d{1,6}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
