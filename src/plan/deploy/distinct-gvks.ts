import type { Json } from '../../domain/plain-json.ts'
import { type Result, refusal, success } from '../../domain/result.ts'
import type { ClusterRefusal } from './cluster-request.ts'
import type { DeployContext } from './deploy-context.ts'
import type { Steps } from './deploy-steps.ts'
import { type GroupVersionKind, gvkOf, gvkText } from './group-version-kind.ts'
import { servedKind } from './served-kinds.ts'

/** The kinds of objects, each once, in their order. */
export function distinctGvks(objects: readonly Json[]): readonly GroupVersionKind[] {
  return unique(objects.flatMap((object) => gvkOf(object) ?? []))
}

/**
 * Kinds that can be pruned: those that the server serves. Without discovery (releases before it) all of them. The error
 * is what keeps the whole file from being applied.
 * @see k3s-packaged-components §2.7
 */
export function* servedGvks(
  gvks: readonly GroupVersionKind[],
  { rules, known }: DeployContext,
): Steps<Result<readonly GroupVersionKind[], ClusterRefusal>> {
  const all = unique(gvks)
  if (!rules.validatesKinds) return success(all)
  const served: GroupVersionKind[] = []
  for (const gvk of all) {
    const answer = yield* servedKind(gvk, known)
    if (answer.ok) served.push(gvk)
    else if (answer.error.status !== 404) return refusal(answer.error)
  }
  return success(served)
}

function unique(gvks: readonly GroupVersionKind[]): readonly GroupVersionKind[] {
  return [...new Map(gvks.map((gvk) => [gvkText(gvk), gvk])).values()]
}
