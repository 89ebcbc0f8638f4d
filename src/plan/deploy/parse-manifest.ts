import { isRecord, type Json } from '../../domain/plain-json.ts'
import type { Problem } from '../../domain/problem.ts'
import { type Result, refusal, success } from '../../domain/result.ts'
import { readYaml11Json } from '../../text/yaml11-json.ts'
import type { DeployRules } from './deploy-rules.ts'
import { gvkOf } from './group-version-kind.ts'
import { type ManifestChunk, manifestChunks } from './manifest-chunks.ts'
import { decodeText } from './text-encoding.ts'

/**
 * The objects of a manifest as K3s reads it, all or none. The name of the file plays no role: a chunk that begins with
 * `{` is strict JSON, everything else is YAML.
 *
 * @param file for the places of problems
 * @returns objects with a kind, in the order of the file, lists expanded once; or the first thing that is wrong
 * @see k3s-packaged-components §2.5; kubernetes/apimachinery pkg/apis/meta/v1/unstructured
 */
export function parseManifest(bytes: Uint8Array, file: string, rules: DeployRules): Result<readonly Json[], Problem> {
  const chunks = manifestChunks(bytes, rules)
  if (!chunks.ok) return refusal(problemAt(file, chunks.error.line, badSeparator))
  const objects: Json[] = []
  for (const chunk of chunks.value) {
    const found = objectsOf(chunk, file)
    if (!found.ok) return found
    for (const object of found.value) objects.push(object)
  }
  return success(objects)
}

function objectsOf(chunk: ManifestChunk, file: string): Result<readonly Json[], Problem> {
  const place = { file, line: chunk.line }
  const text = decodeText(chunk.bytes)
  if (text === undefined) return refusal(problemAt(file, chunk.line, notText))
  const isJson = /^\s*\{/.test(text.content) && !text.hasMark
  const read = isJson ? readJson(text.content, place) : readYaml11Json(text.content, place)
  if (!read.ok) return read
  const value = read.value
  if (value !== null && !isRecord(value)) return refusal(problemAt(file, chunk.line, noObject))
  const refuse = (text: ProblemText): Result<never, Problem> => refusal(problemAt(file, chunk.line, text))
  if (value === null) return refuse(noKind)
  const { items } = value
  if (items === undefined) return gvkOf(value) === undefined ? refuse(noKind) : success([value])
  // Whatever it calls itself, an object with items is a list to the reader.
  if (items !== null && !(Array.isArray(items) && items.every(isRecord))) return refuse(itemsWrong)
  if (gvkOf(value) === undefined) return refuse(noKind)
  const typed = (items ?? []).map((item) => typedItem(item, value))
  return typed.some((item) => gvkOf(item) === undefined) ? refuse(noKind) : success(typed)
}

/** Items that say nothing of their type take it from the list. A plain `List` leaves them without a kind. */
function typedItem(item: Json, list: Json): Json {
  if (hasText(item['kind']) || hasText(item['apiVersion'])) return item
  return { ...item, kind: String(list['kind']).replace(/List$/, ''), apiVersion: list['apiVersion'] }
}

function hasText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function readJson(
  text: string,
  { file, line }: { readonly file: string; readonly line: number },
): Result<unknown, Problem> {
  try {
    const value: unknown = JSON.parse(text)
    return holdsUnsafeInteger(value) ? refusal(problemAt(file, line, numberTooLarge)) : success(value)
  } catch {
    return refusal(problemAt(file, line, notJson))
  }
}

function holdsUnsafeInteger(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value)
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsUnsafeInteger)
}

type ProblemText = Pick<Problem, 'code' | 'what' | 'why' | 'fix'>

/** The line itself may hold a secret and is not shown. */
function problemAt(file: string, line: number, text: ProblemText): Problem {
  return { severity: 'error', place: { file, line, column: 1 }, ...text }
}

const why = 'K3s cannot read the file either, and applies nothing of it'

const badSeparator: ProblemText = {
  code: 'SEPARATOR_INVALID',
  what: 'a line begins with "---" and goes on with something else',
  why,
  fix: 'let the line end after "---", or indent the text',
}

const notText: ProblemText = {
  code: 'NOT_TEXT',
  what: 'the file is neither UTF-8 nor well-formed UTF-16 with a byte order mark',
  why,
  fix: 'save it as UTF-8',
}

const noObject: ProblemText = {
  code: 'NOT_AN_OBJECT',
  what: 'the document is a text, a number or a list',
  why,
  fix: 'write one object of Kubernetes, with apiVersion, kind and metadata',
}

const noKind: ProblemText = {
  code: 'KIND_MISSING',
  what: 'the document has no kind, or an apiVersion with more than one slash',
  why,
  fix: 'write apiVersion and kind, or delete the document; two "--- # text" lines in a row make an empty one',
}

const itemsWrong: ProblemText = {
  code: 'ITEMS_NOT_OBJECTS',
  what: 'the top-level field items is not a list of objects',
  why: 'K3s takes every object with that field for a list of objects, and applies nothing of the file',
  fix: 'write objects there, or put such an object into the cluster by other means',
}

const notJson: ProblemText = {
  code: 'JSON_NOT_STRICT',
  what: 'the document begins with "{" and is not one JSON object',
  why: 'K3s reads it as JSON, without comments, trailing commas, unquoted names or a second object behind it',
  fix: 'correct the JSON, or put a line with "---" before it to have it read as YAML',
}

const numberTooLarge: ProblemText = {
  code: 'NUMBER_TOO_LARGE',
  what: 'a whole number is beyond 9007199254740991',
  why: 'it would reach the cluster as its neighbour',
  fix: 'quote it if the field takes text, or write a smaller one',
}
