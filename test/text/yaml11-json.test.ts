import { describe, expect, test } from 'vitest'
import { readYaml11Json } from '../../src/text/yaml11-json.ts'

const origin = { file: 'a.yaml', line: 10 }

describe('scalars have the types of YAML 1.1', () => {
  for (const [text, value] of [
    ['010', 8],
    ['0x10', 16],
    ['yes', true],
    ['off', false],
    ['~', null],
    ['', null],
    ['1_000', 1000],
    ['1e3', 1000],
    ['10:30', '10:30'],
    ['2001-01-01', '2001-01-01'],
    ['"yes"', 'yes'],
    ["' padded '", ' padded '],
    ['!!str 1', '1'],
    ['!!float 1', 1],
    ['!!binary aGVsbG8=', 'hello'],
    ['9007199254740991', 9007199254740991],
  ] as const) {
    test(text === '' ? 'an empty value' : text, () => {
      expect(readYaml11Json(`k: ${text}\n`, origin)).toEqual({ ok: true, value: { k: value } })
    })
  }
})

describe('mappings', () => {
  for (const [name, text, value] of [
    ['keys become text', '1: a\ntrue: b\n', { '1': 'a', true: 'b' }],
    ['the last of two equal keys counts', 'a: 1\na: 2\n', { a: 2 }],
    [
      'what stands after a merge wins',
      'x: &x {a: 1, b: 1}\nz:\n  <<: *x\n  a: 2\n',
      { x: { a: 1, b: 1 }, z: { a: 2, b: 1 } },
    ],
    ['the first of several merged mappings wins', 'z:\n  <<: [{a: 1}, {a: 2, b: 2}]\n', { z: { a: 1, b: 2 } }],
    ['a quoted merge key is a key', '"<<": {a: 1}\n', { '<<': { a: 1 } }],
    ['anchors are followed', 'a: &a [1]\nb: *a\n', { a: [1], b: [1] }],
    ['__proto__ is a key like any other', '__proto__: {a: 1}\nb: 2\n', JSON.parse('{"__proto__":{"a":1},"b":2}')],
    ['block texts keep their lines', 'a: |\n  one\n  two\n', { a: 'one\ntwo\n' }],
  ] as const) {
    test(name, () => {
      expect(readYaml11Json(text, origin)).toEqual({ ok: true, value })
    })
  }

  test('__proto__ stays an own key', () => {
    const read = readYaml11Json('__proto__: {a: 1}\n', origin)
    expect(read.ok && Object.keys(read.value as object)).toEqual(['__proto__'])
  })
})

test('only the first document counts, whatever follows it', () => {
  expect(readYaml11Json('a: 1\n...\nb: [\n', origin)).toEqual({ ok: true, value: { a: 1 } })
})

test('a text of comments is null', () => {
  expect(readYaml11Json('# nothing\n', origin)).toEqual({ ok: true, value: null })
})

describe('what cannot be JSON is refused at its line, which is never shown', () => {
  for (const [code, text, line] of [
    ['YAML_SYNTAX', 'a: 1\nb: [1\n', 12],
    ['YAML_SYNTAX', 'a:\n\tb: 1\n', 11],
    ['ALIAS_UNKNOWN', 'a: 1\nb: *x\n', 11],
    ['ALIAS_CYCLE', 'a: &a [*a]\n', 10],
    ['MERGE_KEY_WRONG', '<<: 1\n', 10],
    ['KEY_NOT_TEXT', '[1]: a\n', 10],
    ['NUMBER_NOT_FINITE', 'a: .inf\n', 10],
    ['NUMBER_TOO_LARGE', 'a: 9007199254740993\n', 10],
    ['CONTROL_CHARACTER', 'a: \u0000\n', 10],
    ['TOO_COMPLEX', `${'['.repeat(200)}`, 10],
  ] as const) {
    test(`${code} in ${JSON.stringify(text.slice(0, 20))}`, () => {
      const read = readYaml11Json(text, origin)
      expect(read).toMatchObject({ ok: false, error: { code, severity: 'error', place: { file: 'a.yaml', line } } })
      expect(JSON.stringify(read)).not.toContain('sourceLine')
    })
  }

  test('ALIAS_EXPANSION where a few lines stand for millions of values', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let level = 1; level < 8; level++) {
      lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`)
    }
    expect(readYaml11Json(lines.join('\n'), origin)).toMatchObject({ ok: false, error: { code: 'ALIAS_EXPANSION' } })
  })
})
