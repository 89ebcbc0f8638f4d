import { describe, expect, test } from 'vitest'
import { fairleadKinds } from '../../../src/domain/fairlead-api.ts'
import { asList, asRecord, isRecord, type Json } from '../../../src/domain/plain-json.ts'
import { fairleadCrds } from '../../../src/schema/api/crds.ts'

interface Field {
  readonly path: string
  readonly schema: Json
}

function schemaOf(kind: string): Json {
  const crd = fairleadCrds().find(({ spec }) => asRecord(asRecord(spec)['names'])['kind'] === kind)
  const [version] = asList(asRecord(crd?.['spec'])['versions'])
  return asRecord(asRecord(asRecord(version)['schema'])['openAPIV3Schema'])
}

/** Every field, with `[]` for items of lists and `*` for members with free keys. */
function fieldsOf(schema: Json, path = ''): readonly Field[] {
  const below = Object.entries(asRecord(schema['properties'])).flatMap(([name, at]) =>
    fieldsOf(asRecord(at), path === '' ? name : `${path}.${name}`),
  )
  const items = isRecord(schema['items']) ? fieldsOf(schema['items'], `${path}[]`) : []
  const member = schema['additionalProperties']
  const members = isRecord(member) ? fieldsOf(member, `${path}.*`) : []
  return [{ path, schema }, ...below, ...items, ...members]
}

test('there is a definition of each kind, and all are namespaced', () => {
  const kinds = fairleadCrds().map(({ spec }) => asRecord(asRecord(spec)['names'])['kind'])
  expect(kinds).toEqual(Object.values(fairleadKinds).map(({ kind }) => kind))
  expect(fairleadCrds().map(({ spec }) => asRecord(spec)['scope'])).toEqual(['Namespaced', 'Namespaced', 'Namespaced'])
  expect(fairleadCrds()).toEqual(fairleadCrds())
})

const allFields = Object.values(fairleadKinds).flatMap(({ kind }) =>
  fieldsOf(schemaOf(kind)).map(({ path, schema }) => ({ path: `${kind}.${path}`, schema })),
)

describe('every field', () => {
  test('has a type, or says that anything may stand there', () => {
    const untyped = allFields.filter(
      ({ schema }) =>
        schema['type'] === undefined &&
        schema['x-kubernetes-preserve-unknown-fields'] !== true &&
        schema['x-kubernetes-int-or-string'] !== true,
    )
    expect(untyped.map(({ path }) => path)).toEqual([])
  })

  test('of a name of its own has a description', () => {
    const mute = allFields.filter(
      ({ path, schema }) => !/(\[\]|\.\*|\.metadata)$/.test(path) && typeof schema['description'] !== 'string',
    )
    expect(mute.map(({ path }) => path)).toEqual([])
  })

  test('has no default', () => {
    expect(allFields.filter(({ schema }) => Object.hasOwn(schema, 'default'))).toEqual([])
  })

  test('has a pattern that RE2 knows', () => {
    const patterns = allFields.flatMap(({ schema }) =>
      typeof schema['pattern'] === 'string' ? [schema['pattern']] : [],
    )
    expect(patterns.length).toBeGreaterThan(5)
    expect(patterns.filter((pattern) => /\(\?[=!<]|\\[1-9ku]|\\p/.test(pattern))).toEqual([])
  })
})

test('a spec has one owner: what somebody adds to it is not theirs to keep', () => {
  for (const kind of ['ClusterNetwork', 'NodeProgram']) {
    const spec = asRecord(asRecord(schemaOf(kind)['properties'])['spec'])
    expect(spec['x-kubernetes-map-type']).toBe('atomic')
  }
})

test('only the release of K3s is asked for in the spec of a ClusterNetwork', () => {
  expect(asRecord(asRecord(schemaOf('ClusterNetwork')['properties'])['spec'])['required']).toEqual(['k3sVersion'])
})

test('nothing is asked for in a status: releases differ in what they say', () => {
  for (const kind of ['ClusterNetwork', 'NodeProgram']) {
    expect(asRecord(asRecord(schemaOf(kind)['properties'])['status'])['required']).toBeUndefined()
  }
})
