import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readValuesText } from '../../src/text/yaml-map-read.ts'

test('a mapping is read, with comments, separators and whatever Helm takes', () => {
  const cases: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ['a: 1\n', { a: 1 }],
    ['---\n# a comment\na: { b: [1, 2] }\n', { a: { b: [1, 2] } }],
    ['a: 1\r\nb: yes\r\n', { a: 1, b: 'yes' }],
    ['a: 1\na: 2\n', { a: 2 }],
    ['x: &x { a: 1 }\ny: { <<: *x, b: 2 }\n', { x: { a: 1 }, y: { a: 1, b: 2 } }],
    ['{"a": "{{ .Release.Name }}"}', { a: '{{ .Release.Name }}' }],
    ['a: |\n  {{ raw }}\n  text\nb: 1\n', { a: '{{ raw }}\ntext\n', b: 1 }],
  ]
  for (const [text, value] of cases)
    expect(readValuesText(text), text).toEqual({ kind: 'map', value, furtherDocuments: 0 })
})

test('nothing is nothing', () => {
  for (const text of ['', '\n\n', '# only a comment\n', '---\n', 'null\n']) {
    expect(readValuesText(text), JSON.stringify(text)).toEqual({ kind: 'empty' })
  }
})

test('documents behind the first are counted, empty ones are not', () => {
  expect(readValuesText('a: 1\n---\nb: 2\n---\n# nothing\n')).toEqual({
    kind: 'map',
    value: { a: 1 },
    furtherDocuments: 1,
  })
})

test('what Helm cannot take is told with its line and without its text', () => {
  const cases: readonly (readonly [string, number])[] = [
    ['- a\n- b\n', 1],
    ['words\n', 1],
    ['a: 1\nb: [\n', 2],
    ['a: 1\nhost: {{ .Values.host }}\n', 2],
    ['a: 1\n{{- if .x }}\nb: 2\n{{- end }}\n', 2],
    ['a:\n  - {{ .x }}\n', 2],
    ['a: 1\n\tb: 2\n', 2],
  ]
  for (const [text, line] of cases) {
    const reading = readValuesText(text)
    expect([reading.kind, reading.kind === 'invalid' ? reading.line : 0], text).toEqual(['invalid', line])
  }
})

test('no text makes it throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) =>
      ['map', 'empty', 'invalid'].includes(readValuesText(text).kind),
    ),
  )
})
