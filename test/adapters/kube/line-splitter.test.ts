import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lineSplitter } from '../../../src/adapters/kube/line-splitter.ts'

test('wherever a stream is cut, its lines are the same', () => {
  const line = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replaceAll('\n', '').trim())
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(60)), (lines, cuts) => {
      const whole = Buffer.from(lines.map((text) => `${text}\n`).join(''))
      const places = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).toSorted((a, b) => a - b), whole.length]
      const split = lineSplitter(10_000)
      const pieces = places.slice(1).map((to, at) => whole.subarray(places[at], to))
      expect(pieces.flatMap((piece) => split(piece))).toEqual(lines.filter((text) => text !== ''))
    }),
  )
})

test('a line without an end is not kept for ever', () => {
  const split = lineSplitter(10)
  split(Buffer.from('12345'))
  expect(() => split(Buffer.from('678901'))).toThrow()
})
