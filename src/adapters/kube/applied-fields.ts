import { isDeepStrictEqual } from 'node:util'
import type { KubernetesObject } from '../../domain/facts.ts'
import { asList, asRecord, isRecord, type Json } from '../../domain/plain-json.ts'
import type { LiveObject } from '../../ports/kube-objects-port.ts'

/**
 * Whether a server-side apply of `desired` would change nothing: the fields that `manager` applied are exactly those of
 * `desired`, and each has the value it is to have. In doubt it is not, which costs one request. What the server wrote in
 * other words (`1000m` as `1`) is such a doubt.
 *
 * @param live with its `managedFields`
 * @see sigs.k8s.io/structured-merge-diff fieldpath/serialize-pe.go: `f:` a field, `k:` an item by its keys, `v:` an item
 *   of a set by its value, `.` the thing itself, `{}` all of it
 */
export function isApplied(desired: KubernetesObject, live: LiveObject, manager: string): boolean {
  const entries = asList(asRecord(live.metadata)['managedFields']).map(asRecord)
  const applied = entries.filter((entry) => entry['manager'] === manager && entry['operation'] === 'Apply')
  const [entry] = applied
  if (applied.length !== 1 || entry === undefined) return false
  if (entry['apiVersion'] !== desired.apiVersion || (entry['subresource'] ?? '') !== '') return false
  return holds(asRecord(entry['fieldsV1']), withoutIdentity(desired), live)
}

/** Names and kinds are nobody's field. */
function withoutIdentity({ apiVersion: _apiVersion, kind: _kind, metadata, ...rest }: KubernetesObject): Json {
  const { name: _name, namespace: _namespace, ...fields } = metadata
  return Object.keys(fields).length === 0 ? rest : { ...rest, metadata: fields }
}

function holds(fields: Json, desired: unknown, live: unknown): boolean {
  const parts = Object.entries(fields).filter(([key]) => key !== '.')
  // Owned as a whole, or as far as it is empty.
  if (parts.length === 0) return isDeepStrictEqual(desired, live)
  if (isRecord(desired) && isRecord(live)) {
    return (
      parts.length === Object.keys(desired).length &&
      parts.every(([key, below]) => {
        const name = key.slice(2)
        return (
          key.startsWith('f:') &&
          Object.hasOwn(desired, name) &&
          Object.hasOwn(live, name) &&
          holds(asRecord(below), desired[name], live[name])
        )
      })
    )
  }
  if (Array.isArray(desired) && Array.isArray(live)) {
    return parts.length === desired.length && parts.every(([key, below]) => itemHolds(key, below, desired, live))
  }
  return false
}

function itemHolds(key: string, below: unknown, desired: readonly unknown[], live: readonly unknown[]): boolean {
  const wanted = parsed(key.slice(2))
  if (key.startsWith('v:')) {
    const is = (item: unknown): boolean => isDeepStrictEqual(item, wanted)
    return desired.some(is) && live.some(is)
  }
  if (!key.startsWith('k:') || !isRecord(wanted)) return false
  const has = (item: unknown): boolean =>
    isRecord(item) && Object.entries(wanted).every(([name, value]) => isDeepStrictEqual(item[name], value))
  const [ours, theirs] = [desired.find(has), live.find(has)]
  return ours !== undefined && theirs !== undefined && holds(asRecord(below), ours, theirs)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
