import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packedLimits } from '../../src/domain/packed-program.ts'
import { cutText, groupItems } from '../../src/render/program-chunks.ts'

const units = fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 })

test('a text that was cut is the same text, in whole characters and as few pieces as there can be', () => {
  fc.assert(
    fc.property(units, fc.nat({ max: 150_000 }), fc.nat({ max: 3 }), (parts, count, shift) => {
      const text = 'x'.repeat(shift) + parts.join('').repeat(Math.ceil(count / parts.length))
      const cuts = cutText(text)
      const sizeBytes = Buffer.byteLength(text)
      expect(cuts.join('') === text).toBe(true)
      expect(cuts.every((cut) => cut.isWellFormed())).toBe(true)
      // A cut that would end inside a character ends before it.
      expect(cuts.length).toBeLessThanOrEqual(Math.ceil(sizeBytes / (packedLimits.content - 3)))
      expect(cuts.every((cut) => Buffer.byteLength(cut) <= packedLimits.content)).toBe(true)
    }),
    { numRuns: 25 },
  )
})

/** Texts of JSON that differ, as many as fill several groups. */
const items = fc
  .tuple(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 10, max: 20_000 }), fc.nat({ max: 1_500_000 }))
  .map(([seed, size, total]) =>
    Array.from({ length: Math.ceil(total / size) }, (_, index) => `"${seed}-${index}-${'x'.repeat(size)}"`),
  )

test('groups are the list when they stand one after the other, and none is longer than a content', () => {
  fc.assert(
    fc.property(items, (list) => {
      const groups = groupItems(list)
      expect(groups.join('') === list.join(',')).toBe(true)
      expect(groups.every((group) => Buffer.byteLength(group) <= packedLimits.content)).toBe(true)
    }),
    { numRuns: 25 },
  )
})

test('groups are no smaller than is worth an object, but for the last', () => {
  const list = Array.from({ length: 20_000 }, (_, index) => `{"rule":${index}}`)
  const sizes = groupItems(list).map((group) => Buffer.byteLength(group))
  expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThanOrEqual(32 * 1024)
})

test('one item more, less or other changes three groups at most of a long list of short items', () => {
  const list = Array.from({ length: 12_000 }, (_, index) => `{"rule":"${index * 7919}-${'x'.repeat(100)}"}`)
  const before = new Set(groupItems(list))
  expect(before.size).toBeGreaterThan(12)
  for (const at of [0, 77, 11_999]) {
    const changes = [
      list.toSpliced(at, 0, '{"rule":"new"}'),
      list.toSpliced(at, 1),
      list.toSpliced(at, 1, '{"rule":"new"}'),
    ]
    for (const changed of changes) {
      expect(groupItems(changed).filter((group) => !before.has(group)).length).toBeLessThanOrEqual(3)
    }
  }
})

test('nothing is no group, and an empty text no piece', () => {
  expect(groupItems([])).toEqual([])
  expect(cutText('')).toEqual([])
})
