import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inlineJson, type JsonStep, type JsonValue, setInJson } from '../../src/text/json-patch.ts'

interface Case {
  readonly name: string
  readonly text: string
  readonly path: readonly JsonStep[]
  readonly value: JsonValue | undefined
  readonly expected: string | undefined
}

const cases: readonly Case[] = [
  { name: 'a field is replaced', text: '{"a": 1, "b": 2}', path: ['a'], value: 'x', expected: '{"a": "x", "b": 2}' },
  {
    name: 'a field that says the same keeps its form',
    text: '{"a": {"b":true}}',
    path: ['a'],
    value: { b: true },
    expected: '{"a": {"b":true}}',
  },
  { name: 'a number is not the text', text: '{"a": 1}', path: ['a'], value: '1', expected: '{"a": "1"}' },
  {
    name: 'a field is added below the last, where it stands on its own line',
    text: '{\n    "a": 1\n}\n',
    path: ['b'],
    value: 2,
    expected: '{\n    "a": 1,\n    "b": 2\n}\n',
  },
  {
    name: 'a field is added on the line',
    text: '{"a": [1, 2]}',
    path: ['b'],
    value: 2,
    expected: '{"a": [1, 2], "b": 2}',
  },
  { name: 'an empty object takes one', text: '{"a": {}}', path: ['a', 'b'], value: 1, expected: '{"a": { "b": 1 }}' },
  {
    name: 'objects on the way are made',
    text: '{"a": 1}',
    path: ['b', 'c'],
    value: true,
    expected: '{"a": 1, "b": { "c": true }}',
  },
  {
    name: 'an item of a list is found by a field, between placeholders',
    text: '{"mtu": __CNI_MTU__, "plugins": [{"type": "portmap"}, {"type": "calico", "mtu": __CNI_MTU__}]}',
    path: ['plugins', { field: 'type', is: 'calico' }, 'log'],
    value: 'info',
    expected:
      '{"mtu": __CNI_MTU__, "plugins": [{"type": "portmap"}, {"type": "calico", "mtu": __CNI_MTU__, "log": "info"}]}',
  },
  {
    name: 'a first field is taken away',
    text: '{"a": 1, "b": 2}',
    path: ['a'],
    value: undefined,
    expected: '{"b": 2}',
  },
  { name: 'a last field is taken away', text: '{"a": 1, "b": 2}', path: ['b'], value: undefined, expected: '{"a": 1}' },
  { name: 'an only field is taken away', text: '{"a": 1}', path: ['a'], value: undefined, expected: '{}' },
  { name: 'what is not there needs no removal', text: '{"a": 1}', path: ['b'], value: undefined, expected: '{"a": 1}' },
  {
    name: 'an item that is not there cannot be made up',
    text: '{"plugins": [{"type": "portmap"}]}',
    path: ['plugins', { field: 'type', is: 'calico' }, 'a'],
    value: 1,
    expected: undefined,
  },
  {
    name: 'neither can a list',
    text: '{"a": 1}',
    path: ['plugins', { field: 'type', is: 'calico' }, 'a'],
    value: 1,
    expected: undefined,
  },
  { name: 'text is no object', text: '{"a": "x"}', path: ['a', 'b'], value: 1, expected: undefined },
  { name: 'a brace that is missing', text: '{"a": 1', path: ['a'], value: 2, expected: undefined },
  { name: 'no text at all', text: '', path: ['a'], value: 2, expected: undefined },
  { name: 'YAML without braces', text: 'a: 1\n', path: ['a'], value: 2, expected: undefined },
  {
    name: 'nesting that no parser survives',
    text: `{"a": ${'['.repeat(20_000)}`,
    path: ['a'],
    value: 2,
    expected: undefined,
  },
]

describe('a value in JSON', () => {
  for (const { name, text, path, value, expected } of cases) {
    test(name, () => expect(setInJson(text, path, value)).toBe(expected))
  }
})

const jsonObjects = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }))

test('a field that is set is what a reader finds, beside everything that was there', () => {
  fc.assert(
    fc.property(jsonObjects, fc.string({ maxLength: 8 }), fc.integer(), fc.nat(4), (object, key, value, indent) => {
      fc.pre(key !== '__proto__' && !Object.hasOwn(object, '__proto__'))
      const patched = setInJson(JSON.stringify(object, null, indent), [key], value)
      expect(JSON.parse(patched ?? 'null')).toEqual(JSON.parse(JSON.stringify({ ...object, [key]: value })))
      expect(setInJson(patched ?? '', [key], value)).toBe(patched)
    }),
  )
})

test('a field that is taken away is gone, and nothing else', () => {
  fc.assert(
    fc.property(jsonObjects, fc.nat(4), fc.nat(20), (object, indent, choice) => {
      fc.pre(!Object.hasOwn(object, '__proto__'))
      const keys = Object.keys(object)
      const key = keys[choice % Math.max(keys.length, 1)] ?? 'absent'
      const { [key]: _gone, ...rest } = object
      const patched = setInJson(JSON.stringify(object, null, indent), [key], undefined)
      expect(JSON.parse(patched ?? 'null')).toEqual(JSON.parse(JSON.stringify(rest)))
    }),
  )
})

test('inline JSON is JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.parse(JSON.stringify(value)) as JsonValue
      expect(JSON.parse(inlineJson(json))).toEqual(json)
    }),
  )
})
