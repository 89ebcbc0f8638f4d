import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gapsOf } from './sequence-gaps.ts'

const packet = (sequence: number): { sequence: number; sentAtMs: number } => ({ sequence, sentAtMs: sequence * 10 })

describe('gaps of a stream', () => {
  const cases = [
    { name: 'nothing is missing', arrived: [0, 1, 2], sent: 3, gaps: [] },
    { name: 'order does not matter', arrived: [2, 0, 1], sent: 3, gaps: [] },
    { name: 'one in the middle', arrived: [0, 2], sent: 3, gaps: [{ first: 1, count: 1, outageMs: 20 }] },
    { name: 'the first ones', arrived: [2], sent: 3, gaps: [{ first: 0, count: 2, outageMs: 20 }] },
    { name: 'the last ones', arrived: [0], sent: 3, gaps: [{ first: 1, count: 2, outageMs: 20 }] },
    { name: 'all of them', arrived: [], sent: 3, gaps: [{ first: 0, count: 3, outageMs: 20 }] },
  ]
  for (const { name, arrived, sent, gaps } of cases) {
    test(name, () => expect(gapsOf(arrived.map(packet), sent, (sent - 1) * 10).gaps).toEqual(gaps))
  }

  test('what was lost and what arrived once are all that was sent', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.array(fc.nat(59), { maxLength: 100 }), (sent, numbers) => {
        const arrived = numbers.filter((number) => number < sent)
        const { lost, duplicates } = gapsOf(arrived.map(packet), sent, sent * 10)
        expect(lost + new Set(arrived).size).toBe(sent)
        expect(duplicates).toBe(arrived.length - new Set(arrived).size)
      }),
    )
  })
})
