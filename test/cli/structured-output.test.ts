import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { formatStructured } from '../../src/cli/structured-output.ts'

test('YAML has its fields in the order of JSON, and both say first what they are', () => {
  const value = { zone: 'no', apiVersion: 'v1', items: [{ b: 1, a: [] }, [['x'], {}]], kind: 'List', gone: undefined }
  expect(Object.keys(JSON.parse(formatStructured(value, 'json')))).toEqual(['apiVersion', 'kind', 'zone', 'items'])
  expect(formatStructured(value, 'yaml')).toBe(`apiVersion: "v1"
kind: "List"
zone: "no"
items:
  - b: 1
    a: []
  - - - "x"
    - {}
`)
})

test('whatever a value holds, YAML reads back what JSON reads back', () => {
  const texts = [
    '',
    ' lead',
    '\n',
    'a\n\n  b\n',
    '  a\nb',
    'a\r\nb',
    'a\n \n',
    '- x',
    ': #',
    '\u2028',
    'x\u0000\u001b',
    'yes',
  ]
  const long = `${'word '.repeat(40)}\n\n  ${'word '.repeat(40)}\n\t`
  const leaves = [...texts, long, 0, -1.5, true, null, [], {}]
  const named = Object.fromEntries(
    [...texts, long, '__proto__', '1', 'n'.repeat(2000)].map((text) => [text, { [text]: [text, leaves] }]),
  )
  for (const value of [leaves, [leaves, [[leaves]]], { deep: { deeper: leaves } }, named]) {
    expect(parse(formatStructured(value, 'yaml'))).toEqual(JSON.parse(formatStructured(value, 'json')))
  }
})
