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
  expect(referencePage('ClusterNetwork')).toContain('| `spec.rollout.windows` † |')
  expect(referencePage('NodeNetwork')).not.toContain('†')
  expect(referencePage('ClusterNetwork')).toContain('| `spec.drift.drops` | text | `Allow` |')
})

test('no switch repeats what its component is, and what stands above it says so', () => {
  const components = Object.entries(
    jsonSchema('ClusterNetwork').properties?.['spec']?.properties?.['components']?.properties ?? {},
  )
  const switches = components.flatMap(([name, { description = '', properties }]) => {
    const text = properties?.['enabled']?.description
    return text === undefined ? [] : [{ name, description, text }]
  })
  expect(switches.map(({ name }) => name)).toContain('kubeProxy')
  for (const { description, text } of switches) {
    expect(text).toMatch(/^Whether K3s (deploys|runs) it\. false /)
    expect(text).not.toContain(description)
  }
})

test.each([
  ['ClusterNetwork', 'k3sFlags.servers', /the other one on agents/],
  ['ClusterNetwork', 'k3sFlags', /nodes, servers, spec\.nodes \(addresses\), k3sFlags and fields of a NodeNetwork/],
  ['NodeNetwork', 'nodeIP', /win over those of spec\.nodes/],
  ['NodeNetwork', 'nodeName', /where it is not the host name/],
  ['NodeNetwork', 'k3sFlags', /a list whole/],
] as const)('%s spec.%s says which of two wins', (kind, path, order) => {
  const field = path
    .split('.')
    .reduce<JsonSchema | undefined>((schema, name) => schema?.properties?.[name], jsonSchema(kind).properties?.['spec'])
  expect(field?.description).toMatch(order)
})

function fieldsBelow(schema: JsonSchema, path: string): [string, JsonSchema][] {
  const inner = schema.items ?? schema
  const inside = schema.items === undefined ? path : `${path}[]`
  return Object.entries(inner.properties ?? {}).flatMap(([name, field]) => {
    const below = inside === '' ? name : `${inside}.${name}`
    return [[below, field] as [string, JsonSchema], ...fieldsBelow(field, below)]
  })
}
