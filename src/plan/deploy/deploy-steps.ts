import type { Json } from '../../domain/plain-json.ts'
import { type Result, refusal, success } from '../../domain/result.ts'
import type { ClusterAnswer, ClusterRefusal, ClusterRequest, ServedKind } from './cluster-request.ts'
import type { DeployEvent } from './deploy-event.ts'

/**
 * What a deploy pass asks of the world, one question at a time. Whoever runs it calls `next` with the answer of the same
 * kind, and never throws into it.
 */
export type DeployAsk =
  | { readonly kind: 'read-file'; readonly path: string }
  | { readonly kind: 'remove-file'; readonly path: string }
  /** What the server serves of this version of a kind. */
  | { readonly kind: 'discover'; readonly groupVersion: string; readonly name: string }
  /** Requests that do not depend on each other: answered in their order, sent in any, or at once. */
  | { readonly kind: 'requests'; readonly requests: readonly ClusterRequest[] }
  | { readonly kind: 'event'; readonly event: DeployEvent }
  /** Leave to apply the set of this Addon: answered once it may, or refused where the release does not wait. */
  | { readonly kind: 'turn'; readonly addon: string; readonly waits: boolean }

export type DeployAnswer =
  | { readonly kind: 'file'; readonly bytes: Uint8Array }
  /** Of a file that could not be read or removed, in the system's words. */
  | { readonly kind: 'file-error'; readonly message: string }
  | { readonly kind: 'done' }
  | { readonly kind: 'served'; readonly served: ServedKind }
  /** Status 404 for a kind that there is not. */
  | { readonly kind: 'refused'; readonly refusal: ClusterRefusal }
  | { readonly kind: 'answers'; readonly answers: readonly ClusterAnswer[] }

export type Steps<T> = Generator<DeployAsk, T, DeployAnswer>

export function* readFile(path: string): Steps<{ readonly bytes: Uint8Array } | { readonly message: string }> {
  const answer = yield { kind: 'read-file', path }
  if (answer.kind === 'file' || answer.kind === 'file-error') return answer
  throw unexpected('read-file', answer)
}

/** Undefined once the file is gone, else what the system said. */
export function* removeFile(path: string): Steps<string | undefined> {
  const answer = yield { kind: 'remove-file', path }
  if (answer.kind === 'done') return undefined
  if (answer.kind === 'file-error') return answer.message
  throw unexpected('remove-file', answer)
}

export function* discover(groupVersion: string, name: string): Steps<Result<ServedKind, ClusterRefusal>> {
  const answer = yield { kind: 'discover', groupVersion, name }
  if (answer.kind === 'served') return success(answer.served)
  if (answer.kind === 'refused') return refusal(answer.refusal)
  throw unexpected('discover', answer)
}

export function* send(requests: readonly ClusterRequest[]): Steps<readonly ClusterAnswer[]> {
  if (requests.length === 0) return []
  const answer = yield { kind: 'requests', requests }
  if (answer.kind === 'answers' && answer.answers.length === requests.length) return answer.answers
  throw unexpected('requests', answer)
}

/** One request about one object. What was deleted answers with the object, or with nothing of it. */
export function* sendOne(
  request: Exclude<ClusterRequest, { readonly verb: 'list' }>,
): Steps<Result<Json, ClusterRefusal>> {
  const [answer] = yield* send([request])
  if (answer === undefined) throw new Error(`no answer to ${request.verb}`)
  if (!answer.ok) return refusal(answer)
  return success('object' in answer ? answer.object : {})
}

export function* emit(event: DeployEvent): Steps<void> {
  yield { kind: 'event', event }
}

/** Undefined once it is the turn of this set, else what the release says of a set that comes too often. */
export function* takeTurn(addon: string, waits: boolean): Steps<string | undefined> {
  const answer = yield { kind: 'turn', addon, waits }
  if (answer.kind === 'done') return undefined
  if (answer.kind === 'refused') return answer.refusal.message
  throw unexpected('turn', answer)
}

function unexpected(asked: DeployAsk['kind'], answer: DeployAnswer): Error {
  return new Error(`the answer to ${asked} was ${answer.kind}`)
}
