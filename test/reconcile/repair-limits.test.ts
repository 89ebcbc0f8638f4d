import { expect, test } from 'vitest'
import { RepairLimits } from '../../src/reconcile/repair-limits.ts'

const path = '/x.yaml'

function fight(limits: RepairLimits, repairs: number, startMs: number): number {
  let nowMs = startMs
  for (let count = 0; count < repairs; count += 1) {
    nowMs += limits.waitFor(path, nowMs) + 10
    limits.repaired(path, nowMs, 'process 7 (vim)')
  }
  return nowMs
}

test('a repair now and then never waits', () => {
  const limits = new RepairLimits()
  for (let count = 0; count < 100; count += 1) {
    limits.repaired(path, count * 1_200, 'uid 0 (root)')
    expect(limits.waitFor(path, count * 1_200)).toBe(0)
  }
  expect(limits.contested(120_000)).toEqual([])
})

test('the tenth repair within ten seconds is a fight, and names the other writer', () => {
  const limits = new RepairLimits()
  const nowMs = fight(limits, 10, 0)
  expect(limits.waitFor(path, nowMs)).toBe(1_000)
  expect(limits.contested(nowMs)).toEqual([{ path, writer: 'process 7 (vim)' }])
})

test('the wait doubles to thirty seconds and no further, so that a repair always comes', () => {
  const limits = new RepairLimits()
  const waits: number[] = []
  let nowMs = fight(limits, 10, 0)
  for (let count = 0; count < 8; count += 1) {
    waits.push(limits.waitFor(path, nowMs))
    nowMs = fight(limits, 1, nowMs)
  }
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
})

test('once the other writer has been quiet for a window the fight is over', () => {
  const limits = new RepairLimits()
  const nowMs = fight(limits, 10, 0)
  expect(limits.contested(nowMs + 11_001)).toEqual([])
  limits.repaired(path, nowMs + 20_000, 'uid 0 (root)')
  expect(limits.waitFor(path, nowMs + 20_000)).toBe(0)
})
