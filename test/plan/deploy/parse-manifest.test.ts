import { describe, expect, test } from 'vitest'
import { asRecord } from '../../../src/domain/plain-json.ts'
import { parseManifest } from '../../../src/plan/deploy/parse-manifest.ts'
import { rulesOf } from './releases.ts'

const newest = 'v1.36.3+k3s1'
const before = 'v1.21.14+k3s1'
const map = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`

/** Names of the objects, or the code and line of what is wrong. */
function outcome(content: string | Uint8Array, version: string): unknown {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  const parsed = parseManifest(bytes, 'f.yaml', rulesOf(version))
  if (!parsed.ok) return `${parsed.error.code} ${parsed.error.place.line}`
  return parsed.value.map((object) => asRecord(object['metadata'])['name'] ?? object['kind'])
}

/** @see k3s-packaged-components §2.5 */
const cases: readonly (readonly [string, string | Uint8Array, unknown, unknown?])[] = [
  ['one object', map('a'), ['a']],
  ['nothing', '', []],
  ['only separators', '---\n---\n', []],
  ['separator with blanks and CRLF', `${map('a')}---  \r\n${map('b')}`, ['a', 'b']],
  ['no line feed at the end', map('a').trimEnd(), ['a']],
  ['separator with a comment', `${map('a')}--- # x\n${map('b')}`, ['a', 'b'], ['a']],
  ['separator with text', `${map('a')}---foo\n${map('b')}`, 'SEPARATOR_INVALID 4', 'YAML_SYNTAX 4'],
  ['four dashes', `${map('a')}----\n`, 'SEPARATOR_INVALID 4', 'YAML_SYNTAX 4'],
  ['two separators with comments in a row', `${map('a')}---\n--- # x\n--- # y\n${map('b')}`, 'KIND_MISSING 5'],
  ['null', 'null\n', 'KIND_MISSING 1'],
  ['an empty mapping', `${map('a')}---\n{}\n`, 'KIND_MISSING 5'],
  ['a text', 'hello\n', 'NOT_AN_OBJECT 1'],
  ['a list', '- a\n', 'NOT_AN_OBJECT 1'],
  ['a JSON list', '[1]\n', 'NOT_AN_OBJECT 1'],
  ['what follows "..." is ignored', `${map('a')}...\n{[\n`, ['a']],
  ['no apiVersion', 'kind: ConfigMap\nmetadata: {name: a}\n', ['a']],
  ['apiVersion with two slashes', 'apiVersion: a/b/c\nkind: X\n', 'KIND_MISSING 1'],
  ['no metadata', 'apiVersion: v1\nkind: ConfigMap\n', ['ConfigMap']],
  ['JSON with a comma too much', '{"kind":"A","apiVersion":"v1",}\n', 'JSON_NOT_STRICT 1'],
  ['the same behind a separator is YAML', '---\n{"kind":"A","apiVersion":"v1",}\n', ['A']],
  ['the same behind a comment is YAML', '# x\n{"kind":"A","apiVersion":"v1",}\n', ['A']],
  ['two JSON objects', '{"kind":"A"}{"kind":"B"}\n', 'JSON_NOT_STRICT 1'],
  ['items of a typed list', `apiVersion: v1\nkind: ConfigMapList\nitems: [{metadata: {name: a}}]\n`, ['a']],
  ['items of any object', 'apiVersion: v1\nkind: Thing\nitems: [{metadata: {name: a}}]\n', ['a']],
  [
    'items without a type in a plain List',
    'apiVersion: v1\nkind: List\nitems: [{metadata: {name: a}}]\n',
    'KIND_MISSING 1',
  ],
  ['a List without items', 'apiVersion: v1\nkind: List\n', ['List']],
  ['no items', 'apiVersion: v1\nkind: List\nitems: []\n', []],
  ['items that are no objects', 'apiVersion: v1\nkind: Basket\nitems: [apple]\n', 'ITEMS_NOT_OBJECTS 1'],
  ['a list in a list', 'apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List, items: []}]\n', ['List']],
  ['a directive', `%YAML 1.1\n---\n${map('a')}`, 'KIND_MISSING 1'],
  ['a bad second document', `${map('a')}---\nmetadata: {name: b\n`, 'YAML_SYNTAX 6'],
  ['invalid UTF-8', Uint8Array.of(0x61, 0x3a, 0x20, 0xff, 0x0a), 'NOT_TEXT 1'],
  ['a NUL', 'a: \u0000\n', 'CONTROL_CHARACTER 1'],
  ['a byte order mark', `\uFEFF${map('a')}`, ['a']],
  ['UTF-16, little end first, gets an odd line feed', Buffer.from(`\uFEFF${map('a')}`, 'utf16le'), 'NOT_TEXT 1'],
  ['UTF-16, big end first', Buffer.from(`\uFEFF${map('a')}`, 'utf16le').swap16(), ['a']],
  ['the recorded "binary" file', Uint8Array.of(0xff, 0xfe, 0x00, 0x62, 0x61, 0x64), 'NOT_TEXT 1'],
  ['a whole number beyond doubles, in JSON', '{"kind":"A","n":9007199254740993}', 'NUMBER_TOO_LARGE 1'],
]

describe('manifests are parsed as K3s parses them', () => {
  for (const [name, text, expected, earlier] of cases) {
    test(name, () => {
      expect(outcome(text, newest)).toEqual(expected)
      expect(outcome(text, before)).toEqual(earlier ?? expected)
    })
  }

  test('items take apiVersion and kind from their list only if they have neither', () => {
    const text = 'apiVersion: v1\nkind: ConfigMapList\nitems: [{metadata: {name: a}}, {kind: Secret}]\n'
    const parsed = parseManifest(new TextEncoder().encode(text), 'f.yaml', rulesOf(newest))
    expect(parsed).toEqual({
      ok: true,
      value: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }, { kind: 'Secret' }],
    })
  })
})
