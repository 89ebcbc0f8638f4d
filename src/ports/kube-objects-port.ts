import type { KubernetesObject } from '../domain/facts.ts'
import type { Failure } from '../domain/failure.ts'
import type { Json } from '../domain/plain-json.ts'

/** A kind as the server serves it now. */
export interface KubeResource {
  readonly apiVersion: string
  readonly kind: string
  /** As in the path: `helmcharts`. */
  readonly name: string
  readonly isNamespaced: boolean
  /** `get`, `list`, `watch`, `create`, `patch`, `update`, `delete`, … */
  readonly verbs: readonly string[]
  /** `status`, `scale`. */
  readonly subresources: readonly string[]
}

export interface KubeKind {
  readonly apiVersion: string
  readonly kind: string
}

export interface ObjectRef extends KubeKind {
  /** Absent for kinds without namespaces; `default` is never assumed. */
  readonly namespace?: string
  readonly name: string
}

/** An object as the server holds it: plain JSON, times as texts, every field that it sent. */
export interface LiveObject extends KubernetesObject {
  readonly metadata: KubernetesObject['metadata'] & {
    readonly uid: string
    /** Empty for what a dry run would create. */
    readonly resourceVersion: string
    readonly [field: string]: unknown
  }
}

export interface KubeQuery extends KubeKind {
  /** Absent: all namespaces. */
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Only `metadata` of each: what is not looked at costs neither the wire nor memory. */
  readonly metadataOnly?: boolean
  /** `managedFields` are dropped unless they are asked for; they are half of most small objects. */
  readonly keepManagedFields?: boolean
}

export interface WriteOptions {
  /** The server checks and answers as if, and writes nothing. */
  readonly dryRun?: boolean
  readonly subresource?: 'status' | 'scale'
}

export interface ApplyOptions extends WriteOptions {
  /** Takes fields that others own. Without it they are KUBE_CONFLICT. */
  readonly force?: boolean
}

/** `strategic` for built-in kinds alone; custom resources know `merge`. */
export type PatchForm = 'strategic' | 'merge'

export interface DeleteOptions {
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan'
  /** Deletes only this very object: another one of the same name is KUBE_STALE. */
  readonly uid?: string
  readonly resourceVersion?: string
  readonly dryRun?: boolean
}

/** `deleting`: it is there until its finalizers are done. */
export type Deletion = 'deleted' | 'deleting' | 'absent'

/** A field that somebody else applied or wrote. The `cause` of a KUBE_CONFLICT is `{ conflicts: FieldConflict[] }`. */
export interface FieldConflict {
  /** `kubectl-client-side-apply`. */
  readonly manager: string
  /** `.spec.ports[port=80,protocol="TCP"].nodePort`, as the server writes it. */
  readonly field: string
}

export interface KubeList {
  readonly items: readonly LiveObject[]
  readonly resourceVersion: string
}

/**
 * Objects of one API server, in plain JSON. Every failure is a `Failure`; none holds headers, tokens or bodies.
 *
 * Of every request: KUBE_UNREACHABLE, KUBE_TLS, KUBE_TIMEOUT, KUBE_CREDENTIALS, KUBE_UNAUTHORIZED, KUBE_OVERLOADED (turned
 * away six times), KUBE_SERVER_ERROR, KUBE_ANSWER_INVALID. Of everything that names a kind: KUBE_KIND_UNKNOWN. Of reads:
 * KUBE_FORBIDDEN. Of writes:
 * KUBE_CONFLICT (others own fields), KUBE_STALE (the object changed since it was read, or is another one),
 * KUBE_EXISTS, KUBE_MISSING (the object), KUBE_NAMESPACE_MISSING, KUBE_TERMINATING (its namespace),
 * KUBE_INVALID (the server does not take such an object), KUBE_DENIED (rights, policy, quota, admission).
 */
