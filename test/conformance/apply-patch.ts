import { asRecord, isRecord, type Json } from '../../src/domain/plain-json.ts'
import type { MergeShape } from '../../src/plan/deploy/merge-shapes.ts'

/** What an API server makes of an object and a patch: strategic with the shape of the kind, JSON merge with `{}`. */
export function applyPatch(object: Json, patch: Json, shape: MergeShape): Json {
  const result = new Map(Object.entries(object))
  for (const [key, change] of Object.entries(patch)) {
    if (key.startsWith('$')) continue
    const before = result.get(key)
    const field = shape.fields?.[key] ?? {}
    if (change === null) result.delete(key)
    else if (Array.isArray(change) && field.mergeKey !== undefined) {
      result.set(key, mergeLists(Array.isArray(before) ? before : [], change, field))
    } else if (isRecord(change)) result.set(key, applyPatch(isRecord(before) ? before : {}, change, field))
    else result.set(key, change)
  }
  for (const [key, order] of Object.entries(patch)) {
    const [directive, name = ''] = key.split('/')
    const list = result.get(name)
    if (!Array.isArray(list) || !Array.isArray(order)) continue
    if (directive === '$deleteFromPrimitiveList')
      result.set(
        name,
        list.filter((item) => !order.includes(item)),
      )
    if (directive === '$setElementOrder') result.set(name, inOrder(list, order, shape.fields?.[name]?.mergeKey ?? ''))
  }
  const retained = patch['$retainKeys']
  if (!Array.isArray(retained)) return Object.fromEntries(result)
  return Object.fromEntries([...result].filter(([key]) => retained.includes(key)))
}

function mergeLists(live: readonly unknown[], changes: readonly unknown[], shape: MergeShape): readonly unknown[] {
  if (changes.some((change) => asRecord(change)['$patch'] === 'replace')) {
    return changes.filter((change) => asRecord(change)['$patch'] === undefined)
  }
  const mergeKey = shape.mergeKey ?? ''
  if (mergeKey === '') return [...live, ...changes.filter((item) => !live.includes(item))]
  const items = new Map(live.map((item) => [asRecord(item)[mergeKey], asRecord(item)]))
  for (const change of changes.map(asRecord)) {
    const id = change[mergeKey]
    if (change['$patch'] === 'delete') items.delete(id)
    else items.set(id, applyPatch(items.get(id) ?? {}, change, shape))
  }
  return [...items.values()]
}

function inOrder(list: readonly unknown[], order: readonly unknown[], mergeKey: string): readonly unknown[] {
  const idOf = (item: unknown): unknown => (mergeKey === '' ? item : asRecord(item)[mergeKey])
  const ids = order.map(idOf)
  const listed = list.filter((item) => ids.includes(idOf(item)))
  const others = list.filter((item) => !ids.includes(idOf(item)))
  return [...listed.sort((a, b) => ids.indexOf(idOf(a)) - ids.indexOf(idOf(b))), ...others]
}
