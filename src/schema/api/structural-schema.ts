/**
 * A schema as a CustomResourceDefinition takes it (structural). Defaults are left out: what is filled in is filled in by
 * Fairlead, in one place, and not a second time by whichever release of a definition the server happens to hold.
 * @see kubernetes/apiextensions-apiserver pkg/apiserver/schema/structural.go, validation.go
 */
export interface StructuralSchema {
  readonly type?: string
  readonly format?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, StructuralSchema>>
  readonly required?: readonly string[]
  /** Of every member of an object whose keys are free. */
  readonly additionalProperties?: StructuralSchema
  readonly items?: StructuralSchema
  readonly enum?: readonly unknown[]
  /** RE2: no lookaround, no backreferences. */
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly 'x-kubernetes-preserve-unknown-fields'?: true
  readonly 'x-kubernetes-int-or-string'?: true
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'map'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular'
}

/** JSON Schema (draft 7) as zod writes it. */
export type WrittenSchema = Readonly<Record<string, unknown>>

/** Taken over word for word. */
const kept = [
  'type',
  'format',
  'description',
  'required',
  'enum',
  'pattern',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
] as const

/** Known, and said in another way or not at all: the server has no word for the form of keys. */
const translated = [
  '$schema',
  'default',
  'propertyNames',
  'properties',
  'additionalProperties',
  'items',
  'const',
  'anyOf',
]

const anything: StructuralSchema = { 'x-kubernetes-preserve-unknown-fields': true }

/**
 * @throws Error for a keyword that nobody thought of: what a schema says must not be lost in silence
 */
export function structuralSchema(written: WrittenSchema): StructuralSchema {
  const unknown = Object.keys(written).find((key) => !isKept(key) && !translated.includes(key))
  if (unknown !== undefined) throw new Error(`no structural form of the keyword ${unknown} is known`)
  const words = Object.fromEntries(Object.entries(written).filter(([key]) => isKept(key))) as StructuralSchema
  const { anyOf } = written
  if (Array.isArray(anyOf)) return { ...words, ...oneOfMany(anyOf as readonly WrittenSchema[]) }
  if (written['const'] !== undefined) return { ...words, enum: [written['const']] }
  switch (written['type']) {
    case 'object':
      return { ...words, ...membersOf(written) }
    case 'array':
      return { ...listWords(words), items: structuralSchema(written['items'] as WrittenSchema) }
    case undefined:
      return { ...words, ...anything }
    default:
      return words
  }
}

function membersOf(written: WrittenSchema): StructuralSchema {
  const properties = written['properties'] as Readonly<Record<string, WrittenSchema>> | undefined
  if (properties !== undefined) {
    return {
      properties: Object.fromEntries(Object.entries(properties).map(([key, at]) => [key, structuralSchema(at)])),
    }
  }
  const member = written['additionalProperties'] as WrittenSchema | undefined
  const isFree = member === undefined || Object.keys(member).length === 0
  return isFree ? anything : { additionalProperties: structuralSchema(member) }
}

/** Lists are replaced as a whole, here as in the repository. */
function listWords(words: StructuralSchema): StructuralSchema {
  return { 'x-kubernetes-list-type': 'atomic', ...words }
}

/** Alternatives have no type of their own in a structural schema: what they have in common is said, or nothing. */
function oneOfMany(alternatives: readonly WrittenSchema[]): StructuralSchema {
  const flat = alternatives.flatMap(flattened)
  const types = new Set(flat.map((alternative) => alternative['type']))
  const values = flat.map((alternative) => alternative['const'])
  const [type] = types
  if (types.size === 1 && typeof type === 'string' && !values.includes(undefined)) return { type, enum: values }
  const isIntOrString = types.size === 2 && types.has('integer') && types.has('string')
  return isIntOrString ? { 'x-kubernetes-int-or-string': true } : anything
}

function flattened(written: WrittenSchema): readonly WrittenSchema[] {
  return Array.isArray(written['anyOf']) ? (written['anyOf'] as readonly WrittenSchema[]).flatMap(flattened) : [written]
}

function isKept(key: string): boolean {
  return kept.some((word) => word === key)
}