export interface KubeObjectsPort {
  /** @returns undefined for a kind that the server does not have; asked anew at most once a second */
  resource(kind: KubeKind, signal: AbortSignal): Promise<KubeResource | undefined>
  /** @returns undefined when there is none */
  get(ref: ObjectRef, signal: AbortSignal): Promise<LiveObject | undefined>
  /** All pages. */
  list(query: KubeQuery, signal: AbortSignal): Promise<KubeList>
  create(object: KubernetesObject, options: WriteOptions, signal: AbortSignal): Promise<LiveObject>
  /** @param patch fields in place of those that are there; null takes one away */
  patch(ref: ObjectRef, form: PatchForm, patch: Json, options: WriteOptions, signal: AbortSignal): Promise<LiveObject>
  /** Server-side apply as `fairlead`: creates, or makes exactly these fields ours and as they are here. */
  apply(object: KubernetesObject, options: ApplyOptions, signal: AbortSignal): Promise<LiveObject>
  /** @param object with the `metadata.resourceVersion` that was read, else it replaces whatever is there */
  replace(object: KubernetesObject, options: WriteOptions, signal: AbortSignal): Promise<LiveObject>
  delete(ref: ObjectRef, options: DeleteOptions, signal: AbortSignal): Promise<Deletion>
  /**
   * Those of `objects` that are not on the server exactly as this manager applied them: what an apply might change. Reads
   * collections instead of objects and writes nothing; in doubt an object is among them.
   */
  unapplied(objects: readonly KubernetesObject[], signal: AbortSignal): Promise<readonly KubernetesObject[]>
  /**
   * Keeps a copy of a collection up to date until `signal` ends it.
   * @param changed called after the copy changed, with what did; several changes come together
   */
  watch(query: KubeQuery, changed: (keys: readonly string[]) => void, signal: AbortSignal): KubeStore
}

export type StoreState =
  | { readonly kind: 'listing' }
  | { readonly kind: 'watching' }
  /** What is known may be old; it is tried again until the end. */
  | { readonly kind: 'interrupted'; readonly failure: Failure }

/** Watches of collections whose objects are too large to be kept whole. */
export interface KubeWatchPort {
  /**
   * As `KubeObjectsPort.watch`, keeping only what `pick` makes of each object.
   * @param changed told of objects whose pick is another one than before, and of those that came or went
   */
  watchPicked<T>(
    query: KubeQuery,
    pick: (object: LiveObject) => T,
    changed: (keys: readonly string[]) => void,
    signal: AbortSignal,
  ): VersionedStore<T>
}

/** Of what is not kept, the version is: a write can name what it was decided on. */
export interface VersionedStore<T> extends PickedStore<T> {
  version(key: string): { readonly uid: string; readonly resourceVersion: string } | undefined
}

/** A copy of a collection, as of a moment ago. Keys are `namespace/name`, or `name` for kinds without namespaces. */
export type KubeStore = PickedStore<LiveObject>

export interface PickedStore<T> {
  /** Resolves once the copy is complete for the first time; rejects when it was ended before. */
  readonly ready: Promise<void>
  state(): StoreState
  get(key: string): T | undefined
  /** In no order. */
  items(): IterableIterator<T>
  readonly size: number
}

/** One turn as leader. */
export interface LeaderTerm {
  /** Grows with every change of the leader: `leaseTransitions`. */
  readonly number: number
  /** Aborted the moment it may no longer be taken for granted that nobody else leads. */
  readonly signal: AbortSignal
  /** Asks the clocks, which a timer of a process that was stopped does not. */
  isHeld(): boolean
}

export interface LeaderPort {
  /**
   * Waits for the lead and calls `lead`, again after each loss, until `signal` is aborted or `lead` returns; gives the
   * lead away only after `lead` ended. Failures of the API are waited out.
   * @throws what `lead` throws
   */
  campaign(lead: (term: LeaderTerm) => Promise<void>, signal: AbortSignal): Promise<void>
}

export interface KubeEvent {
  readonly regarding: ObjectRef & { readonly uid?: string; readonly resourceVersion?: string }
  readonly type: 'Normal' | 'Warning'
  /** `CamelCase`. */
  readonly reason: string
  readonly message: string
}

export interface KubeEventsPort {
  /** Never waits and never fails: what cannot be told is counted. */
  record(event: KubeEvent): void
  /** Told in fewer words than it happened, or not at all, since the start. */
  readonly dropped: number
  /** Waits until everything recorded so far was sent or given up. */
  flush(): Promise<void>
}
