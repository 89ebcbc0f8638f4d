import { asRecord, isRecord, type Json } from '../../domain/plain-json.ts'
import type { MergeShape } from './merge-shapes.ts'
import { sameJson } from './same-json.ts'

export interface ThreeLists {
  readonly original: readonly unknown[]
  readonly desired: readonly unknown[]
  readonly live: readonly unknown[]
}

type PatchItem = (
  objects: { readonly original: Json; readonly desired: Json; readonly live: Json },
  shape: MergeShape,
) => Json | undefined

/**
 * The fields that a strategic merge patch has for one merged list: changed and new items, items to delete, and the
 * order. Empty where the list needs no change.
 *
 * Where two items share a key (a Service with one port for TCP and UDP), or an item has none, the list is replaced as a
 * whole: merging would mix the two up.
 */
export function mergeListPatch(
  key: string,
  lists: ThreeLists,
  shape: MergeShape,
  patchItem: PatchItem,
): ReadonlyMap<string, unknown> {
  const mergeKey = shape.mergeKey ?? ''
  if (mergeKey === '') return setPatch(key, lists)
  const [original, desired, live] = [lists.original, lists.desired, lists.live].map((list) => byKey(list, mergeKey))
  if (desired === undefined || live === undefined) return replaced(key, lists, shape, patchItem)
  const items: Json[] = []
  for (const [id, wanted] of desired) {
    const there = live.get(id)
    if (there === undefined) {
      items.push(wanted)
      continue
    }
    const patch = patchItem({ original: original?.get(id) ?? {}, desired: wanted, live: there }, shape)
    if (patch !== undefined) items.push({ ...patch, [mergeKey]: wanted[mergeKey] })
  }
  for (const [id, gone] of original ?? []) {
    if (!desired.has(id) && live.has(id)) items.push({ $patch: 'delete', [mergeKey]: gone[mergeKey] })
  }
  const order = [...desired.values()].map((item) => ({ [mergeKey]: item[mergeKey] }))
  if (items.length === 0 && sameOrder([...desired.keys()], [...live.keys()])) return new Map()
  return new Map<string, unknown>([
    [`$setElementOrder/${key}`, order],
    ...(items.length > 0 ? [[key, items] as const] : []),
  ])
}

/** A list of scalars that several may add to: finalizers. */
function setPatch(key: string, { original, desired, live }: ThreeLists): ReadonlyMap<string, unknown> {
  const added = desired.filter((item) => !live.includes(item))
  const removed = original.filter((item) => !desired.includes(item) && live.includes(item))
  return new Map<string, unknown>([
    ...(added.length > 0 ? [[key, added] as const, [`$setElementOrder/${key}`, desired] as const] : []),
    ...(removed.length > 0 ? [[`$deleteFromPrimitiveList/${key}`, removed] as const] : []),
  ])
}

/** Item by item in their order, which is all there is to tell them apart: what the server filled in is no difference. */
function replaced(
  key: string,
  { original, desired, live }: ThreeLists,
  shape: MergeShape,
  patchItem: PatchItem,
): ReadonlyMap<string, unknown> {
  const isSame = (wanted: unknown, index: number): boolean => {
    const there = live[index]
    if (!isRecord(wanted) || !isRecord(there)) return sameJson(wanted, there)
    return patchItem({ original: asRecord(original[index]), desired: wanted, live: there }, shape) === undefined
  }
  if (desired.length === live.length && desired.every(isSame)) return new Map()
  return new Map([[key, [...desired, { $patch: 'replace' }]]])
}

/** Undefined where the key does not tell the items apart. */
function byKey(list: readonly unknown[], mergeKey: string): ReadonlyMap<string, Json> | undefined {
  const items = new Map<string, Json>()
  for (const item of list) {
    const id = isRecord(item) ? item[mergeKey] : undefined
    if (!isRecord(item) || (typeof id !== 'string' && typeof id !== 'number') || items.has(String(id))) return undefined
    items.set(String(id), item)
  }
  return items
}

/** Whether the items that both have stand in the same order. */
function sameOrder(wanted: readonly string[], live: readonly string[]): boolean {
  const shared = live.filter((id) => wanted.includes(id))
  const expected = wanted.filter((id) => live.includes(id))
  return shared.every((id, index) => id === expected[index])
}
