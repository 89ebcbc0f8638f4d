import { isMap, isScalar, type Pair, type YAMLMap } from 'yaml'
import { setContainerEnv } from './container-env-patch.ts'
import { type JsonStep, type JsonValue, setInJson } from './json-patch.ts'
import { afterLine, applyEdit, indentAt, type TextEdit } from './text-edits.ts'
import { fieldOf, rangeOf, readNodes } from './yaml-nodes.ts'

/** One value to be set in a manifest that somebody else wrote. */
export type ManifestPatch = {
  readonly object: { readonly kind: string; readonly name: string }
  /** Not being there is no problem. */
  readonly isOptional?: boolean
} & (
  | { readonly kind: 'data'; readonly key: string; readonly value: string }
  /** Inside the JSON that a key of `data` holds; `undefined` takes the field away. */
  | {
      readonly kind: 'json'
      readonly key: string
      readonly path: readonly JsonStep[]
      readonly value: JsonValue | undefined
    }
  | {
      readonly kind: 'env'
      readonly list: 'containers' | 'initContainers'
      readonly container: string
      readonly name: string
      readonly value: string
    }
)

/**
 * A manifest with values set and everything else, comments too, as it was written. Patching the outcome again changes
 * nothing.
 * @returns the text, and the patches whose place was not found
 */
export function patchManifest(
  text: string,
  patches: readonly ManifestPatch[],
): { readonly text: string; readonly missing: readonly ManifestPatch[] } {
  const documents = splitDocuments(text)
  const missing: ManifestPatch[] = []
  for (const patch of patches) {
    let found = false
    for (const [index, document] of documents.entries()) {
      const patched = patchDocument(document, patch)
      if (patched === undefined) continue
      documents[index] = patched
      found = true
    }
    if (!found && patch.isOptional !== true) missing.push(patch)
  }
  return { text: documents.join(''), missing }
}

/** `ConfigMap calico-config, data.cni_network_config`: the place of a patch, for people. */
export function printPatchPlace(patch: ManifestPatch): string {
  const object = `${patch.object.kind} ${patch.object.name}`
  if (patch.kind === 'env') return `${object}, the environment of container ${patch.container}`
  if (patch.kind === 'data') return `${object}, data`
  return `${object}, the JSON in data[${JSON.stringify(patch.key)}]`
}

/** The documents of a text with the separators before them; joined they are the text. */
function splitDocuments(text: string): string[] {
  return text.split(/^(?=---(?:\s|$))/m)
}

/** Undefined where the document is another object, or does not have the place. */
function patchDocument(text: string, patch: ManifestPatch): string | undefined {
  // Definitions of resources are long, and reading them only to see that they are something else takes its time.
  if (!text.includes(patch.object.name) || !text.includes(patch.object.kind)) return undefined
  const contents = readNodes(text)?.contents
  if (!isMap(contents)) return undefined
  const [kind, name]: unknown[] = [contents.get('kind'), contents.getIn(['metadata', 'name'])]
  if (kind !== patch.object.kind || name !== patch.object.name) return undefined
  if (patch.kind === 'env') return setContainerEnv(text, contents, patch)
  const data = contents.get('data', true)
  if (!isMap(data) || data.flow === true) return undefined
  return patch.kind === 'data' ? setData(text, data, patch.key, patch.value) : setDataJson(text, data, patch)
}

function setData(text: string, data: YAMLMap, key: string, value: string): string | undefined {
  const pair = fieldOf(data, key)
  if (pair !== undefined) {
    if (isScalar(pair.value) && pair.value.value === value) return text
    const edit = scalarReplacement(text, pair, value)
    return edit === undefined ? undefined : applyEdit(text, edit)
  }
  const last = data.items.at(-1)
  const [start, end] = [rangeOf(last?.key)?.start, rangeOf(last?.value)?.end]
  if (start === undefined || end === undefined) return undefined
  const at = afterLine(text, end)
  const line = `${indentAt(text, start)}${key}: ${JSON.stringify(value)}\n`
  return applyEdit(text, { start: at, end: at, text: text[at - 1] === '\n' ? line : `\n${line}` })
}

function setDataJson(
  text: string,
  data: YAMLMap,
  { key, path, value }: Extract<ManifestPatch, { readonly kind: 'json' }>,
): string | undefined {
  const node = fieldOf(data, key)?.value
  const range = rangeOf(node)
  if (!isScalar(node) || typeof node.value !== 'string' || range === undefined) return undefined
  if (node.type === 'BLOCK_LITERAL') {
    // The indentation of the block means nothing to JSON: its lines are patched where they stand.
    const start = text.indexOf('\n', range.start) + 1
    const json = setInJson(text.slice(start, range.end), path, value)
    return json === undefined ? undefined : applyEdit(text, { start, end: range.end, text: json })
  }
  const json = setInJson(node.value, path, value)
  if (json === undefined) return undefined
  return json === node.value ? text : applyEdit(text, { ...range, text: JSON.stringify(json) })
}

function scalarReplacement(text: string, pair: Pair, value: string): TextEdit | undefined {
  const range = rangeOf(pair.value)
  if (range === undefined) return undefined
  const { start } = range
  const end = start + text.slice(start, range.end).trimEnd().length
  // A key without a value ends at its colon.
  return { start, end, text: `${text[start - 1] === ':' ? ' ' : ''}${JSON.stringify(value)}` }
}
