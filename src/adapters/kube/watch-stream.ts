import type { Failure } from '../../domain/failure.ts'
import { asRecord, type Json } from '../../domain/plain-json.ts'
import { parsedJson, readFailure } from './api-client.ts'
import { type ApiLimits, whereOf } from './api-exchange.ts'
import { connectionFailure } from './connection-failure.ts'
import type { KubeAccess } from './kube-access.ts'
import { kubeFailure } from './kube-failures.ts'
import { lineSplitter } from './line-splitter.ts'
import { within } from './within.ts'

export interface WatchEvent {
  /** `ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK`. */
  readonly type: string
  readonly object: Json
}

export type WatchEnd =
  /** In its time, by the server or by us: it goes on where it was. */
  | { readonly kind: 'ended' }
  /** Where it was, the server does not know any more: everything is to be read anew. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'failed'; readonly failure: Failure }

export interface WatchRequest {
  /** With its whole query. */
  readonly path: string
  readonly accept: string
  readonly deadlineMs: number
  readonly silenceMs: number
}

/**
 * One watch, from its beginning to its end, which is never later than its deadline.
 * @param take the events of one piece of the stream, in their order; none, as soon as the server agreed to tell them
 * @throws the reason of `signal`, alone
 * @see k8s.io/apiserver pkg/endpoints/handlers/watch.go: one JSON document a line; an expired version is HTTP 410, or 200
 *   with an ERROR event of code 410
 */
export async function followWatch(
  access: KubeAccess,
  request: WatchRequest,
  limits: ApiLimits,
  take: (events: readonly WatchEvent[]) => void,
  signal: AbortSignal,
): Promise<WatchEnd> {
  const where = whereOf(access, request.path)
  const over = new AbortController()
  const end = (): void => over.abort()
  const deadline = setTimeout(end, request.deadlineMs)
  const silence = setTimeout(end, request.silenceMs)
  try {
    const login = await access.headers(signal)
    const until = AbortSignal.any([signal, over.signal])
    const sent = access.dispatcher.request({
      origin: access.origin,
      path: `${access.basePath}${request.path}`,
      method: 'GET',
      headers: { accept: request.accept, 'user-agent': 'fairlead', ...login },
      headersTimeout: limits.requestMs,
      bodyTimeout: 0,
      signal: until,
    })
    const response = await within(sent, until)
    if (response.statusCode !== 200) {
      await response.body.dump()
      if (response.statusCode === 401) access.forget(login)
      return endOfStatus(response.statusCode, where)
    }
    take([])
    const lines = lineSplitter(limits.answerBytes)
    for await (const piece of response.body) {
      silence.refresh()
      const events = lines(piece).map((line) => eventIn(line, where))
      const last = events.findIndex(({ type }) => type === 'ERROR')
      take(last < 0 ? events : events.slice(0, last))
      const error = events[last]
      if (error !== undefined) return endOfStatus(Number(error.object['code']), where)
    }
    return { kind: 'ended' }
  } catch (error) {
    signal.throwIfAborted()
    if (over.signal.aborted) return { kind: 'ended' }
    return { kind: 'failed', failure: connectionFailure(error, where, limits.answerBytes) }
  } finally {
    clearTimeout(deadline)
    clearTimeout(silence)
    // Leaves nothing open when it ended on an event.
    end()
  }
}

function endOfStatus(status: number, where: string): WatchEnd {
  if (status === 410) return { kind: 'expired' }
  if (status === 404) return { kind: 'failed', failure: kubeFailure('KUBE_KIND_UNKNOWN', where) }
  return { kind: 'failed', failure: readFailure(status, where) }
}

function eventIn(line: string, where: string): WatchEvent {
  const { type, object } = asRecord(parsedJson(line, where))
  if (typeof type !== 'string') throw kubeFailure('KUBE_ANSWER_INVALID', where, 'a line is no event')
  return { type, object: asRecord(object) }
}
