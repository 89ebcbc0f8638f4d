import { closestWord } from '../text/suggest.ts'
import type { DocumentKind } from './documents.ts'
import { type JsonSchema, jsonSchema } from './json-schema.ts'

/** What there is to know about one field, without a document at hand. */
export interface Explanation {
  readonly kind: DocumentKind
  /** `spec.cni.flannel.backend`; empty for the document itself. */
  readonly path: string
  /** For people: `text`, `list of objects`. */
  readonly type: string
  readonly description: string
  readonly isRequired: boolean
  /** As it would be written; absent where there is none. */
  readonly default?: string
  readonly allowed: readonly string[]
  readonly fields: readonly FieldSummary[]
}

export interface FieldSummary {
  readonly name: string
  readonly type: string
  readonly description: string
  readonly isRequired: boolean
}

/** No such field; the paths that may have been meant, complete. */
export interface UnknownPath {
  readonly suggestions: readonly string[]
}

const kinds: readonly DocumentKind[] = ['ClusterNetwork', 'NodeNetwork']

/**
 * @param path `cni.flannel.backend`, `spec.cni.flannel.backend`, `NodeNetwork.spec.firewall.input`, or a kind alone;
 *   indices (`pools[0].name`) may be left out
 */
export function explain(path: string): Explanation | UnknownPath {
  const segments = path
    .slice(0, 1000)
    .replace(/\[\d*\]/g, '')
    .split('.')
    .filter((segment) => segment !== '')
  const kind = kinds.find((known) => known.toLowerCase() === segments[0]?.toLowerCase())
  const rest = kind === undefined ? segments : segments.slice(1)
  const candidates = (kind === undefined ? kinds : [kind]).flatMap((candidate) => [
    { kind: candidate, segments: rest },
    { kind: candidate, segments: ['spec', ...rest] },
  ])
  const walks = candidates.map((candidate) => walk(candidate.kind, candidate.segments))
  const found = walks.find((one) => one.missing === undefined)
  if (found !== undefined) return explanationOf(found)
  return { suggestions: suggestionsFrom(walks) }
}

interface Walk {
  readonly kind: DocumentKind
  readonly taken: readonly string[]
  readonly schema: JsonSchema
  readonly isRequired: boolean
  /** The first segment that leads nowhere, and what follows it. */
  readonly missing?: readonly string[]
}

function walk(kind: DocumentKind, segments: readonly string[]): Walk {
  let schema = jsonSchema(kind)
  let isRequired = true
  for (const [index, segment] of segments.entries()) {
    const parent = schema.items ?? schema
    const child = fieldOf(parent, segment)
    const taken = segments.slice(0, index)
    if (child === undefined) return { kind, taken, schema, isRequired, missing: segments.slice(index) }
    isRequired = parent.required?.includes(segment) === true
    schema = child
  }
  return { kind, taken: segments, schema, isRequired }
}

function fieldOf(parent: JsonSchema, name: string): JsonSchema | undefined {
  const { properties } = parent
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined
}

function explanationOf({ kind, taken, schema, isRequired }: Walk): Explanation {
  const value = writtenDefault(schema)
  const inner = schema.items ?? schema
  return {
    kind,
    path: taken.join('.'),
    type: typeText(schema),
    description: schema.description ?? '',
    isRequired,
    ...(value === undefined ? {} : { default: value }),
    allowed: allowedValues(inner),
    fields: fieldsOf(inner),
  }
}

function fieldsOf(schema: JsonSchema): readonly FieldSummary[] {
  return Object.entries(schema.properties ?? {}).map(([name, field]) => ({
    name,
    type: typeText(field),
    description: field.description ?? '',
    isRequired: schema.required?.includes(name) === true,
  }))
}

export function typeText(schema: JsonSchema, isMany = false): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map((one) => typeText(one, isMany)).join(' or ')
  if (schema.type === 'array') return `list of ${typeText(schema.items ?? {}, true)}`
  if (typeof schema.additionalProperties === 'object') {
    return `map of names to ${typeText(schema.additionalProperties, true)}`
  }
  const name = typeNames[schema.type ?? ''] ?? 'any value'
  return isMany && schema.type !== 'boolean' ? `${name}s` : name
}

const typeNames: Readonly<Record<string, string>> = {
  object: 'object',
  string: 'text',
  integer: 'whole number',
  boolean: 'true or false',
}

/** A default that says something: `{}` only says that the fields inside have theirs. */
export function writtenDefault(schema: JsonSchema): string | undefined {
  const value = schema.default
  if (value === undefined) return undefined
  if (Array.isArray(value)) return `[${value.map(String).join(', ')}]`
  return typeof value === 'object' ? undefined : `${value}`
}

export function allowedValues(schema: JsonSchema): readonly string[] {
  return schema.const === undefined ? (schema.enum ?? []).map(String) : [String(schema.const)]
}

function suggestionsFrom(walks: readonly Walk[]): string[] {
  const deepest = Math.max(...walks.map((one) => one.taken.length))
  const near = walks.flatMap(({ kind, taken, schema, missing }) => {
    const names = Object.keys((schema.items ?? schema).properties ?? {})
    const meant = closestWord(missing?.[0] ?? '', names)
    return meant === undefined ? [] : [{ depth: taken.length, path: [kind, ...taken, meant].join('.') }]
  })
  const best = near.filter(({ depth }) => depth === deepest)
  return [...new Set((best.length > 0 ? best : near).map(({ path }) => path))]
}
