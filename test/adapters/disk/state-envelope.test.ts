import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stableJson } from '../../../src/adapters/disk/stable-json.ts'
import { isWhole, parseEnvelope, printEnvelope } from '../../../src/adapters/disk/state-envelope.ts'

const value = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 6 })
const awkward = {
  ',\n  "value": ': ',\n  "version": 1\n}\n',
  b: ['\n  ', '\\n  ', '\u2028'],
  a: { version: 2, empty: {}, none: [] },
}

describe('the envelope of a state file', () => {
  test('is what stable JSON makes of digest, value and version', () => {
    const check = (one: object): void => {
      const digest = createHash('sha256').update(stableJson(one)).digest('hex')
      expect(printEnvelope(one)).toBe(stableJson({ digest, value: one, version: 1 }))
    }
    check(awkward)
    fc.assert(fc.property(value, check))
  })

  test('gives back the value, and knows that it is whole', () => {
    const check = (one: object): void => {
      const text = printEnvelope(one)
      const envelope = parseEnvelope(text)
      expect(envelope?.value).toEqual(JSON.parse(JSON.stringify(one)))
      expect(envelope !== undefined && isWhole(text, envelope)).toBe(true)
    }
    check(awkward)
    fc.assert(fc.property(value, check))
  })

  test('is whole in another layout too, as an editor leaves it', () => {
    const text = JSON.stringify(JSON.parse(printEnvelope(awkward)))
    const envelope = parseEnvelope(text)
    expect(envelope !== undefined && isWhole(text, envelope)).toBe(true)
  })

  test.each([
    ['another value', '"8080"', '"8081"'],
    ['a key that is gone', '"port": "8080",\n', ''],
    ['another digest', '"digest": "', '"digest": "0'],
  ])('is not whole with %s', (_, from, to) => {
    const text = printEnvelope({ port: '8080', zone: 'lan' }).replace(from, to)
    const envelope = parseEnvelope(text)
    expect(text).toContain(to)
    expect(envelope === undefined || isWhole(text, envelope)).toBe(false)
  })

  test.each(['', '{', '[]', 'null', '{"digest":"a","version":1}', '{"digest":"a","value":{}}'])(
    'is none in %j',
    (text) => {
      expect(parseEnvelope(text)).toBeUndefined()
    },
  )
})
