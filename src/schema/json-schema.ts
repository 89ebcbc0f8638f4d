import * as z from 'zod'
import { clusterNetworkSchema } from './cluster-network.ts'
import type { DocumentKind } from './documents.ts'
import { nodeNetworkSchema } from './node-network.ts'

/** The part of JSON Schema that ours uses. */
export interface JsonSchema {
  readonly type?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly enum?: readonly (string | number | boolean | null)[]
  readonly const?: string | number | boolean
  readonly default?: string | number | boolean | object
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
}

const schemas = { ClusterNetwork: clusterNetworkSchema, NodeNetwork: nodeNetworkSchema } as const
const emitted = new Map<DocumentKind, JsonSchema>()

/** JSON Schema (draft 7) of what people write: fields with a default may be left out. */
export function jsonSchema(kind: DocumentKind): JsonSchema {
  const known = emitted.get(kind)
  if (known !== undefined) return known
  const schema = z.toJSONSchema(schemas[kind], { target: 'draft-7', io: 'input' }) as JsonSchema
  emitted.set(kind, schema)
  return schema
}

/**
 * For editors, which see one file at a time: whatever a base may supply is not asked for. Items of lists are asked for in
 * full, because lists are never merged.
 */
export function editorSchema(kind: DocumentKind): JsonSchema {
  const schema = jsonSchema(kind)
  const { spec } = schema.properties ?? {}
  if (kind === 'NodeNetwork' || spec === undefined) return schema
  const { required: _required, ...openSpec } = spec
  return { ...schema, required: ['apiVersion', 'kind'], properties: { ...schema.properties, spec: openSpec } }
}

/** The schema of the field at a path: names of fields, and any number or `[]` for an item of a list. */
export function schemaAt(root: JsonSchema, path: readonly (string | number)[]): JsonSchema | undefined {
  let schema: JsonSchema | undefined = root
  for (const segment of path) schema = schema === undefined ? undefined : childOf(schema, segment)
  return schema
}

function childOf(schema: JsonSchema, segment: string | number): JsonSchema | undefined {
  if (schema.items !== undefined) return typeof segment === 'number' || segment === '[]' ? schema.items : undefined
  const { properties, additionalProperties } = schema
  if (properties !== undefined && Object.hasOwn(properties, segment)) return properties[segment]
  return typeof additionalProperties === 'object' ? additionalProperties : undefined
}
