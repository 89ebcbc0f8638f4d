import { asRecord, type Json, textIn } from '../../domain/plain-json.ts'
import { compareBytes } from './byte-order.ts'
import type { ServedKind } from './cluster-request.ts'
import { type GroupVersionKind, gvkOf, gvkText } from './group-version-kind.ts'
import { markObject } from './object-marks.ts'

/** Objects of one kind and version; none where the kind is only there to be pruned. */
export interface KindGroup {
  readonly gvk: GroupVersionKind
  readonly objects: readonly Json[]
}

/** Kinds as the file first names them, then the kinds to prune by their text. No kind goes before another. */
export function kindGroups(objects: readonly Json[], pruned: readonly GroupVersionKind[]): readonly KindGroup[] {
  const groups = new Map<string, { readonly gvk: GroupVersionKind; readonly objects: Json[] }>()
  for (const object of objects) {
    const gvk = gvkOf(object)
    if (gvk === undefined) continue
    const group = groups.get(gvkText(gvk)) ?? { gvk, objects: [] }
    group.objects.push(object)
    groups.set(gvkText(gvk), group)
  }
  const rest = new Map(pruned.map((gvk) => [gvkText(gvk), { gvk, objects: [] }]))
  return [
    ...groups.values(),
    ...[...rest]
      .filter(([text]) => !groups.has(text))
      .sort(([a], [b]) => compareBytes(a, b))
      .map(([, group]) => group),
  ]
}

/** `namespace/name`, and `/name` for kinds without namespaces. */
export type ObjectName = string

/**
 * The objects as they are to be in the cluster, by name: with marks, in the namespace `default` where they name none, and
 * without one where their kind has none. Of two with the same name the last one counts.
 */
export function desiredObjects(group: KindGroup, served: ServedKind, addon: string): ReadonlyMap<ObjectName, Json> {
  const desired = new Map<ObjectName, Json>()
  for (const object of group.objects) {
    const placed = markObject(inNamespace(object, served.namespaced), addon)
    desired.set(nameOf(placed), placed)
  }
  return new Map([...desired].sort(([a], [b]) => compareBytes(a, b)))
}

export function nameOf(object: Json): ObjectName {
  const { namespace, name } = asRecord(object['metadata'])
  return `${textIn(namespace) ?? ''}/${textIn(name) ?? ''}`
}

/** As the API is asked for it. */
export function splitName(name: ObjectName): { readonly namespace: string; readonly name: string } {
  const slash = name.indexOf('/')
  return { namespace: name.slice(0, slash), name: name.slice(slash + 1) }
}

function inNamespace(object: Json, namespaced: boolean): Json {
  const { namespace, ...metadata } = asRecord(object['metadata'])
  if (!namespaced) return { ...object, metadata }
  return { ...object, metadata: { ...metadata, namespace: textIn(namespace) ?? 'default' } }
}
