import { asRecord, isRecord, type Json } from '../../domain/plain-json.ts'
import { mergeListPatch } from './merge-list-patch.ts'
import type { MergeShape } from './merge-shapes.ts'
import { sameJson } from './same-json.ts'

/** What was applied last, what is wanted now, and what is there. */
export interface ThreeWay {
  readonly original: Json
  readonly desired: Json
  readonly live: Json
}

/**
 * The patch that sets every field of the desired object, takes back what the original set and the desired one does not,
 * and leaves alone what others added. `{}` where nothing is to be done: nulls for fields that are gone already, and
 * orders of list items that hold already, are left out.
 *
 * @param shape of the kind for a strategic merge patch; `{}` for a JSON merge patch (RFC 7396)
 * @see kubernetes/apimachinery pkg/util/strategicpatch (`CreateThreeWayMergePatch`), pkg/util/jsonmergepatch
 */
export function threeWayPatch({ original, desired, live }: ThreeWay, shape: MergeShape): Json {
  const patch = new Map<string, unknown>()
  for (const [key, wanted] of Object.entries(desired)) {
    const there = live[key]
    const field = shape.fields?.[key] ?? {}
    if (wanted === null) {
      // Written out as null, a field is to be gone.
      if (there !== undefined && there !== null) patch.set(key, null)
    } else if (there === undefined) patch.set(key, withoutNulls(wanted))
    else if (isRecord(wanted) && isRecord(there)) {
      const below = objectPatch({ original: asRecord(original[key]), desired: wanted, live: there }, field)
      if (below !== undefined) patch.set(key, below)
    } else if (Array.isArray(wanted) && Array.isArray(there) && field.mergeKey !== undefined) {
      const lists = { original: listIn(original[key]), desired: wanted, live: there }
      for (const [name, value] of mergeListPatch(key, lists, field, objectPatch)) patch.set(name, value)
    } else if (!sameJson(wanted, there)) patch.set(key, wanted)
  }
  for (const key of Object.keys(original)) {
    if (!Object.hasOwn(desired, key) && Object.hasOwn(live, key)) patch.set(key, null)
  }
  return Object.fromEntries(patch)
}

/** Undefined where the objects need no change. */
function objectPatch(objects: ThreeWay, shape: MergeShape): Json | undefined {
  const patch = threeWayPatch(objects, shape)
  if (Object.keys(patch).length === 0) return undefined
  return shape.retainKeys === true ? { ...patch, $retainKeys: Object.keys(objects.desired).sort() } : patch
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** In a patch a null deletes; a new object that held one would ask for nothing. */
function withoutNulls(value: unknown): unknown {
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([key, member]) => [key, withoutNulls(member)]),
  )
}
