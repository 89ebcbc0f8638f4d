import { afterAll, beforeAll, expect } from 'vitest'
import { asList, asRecord, isRecord, type Json, textIn } from '../../src/domain/plain-json.ts'
import { type MergeShape, mergeShape } from '../../src/plan/deploy/merge-shapes.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'

let server: TestApiServer | undefined

beforeAll(async () => {
  if (hasApiServer) server = await startApiServer()
})
afterAll(() => server?.stop())

/** Path → what a strategic merge patch does there: `merge by name`, `retain keys`. */
type Strategies = ReadonlyMap<string, string>

clusterTest(
  'lists and unions of the built-in kinds are patched as the server says in its OpenAPI document',
  async () => {
    const definitions = asRecord((await server?.writer.get('/openapi/v2'))?.['definitions'])
    let compared = 0
    for (const definition of Object.values(definitions).map(asRecord)) {
      for (const { group, version, kind } of asList(definition['x-kubernetes-group-version-kind']).map(asRecord)) {
        const gvk = { group: textIn(group) ?? '', version: String(version), kind: String(kind) }
        const shape = mergeShape(gvk)
        // A subresource of Pods, and what nobody can write.
        if (shape === undefined || ['ComponentStatus', 'EphemeralContainers'].includes(gvk.kind)) continue
        const theirs = servedStrategies(definition, definitions)
        const ours = new Map([...shapeStrategies(shape)].filter(([path]) => isServed(path, definition, definitions)))
        expect([gvk, Object.fromEntries(ours)]).toEqual([gvk, Object.fromEntries(theirs)])
        compared += theirs.size
      }
    }
    expect(compared).toBeGreaterThan(100)
  },
)

function servedStrategies(definition: Json, definitions: Json, path = ''): Strategies {
  const found = new Map<string, string>()
  for (const [name, property] of Object.entries(asRecord(definition['properties']))) {
    // No manifest sets it, and managed fields are the server's own.
    if (name === 'status') continue
    const field = asRecord(property)
    const here = `${path}.${name}`
    const strategy = textIn(field['x-kubernetes-patch-strategy'])?.split(',') ?? []
    const key = textIn(field['x-kubernetes-patch-merge-key'])
    if (field['type'] === 'array' && strategy.includes('merge')) found.set(here, `merge by ${key ?? 'value'}`)
    if (strategy.includes('retainKeys')) found.set(`${here}!`, 'retain keys')
    const below = referenced(field, definitions)
    if (below !== undefined && path.split('.').length < 16) {
      for (const [inner, value] of servedStrategies(below, definitions, here)) {
        // What is inside a list that is replaced as a whole is never merged.
        if (field['type'] !== 'array' || strategy.includes('merge')) found.set(inner, value)
      }
    }
  }
  return found
}

function shapeStrategies({ fields }: MergeShape, path = ''): Strategies {
  const found = new Map<string, string>()
  for (const [name, field] of Object.entries(fields ?? {})) {
    const here = `${path}.${name}`
    if (field.mergeKey !== undefined) found.set(here, `merge by ${field.mergeKey === '' ? 'value' : field.mergeKey}`)
    if (field.retainKeys === true) found.set(`${here}!`, 'retain keys')
    for (const [inner, value] of shapeStrategies(field, here)) found.set(inner, value)
  }
  return found
}

/** Whether this server has the field: later releases have more. */
function isServed(path: string, definition: Json, definitions: Json): boolean {
  let at: Json | undefined = definition
  for (const name of path.replace('!', '').split('.').slice(1)) {
    const property: unknown = asRecord(at?.['properties'])[name]
    if (!isRecord(property)) return false
    at = referenced(property, definitions)
  }
  return true
}

function referenced(field: Json, definitions: Json): Json | undefined {
  const reference = textIn(field['$ref']) ?? textIn(asRecord(field['items'])['$ref'])
  return reference === undefined ? undefined : asRecord(definitions[reference.replace('#/definitions/', '')])
}

saySkipped()
