import { type Result, refusal, success } from '../../domain/result.ts'
import type { ClusterRefusal, ServedKind } from './cluster-request.ts'
import { discover, type Steps } from './deploy-steps.ts'
import { type GroupVersionKind, groupVersionText, gvkText } from './group-version-kind.ts'

/** What the API server serves, as far as a process has asked: kinds by their text. What was missing is asked anew. */
export type KnownKinds = Map<string, ServedKind>

/** The kind as the server serves it, or why it does not: no such group, version or kind, or no answer. */
export function* servedKind(gvk: GroupVersionKind, known: KnownKinds): Steps<Result<ServedKind, ClusterRefusal>> {
  if (gvk.version === '') return refusal(noVersion)
  const remembered = known.get(gvkText(gvk))
  if (remembered !== undefined) return success(remembered)
  const answer = yield* discover(groupVersionText(gvk), gvk.kind)
  if (!answer.ok) return refusal(answer.error.status === 404 ? notServed : answer.error)
  known.set(gvkText(gvk), answer.value)
  return answer
}

/** The words are those of Kubernetes' own client: they stand in K3s' log and Events. */
const notServed: ClusterRefusal = {
  ok: false,
  status: 404,
  reason: 'NotFound',
  message: 'the server could not find the requested resource',
}

const noVersion: ClusterRefusal = {
  ok: false,
  status: 400,
  reason: 'BadRequest',
  message: "groupVersion shouldn't be empty",
}
