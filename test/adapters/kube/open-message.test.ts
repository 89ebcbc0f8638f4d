import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openMessage } from '../../../src/adapters/kube/open-message.ts'

const mask = '********'

const cases = [
  {
    name: 'files, kinds and objects keep their names',
    given: 'Applying manifest at "/var/lib/a.yaml" failed: no matches for kind "Widget" in version "example.org/v1"',
  },
  { name: 'an object that is not there keeps its name', given: 'namespaces "shop" not found' },
  {
    name: 'a value that the server refused',
    given: 'Secret "db" is invalid: data.key: Invalid value: "aHVudGVyMg": must be short',
    expected: `Secret "db" is invalid: data.key: Invalid value: "${mask}": must be short`,
  },
  {
    name: 'a value without quotes',
    given: 'Invalid value: 1234: too large',
    expected: `Invalid value: ${mask}: too large`,
  },
  {
    name: 'the excerpt of a parser',
    given: 'base64Codec: error found in #10 byte of ...|:"aHVu|..., bigger context ...|{"data":"aHVu"}|...',
    expected: `base64Codec: error found in #10 byte of ${mask}`,
  },
  {
    name: 'what a YAML parser quotes',
    given: 'line 2: cannot unmarshal !!str `hunter2` into string',
    expected: `line 2: cannot unmarshal !!str "${mask}" into string`,
  },
  {
    name: 'a whole document',
    given: 'failed to patch {"a":{"b":"hunter2"}} again',
    expected: `failed to patch {${mask}`,
  },
  { name: 'a document that was cut off', given: 'failed to patch {"a":"hunt', expected: `failed to patch {${mask}` },
  { name: 'a Go map', given: 'got map[password:hunter2]', expected: `got map[${mask}` },
  { name: 'a quote that nobody closes', given: 'parsing "hunter2', expected: `parsing "${mask}"` },
  { name: 'a quote behind at that is no file', given: 'error at "hunter2"', expected: `error at "${mask}"` },
  { name: 'a password beside its name', given: 'dial: password=hunter2', expected: mask },
  { name: 'an address with a password', given: 'get https://u:hunter2@charts.example failed', expected: mask },
] as const

for (const { name, given, ...rest } of cases) {
  test(`a message of a controller: ${name}`, () => {
    expect(openMessage(given)).toBe('expected' in rest ? rest.expected : given)
  })
}

test('a message that is no sentence any more is cut', () => {
  expect(openMessage('word '.repeat(2_000))).toHaveLength(513)
})

test('whatever a value is, it is not in the message', () => {
  const around = fc.constantFrom(
    (value: string) => `a: Invalid value: ${JSON.stringify(value)}: must not be so`,
    (value: string) => `a: Duplicate value: ${JSON.stringify(value)}`,
    (value: string) => `strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`,
    (value: string) => `a: Invalid value: ${JSON.stringify({ any: value })}: must not be so`,
  )
  fc.assert(
    fc.property(around, fc.string(), fc.string(), (print, before, after) => {
      expect(openMessage(print(`${before}hunter2${after}`))).not.toContain('hunter2')
    }),
  )
})
