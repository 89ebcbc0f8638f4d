import { expect, test } from 'vitest'
import { editorSchema, type JsonSchema, jsonSchema, schemaAt } from '../../src/schema/json-schema.ts'
import { referencePage } from '../../src/schema/reference-page.ts'

const kinds = ['ClusterNetwork', 'NodeNetwork'] as const

test('every field has a description that is a sentence', () => {
  const silent = kinds.flatMap((kind) =>
    fieldsBelow(jsonSchema(kind), kind)
      .filter(([, schema]) => !/^\S.*[.:]$|^\S.*"\.$/.test(schema.description ?? ''))
      .map(([path]) => path),
  )
  expect(silent).toEqual([])
})

test('no object takes fields that it does not know', () => {
  const open = kinds.flatMap((kind) =>
    fieldsBelow(jsonSchema(kind), kind)
      .map(([path, schema]) => [path, schema.items ?? schema] as const)
      .filter(([, schema]) => schema.properties !== undefined && schema.additionalProperties !== false)
      .map(([path]) => path),
  )
  expect(open).toEqual([])
})

test('fields with a default may be left out', () => {
  const spec = schemaAt(jsonSchema('ClusterNetwork'), ['spec'])
  expect(spec?.required).toEqual(['k3sVersion'])
  expect(schemaAt(jsonSchema('ClusterNetwork'), ['spec', 'loadBalancer', 'pools', 3])?.required).toEqual([
    'name',
    'nodes',
  ])
})

test('editors do not ask for what a base may supply', () => {
  const schema = editorSchema('ClusterNetwork')
  expect(schema.required).toEqual(['apiVersion', 'kind'])
  expect(schema.properties?.['spec']?.required).toBeUndefined()
  expect(editorSchema('NodeNetwork').required).toContain('spec')
})

test('the reference page has a line for every field, and marks what nothing acts on yet', () => {
  for (const kind of kinds) {
    const page = referencePage(kind)
    for (const [path] of fieldsBelow(jsonSchema(kind), '')) {
      if (path !== 'spec') expect(page).toContain(`| \`${path}\``)
    }
  }
  expect(referencePage('ClusterNetwork')).toContain('| `spec.probes` † |')
  expect(referencePage('ClusterNetwork')).toContain('| `spec.drift.drops` | text | `Allow` |')
})

function fieldsBelow(schema: JsonSchema, path: string): [string, JsonSchema][] {
  const inner = schema.items ?? schema
  const inside = schema.items === undefined ? path : `${path}[]`
  return Object.entries(inner.properties ?? {}).flatMap(([name, field]) => {
    const below = inside === '' ? name : `${inside}.${name}`
    return [[below, field] as [string, JsonSchema], ...fieldsBelow(field, below)]
  })
}
