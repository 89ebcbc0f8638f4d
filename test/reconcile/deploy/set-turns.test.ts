import { describe, expect, test } from 'vitest'
import { SetTurns } from '../../../src/reconcile/deploy/set-turns.ts'

describe('turns of one Addon', () => {
  test('ten are free at once, and one a second after them', () => {
    const turns = new SetTurns()
    const waits = Array.from({ length: 13 }, () => turns.take('a', 5_000))
    expect(waits).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1_000, 2_000, 3_000])
  })

  test('come back one a second, and never more than ten', () => {
    const turns = new SetTurns()
    for (let count = 0; count < 10; count++) turns.take('a', 0)
    expect(turns.take('a', 1_000)).toBe(0)
    expect(turns.take('a', 1_000)).toBe(1_000)
    const later = Array.from({ length: 11 }, () => turns.take('a', 3_600_000))
    expect(later).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1_000])
  })

  test('are nothing to other Addons', () => {
    const turns = new SetTurns()
    for (let count = 0; count < 20; count++) turns.take('a', 0)
    expect(turns.take('b', 0)).toBe(0)
  })

  test('of releases that do not wait are refused instead, and refusing costs nothing', () => {
    const turns = new SetTurns()
    const taken = Array.from({ length: 12 }, () => turns.tryTake('a', 0))
    expect(taken.filter(Boolean)).toHaveLength(10)
    expect(turns.tryTake('a', 999)).toBe(false)
    expect(turns.tryTake('a', 1_000)).toBe(true)
  })
})
