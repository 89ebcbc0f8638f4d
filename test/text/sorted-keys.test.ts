import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sortedKeys } from '../../src/text/sorted-keys.ts'

test('keys are in order at every depth, what is undefined is left out, and lists keep theirs', () => {
  expect(JSON.stringify(sortedKeys({ b: [{ d: 1, c: 2 }, 0], a: { z: undefined, y: null } }))).toBe(
    '{"a":{"y":null},"b":[{"c":2,"d":1},0]}',
  )
})

test('a law: the value stays the same, whatever order its keys came in', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(JSON.stringify(sortedKeys(value)))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})
