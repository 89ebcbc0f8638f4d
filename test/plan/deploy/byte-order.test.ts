import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareBytes } from '../../../src/plan/deploy/byte-order.ts'

test('texts sort as their bytes of UTF-8 do', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
    }),
  )
})

test('what lies beyond 16 bits comes last', () => {
  expect(['\u{1F600}', '\uFF00', 'a'].sort(compareBytes)).toEqual(['a', '\uFF00', '\u{1F600}'])
})
