import { isMap, isSeq, type Pair, type YAMLMap } from 'yaml'
import { applyEdit, beginsLine, indentAt, type TextEdit } from './text-edits.ts'
import { fieldOf, rangeOf, readNodes } from './yaml-nodes.ts'

/** A field, or the item of a list whose field has a value. */
export type JsonStep = string | { readonly field: string; readonly is: string }

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/**
 * JSON with one value set, everything else as it was written; `undefined` takes the field away. Placeholders that stand
 * bare in the text, like `"mtu": __CNI_MTU__`, are no obstacle.
 * @returns undefined where the text cannot be read, or has no such place
 */
export function setInJson(text: string, path: readonly JsonStep[], value: JsonValue | undefined): string | undefined {
  // YAML's braces are a superset of JSON's that takes bare words, and its parser keeps the offsets.
  const edit = editFor(text, readNodes(text)?.contents, path, value)
  if (edit === undefined) return undefined
  return edit === 'unchanged' ? text : applyEdit(text, edit)
}

/** JSON on one line: `{ "allow_ip_forwarding": true }`. */
export function inlineJson(value: JsonValue): string {
  if (isList(value)) return `[${value.map(inlineJson).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${inlineJson(item)}`)
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
}

function editFor(
  text: string,
  node: unknown,
  path: readonly JsonStep[],
  value: JsonValue | undefined,
): TextEdit | 'unchanged' | undefined {
  const [step, ...rest] = path
  if (step === undefined) return undefined
  if (typeof step !== 'string') {
    const item = isSeq(node) ? node.items.find((one) => isMap(one) && one.get(step.field) === step.is) : undefined
    return item === undefined ? undefined : editFor(text, item, rest, value)
  }
  if (!isMap(node) || node.flow !== true) return undefined
  const pair = fieldOf(node, step)
  if (pair !== undefined && rest.length > 0) return editFor(text, pair.value, rest, value)
  if (value === undefined) return pair === undefined ? 'unchanged' : removal(node, pair)
  if (pair !== undefined) return replacement(text, pair, value)
  const created = nested(rest, value)
  return created === undefined ? undefined : insertion(text, node, `${JSON.stringify(step)}: ${inlineJson(created)}`)
}

function replacement(text: string, pair: Pair, value: JsonValue): TextEdit | 'unchanged' | undefined {
  const range = rangeOf(pair.value)
  if (range === undefined) return undefined
  return isSameJson(text.slice(range.start, range.end), value) ? 'unchanged' : { ...range, text: inlineJson(value) }
}

/** What is written keeps its form where it says the same. */
function isSameJson(written: string, value: JsonValue): boolean {
  try {
    return JSON.stringify(JSON.parse(written)) === JSON.stringify(value)
  } catch {
    return false
  }
}

function insertion(text: string, map: YAMLMap, field: string): TextEdit | undefined {
  const last = map.items.at(-1)
  const own = rangeOf(map)
  if (own === undefined) return undefined
  if (last === undefined) return { ...own, text: `{ ${field} }` }
  const [key, value] = [rangeOf(last.key), rangeOf(last.value)]
  if (key === undefined || value === undefined) return undefined
  const separator = beginsLine(text, key.start) ? `,\n${indentAt(text, key.start)}` : ', '
  return { start: value.end, end: value.end, text: `${separator}${field}` }
}

/** A field with the comma behind it; the last one with the comma before it. */
function removal(map: YAMLMap, pair: Pair): TextEdit | undefined {
  const index = map.items.indexOf(pair)
  const [before, after] = [map.items[index - 1], map.items[index + 1]]
  const [key, value] = [rangeOf(pair.key), rangeOf(pair.value)]
  if (key === undefined || value === undefined) return undefined
  const next = rangeOf(after?.key)
  if (next !== undefined) return { start: key.start, end: next.start, text: '' }
  return { start: rangeOf(before?.value)?.end ?? key.start, end: value.end, text: '' }
}

/** What the rest of a path makes of a value where nothing is written yet; a list cannot be made up. */
function nested(path: readonly JsonStep[], value: JsonValue): JsonValue | undefined {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (typeof step !== 'string') return undefined
  const inner = nested(rest, value)
  return inner === undefined ? undefined : { [step]: inner }
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}
