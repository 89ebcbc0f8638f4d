import type { KubernetesObject } from '../../domain/facts.ts'
import type { KubeObjectsPort, KubeQuery, LiveObject } from '../../ports/kube-objects-port.ts'
import { isApplied } from './applied-fields.ts'
import { hasCode } from './kube-failures.ts'
import { keyOf } from './live-object.ts'

interface Wanted {
  readonly object: KubernetesObject
  /** As it would be sent. */
  readonly asSent: KubernetesObject
}

interface Reads {
  readonly get: KubeObjectsPort['get']
  list(
    query: KubeQuery,
    pick: (object: LiveObject) => string | undefined,
  ): Promise<{ readonly items: readonly string[] }>
}

/** With more objects of one collection than this, its list is read instead of each of them. */
const fewObjects = 20

/**
 * Those that the server does not hold as `manager` applied them, in their order. Of a collection, only the names of what is
 * applied are kept.
 */
export async function unappliedObjects(
  reads: Reads,
  wanted: readonly Wanted[],
  manager: string,
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  const collections = Map.groupBy(wanted, ({ object: { apiVersion, kind, metadata } }) =>
    [apiVersion, kind, metadata.namespace ?? ''].join('\n'),
  )
  const applied = await Promise.all(
    [...collections.values()].map((members) => appliedIn(reads, members, manager, signal)),
  )
  const all = new Set(applied.flat())
  return wanted.filter((one) => !all.has(one)).map(({ object }) => object)
}

async function appliedIn(
  reads: Reads,
  members: readonly Wanted[],
  manager: string,
  signal: AbortSignal,
): Promise<readonly Wanted[]> {
  try {
    return members.length > fewObjects
      ? await appliedByList(reads, members, manager)
      : await appliedByName(reads, members, manager, signal)
  } catch (error) {
    // Of a kind that is not there nothing is applied.
    if (hasCode(error, 'KUBE_KIND_UNKNOWN')) return []
    throw error
  }
}

async function appliedByName(
  reads: Reads,
  members: readonly Wanted[],
  manager: string,
  signal: AbortSignal,
): Promise<readonly Wanted[]> {
  const applied = await Promise.all(
    members.map(async (one) => {
      const { apiVersion, kind, metadata } = one.object
      const live = await reads.get({ apiVersion, kind, ...metadata }, signal)
      return live !== undefined && isApplied(one.asSent, live, manager)
    }),
  )
  return members.filter((_, at) => applied[at])
}

async function appliedByList(reads: Reads, members: readonly Wanted[], manager: string): Promise<readonly Wanted[]> {
  const [first] = members
  if (first === undefined) return []
  const { apiVersion, kind, metadata } = first.object
  const byKey = new Map(members.map((one) => [keyOf(one.object), one] as const))
  const { items } = await reads.list(
    {
      apiVersion,
      kind,
      keepManagedFields: true,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    },
    (live) => {
      const key = keyOf(live)
      const one = byKey.get(key)
      return one !== undefined && isApplied(one.asSent, live, manager) ? key : undefined
    },
  )
  const applied = new Set(items)
  return members.filter(({ object }) => applied.has(keyOf(object)))
}
