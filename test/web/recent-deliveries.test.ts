import { expect, test } from 'vitest'
import { RecentDeliveries } from '../../src/web/recent-deliveries.ts'

test('a delivery is new once, by any of its names', () => {
  const recent = new RecentDeliveries(10)
  expect(recent.remember(['signature 1', 'id 1'])).toBe(true)
  expect(recent.remember(['signature 2', 'id 1'])).toBe(false)
  expect(recent.remember(['signature 1', 'id 3'])).toBe(false)
  expect(recent.remember(['signature 2', 'id 4'])).toBe(false)
  expect(recent.remember(['signature 5', 'id 5'])).toBe(true)
})

test('only the last ones are remembered', () => {
  const recent = new RecentDeliveries(2)
  for (const name of ['a', 'b', 'c']) recent.remember([name])
  expect(recent.remember(['c'])).toBe(false)
  expect(recent.remember(['a'])).toBe(true)
})
