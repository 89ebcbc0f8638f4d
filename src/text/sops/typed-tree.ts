import { type Document, isAlias, isMap, isScalar, isSeq, type Pair, parseAllDocuments, type Scalar } from 'yaml'
import { hasErrors, type Place, type Problem } from '../../domain/problem.ts'
import { manifestBytes } from '../manifest-objects.ts'
import { sourceLines } from '../source-lines.ts'
import { documentOptions, readYaml, type YamlOptions } from '../yaml-source.ts'
import { resolvePlain } from '../yaml11-scalars.ts'
import { printGoFloat } from './go-float.ts'
import type { TypedScalar } from './typed-scalar.ts'

export type TypedTree =
  | TypedScalar
  | { readonly kind: 'null' }
  | { readonly kind: 'list'; readonly items: readonly TypedTree[] }
  | TypedMap

export interface TypedMap {
  readonly kind: 'map'
  /** In the order of the text, each key once. */
  readonly entries: readonly TypedEntry[]
}

export interface TypedEntry {
  readonly key: string
  readonly value: TypedTree
}

export interface TypedFile {
  /** Documents that say nothing are left out. */
  readonly documents: readonly TypedMap[]
  /** Errors only; with any, there are no documents. None of them shows a line of the text. */
  readonly problems: readonly Problem[]
  readonly locate: (offset: number) => Place
}

/**
 * A YAML or JSON file as the tree that SOPS works on, with scalars typed as its YAML reader types them, and without
 * comments. What SOPS never writes (aliases, tags, keys that are no text) is refused.
 * @see getsops/sops stores/yaml/store.go, stores/json/store.go; go-yaml/yaml v3 resolve.go
 */
export function readTypedFile(file: string, text: string): TypedFile {
  const lines = sourceLines(file, text.replace(/^\uFEFF/, ''), { hideLines: true })
  const locate = (offset: number): Place => lines.locate(offset).place
  const problems = readYaml(file, text, treeOptions).problems.filter((problem) => problem.severity === 'error')
  if (hasErrors(problems)) return { documents: [], problems, locate }
  const isJson = /^\s*\{/.test(text)
  const refused: Problem[] = []
  const refuse = (offset: number, what: string): void => {
    refused.push({ ...unreadable, place: locate(offset), what })
  }
  const documents = parse(text).flatMap((document): TypedMap[] => {
    const tree = treeOf(document.contents, isJson, refuse)
    if (tree.kind === 'map') return [tree]
    if (tree.kind !== 'null') refuse(startOf(document.contents), 'a document is no mapping')
    return []
  })
  return refused.length > 0 ? { documents: [], problems: refused, locate } : { documents, problems: [], locate }
}

/** The value of a key; undefined where the map does not have it. */
export function valueAt(map: TypedTree | undefined, key: string): TypedTree | undefined {
  return map?.kind === 'map' ? map.entries.find((entry) => entry.key === key)?.value : undefined
}

const treeOptions: YamlOptions = {
  ...documentOptions,
  maxBytes: manifestBytes,
  maxDocuments: 100,
  maxTokens: 350_000,
  refuseAmbiguous: false,
  hideLines: true,
}

const unreadable = {
  code: 'SOPS_UNREADABLE',
  severity: 'error',
  why: 'SOPS writes files without it, and would not decrypt this one',
  fix: 'edit the file with sops only: sops edit, or sops decrypt, change and sops encrypt',
} as const

function parse(text: string): readonly Document[] {
  const documents = parseAllDocuments(text.replace(/^\uFEFF/, ''), { uniqueKeys: false, merge: false })
  return Array.isArray(documents) ? documents : []
}

type Refuse = (offset: number, what: string) => void

function treeOf(node: unknown, isJson: boolean, refuse: Refuse): TypedTree {
  if (isAlias(node)) {
    refuse(startOf(node), 'the file holds an alias')
    return { kind: 'null' }
  }
  if (isSeq(node)) return { kind: 'list', items: node.items.map((item) => treeOf(item, isJson, refuse)) }
  if (isMap(node)) return { kind: 'map', entries: node.items.flatMap((pair) => entryOf(pair, isJson, refuse)) }
  return isScalar(node) ? scalarOf(node, isJson, refuse) : { kind: 'null' }
}

function entryOf(pair: Pair, isJson: boolean, refuse: Refuse): TypedEntry[] {
  const key = treeOf(pair.key, isJson, refuse)
  if (key.kind !== 'scalar' || key.type !== 'string' || key.text === '<<') {
    refuse(startOf(pair.key), 'a key is no text')
    return []
  }
  return [{ key: key.text, value: treeOf(pair.value, isJson, refuse) }]
}

function scalarOf(node: Scalar, isJson: boolean, refuse: Refuse): TypedTree {
  const offset = startOf(node)
  const source = node.source ?? ''
  if (node.tag !== undefined && node.tag !== 'tag:yaml.org,2002:str') refuse(offset, 'a value carries a tag')
  if (node.tag !== undefined || node.type !== 'PLAIN') return { kind: 'scalar', type: 'string', text: source, offset }
  const { type, text } = resolvePlain(source)
  switch (type) {
    case 'null':
      return { kind: 'null' }
    case 'boolean':
      // `yes` and `on` are text to this reader, unlike to that of K3s.
      if (!/^(true|false)$/i.test(source)) break
      return { kind: 'scalar', type, text: text === 'true' ? 'True' : 'False', offset }
    case 'integer':
      // Every number of JSON is a float to Go.
      return { kind: 'scalar', type, text: isJson ? printGoFloat(Number(source)) : text, offset }
    case 'float': {
      const value = Number(source.replaceAll('_', ''))
      if (!Number.isFinite(value)) refuse(offset, 'a number is not finite')
      return { kind: 'scalar', type, text: printGoFloat(value), offset }
    }
    case 'timestamp':
      return { kind: 'scalar', type, text: printGoTime(source), offset }
    case 'string':
      break
    default:
      return type satisfies never
  }
  return { kind: 'scalar', type: 'string', text: source, offset }
}

/** A date as go-yaml reads it, printed by `time.Time.MarshalText`. */
function printGoTime(source: string): string {
  const match = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt]| )(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?(.*))?$/.exec(
    source,
  )
  if (match === null) return source
  const [, year = '', month = '', day = '', hours = '', minutes = '', seconds = '', digits = '', zone = ''] = match
  const two = (part: string): string => part.padStart(2, '0')
  const fraction = digits.slice(0, 9).replace(/0+$/, '')
  const time = `${two(hours)}:${two(minutes)}:${two(seconds)}${fraction === '' ? '' : `.${fraction}`}`
  return `${year}-${two(month)}-${two(day)}T${time}${zone === '' || /^[+-]00:00$/.test(zone) ? 'Z' : zone}`
}

function startOf(node: unknown): number {
  return isAlias(node) || isScalar(node) || isMap(node) || isSeq(node) ? (node.range?.[0] ?? 0) : 0
}
