import type { KubernetesObject } from '../../domain/facts.ts'
import type { Failure } from '../../domain/failure.ts'
import type { ObjectOwner } from '../../plan/objects/object-owner.ts'
import type { ObjectRef } from '../../ports/kube-objects-port.ts'

/** What became of one object. In a dry run: what would. */
export type ObjectOutcome = { readonly ref: ObjectRef } & (
  | { readonly kind: 'Created' | 'Changed' | 'Unchanged' }
  /** Another GitOps tool keeps it; it was left alone. */
  | { readonly kind: 'Foreign'; readonly owner: ObjectOwner }
  | { readonly kind: 'Refused'; readonly failure: Failure }
  /** What it needs is not there, or not ready in time. */
  | { readonly kind: 'NotReached'; readonly message: string }
  | { readonly kind: 'Pruned' }
  /** Wanted no more, and not removed. */
  | { readonly kind: 'Kept'; readonly reason: 'OptedOut' | 'Unconfirmed' | 'NotOurs'; readonly message: string }
)

export function refOf({ apiVersion, kind, metadata }: KubernetesObject): ObjectRef {
  const { name, namespace } = metadata
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) }
}

/** `ConfigMap shop/settings`, `Node agent-1`. */
export function refText({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
}
