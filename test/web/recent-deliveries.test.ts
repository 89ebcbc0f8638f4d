import { expect, test } from 'vitest'
import { RecentDeliveries } from '../../src/web/recent-deliveries.ts'

const forever = Number.POSITIVE_INFINITY

test('a delivery is new once', () => {
  const recent = new RecentDeliveries(10)
  expect(recent.remember('id 1', 0, forever)).toBe(true)
  expect(recent.remember('id 1', 1e12, forever)).toBe(false)
  expect(recent.remember('id 2', 0, forever)).toBe(true)
})

test('what is known for a while is new after it, and a repetition does not make the while longer', () => {
  const recent = new RecentDeliveries(10)
  expect(recent.remember('body', 0, 100)).toBe(true)
  expect(recent.remember('body', 99, 100)).toBe(false)
  expect(recent.remember('body', 100, 100)).toBe(true)
  expect(recent.remember('body', 199, 100)).toBe(false)
})

test('a clock that is set back does not keep a name known', () => {
  const recent = new RecentDeliveries(10)
  recent.remember('body', 10_000, 100)
  expect(recent.remember('body', 0, 100)).toBe(true)
})

test('only the last ones are remembered', () => {
  const recent = new RecentDeliveries(2)
  for (const name of ['a', 'b', 'c']) recent.remember(name, 0, forever)
  expect(recent.remember('c', 0, forever)).toBe(false)
  expect(recent.remember('a', 0, forever)).toBe(true)
})
