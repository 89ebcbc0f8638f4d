import type { Json } from '../../domain/plain-json.ts'

/** A kind as the API server serves it. */
export interface ServedKind {
  /** `apps/v1`, `v1`. */
  readonly groupVersion: string
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
}

export type PatchType = 'strategic' | 'merge'

interface OneObject {
  readonly of: ServedKind
  /** Empty for kinds without namespaces. */
  readonly namespace: string
  readonly name: string
}

/** One request to the API server. */
export type ClusterRequest =
  /** Of all namespaces, live and not from a cache. */
  | { readonly verb: 'list'; readonly of: ServedKind; readonly labelSelector: string }
  | ({ readonly verb: 'get' } & OneObject)
  | { readonly verb: 'create'; readonly of: ServedKind; readonly namespace: string; readonly object: Json }
  /** With the resourceVersion that was read: a newer one is a conflict. */
  | ({ readonly verb: 'update'; readonly object: Json } & OneObject)
  | ({ readonly verb: 'patch'; readonly patchType: PatchType; readonly patch: Json } & OneObject)
  /** Dependents go in the background. */
  | ({ readonly verb: 'delete' } & OneObject)

/** What the server said; `status` and `reason` are those of its Status object (404 `NotFound`, 409 `AlreadyExists`). */
export type ClusterAnswer =
  | { readonly ok: true; readonly object: Json }
  | { readonly ok: true; readonly items: readonly Json[] }
  | ClusterRefusal

export interface ClusterRefusal {
  readonly ok: false
  readonly status: number
  readonly reason: string
  /** For people; no secrets, no headers. */
  readonly message: string
}
