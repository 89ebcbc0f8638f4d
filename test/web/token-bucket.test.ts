import { expect, test } from 'vitest'
import { callerKey, RateLimiter } from '../../src/web/token-bucket.ts'

test('a burst is let through, then as many as time gives back', () => {
  const limiter = new RateLimiter({ burst: 3, perSecond: 2 })
  expect([0, 0, 0, 0].map((at) => limiter.take('a', at))).toEqual([true, true, true, false])
  expect(limiter.take('a', 499)).toBe(false)
  expect(limiter.take('a', 500)).toBe(true)
  expect(limiter.take('a', 501)).toBe(false)
})

test('callers do not take from each other', () => {
  const limiter = new RateLimiter({ burst: 1, perSecond: 1 })
  expect(limiter.take('a', 0)).toBe(true)
  expect(limiter.take('b', 0)).toBe(true)
  expect(limiter.take('a', 0)).toBe(false)
})

test('the wait is in whole seconds, and 0 while there is a token', () => {
  const limiter = new RateLimiter({ burst: 1, perSecond: 0.1 })
  expect(limiter.waitSeconds('a', 0)).toBe(0)
  limiter.take('a', 0)
  expect(limiter.waitSeconds('a', 0)).toBe(10)
  expect(limiter.waitSeconds('a', 9_500)).toBe(1)
  expect(limiter.waitSeconds('a', 10_000)).toBe(0)
})

test('idle time gives no more than the burst, and a clock that goes back gives nothing', () => {
  const limiter = new RateLimiter({ burst: 2, perSecond: 10 })
  expect([1e9, 1e9, 1e9].map((at) => limiter.take('a', at))).toEqual([true, true, false])
  expect(limiter.take('a', 0)).toBe(false)
})

test('the caller not seen for longest is forgotten first', () => {
  const limiter = new RateLimiter({ burst: 1, perSecond: 0.001 })
  for (let n = 0; n < 4096; n += 1) limiter.take(`caller ${n}`, 0)
  limiter.waitSeconds('caller 0', 0)
  limiter.take('one more', 0)
  expect(limiter.waitSeconds('caller 0', 0)).toBeGreaterThan(0)
  expect(limiter.waitSeconds('caller 1', 0)).toBe(0)
})

test.each([
  ['192.168.1.7', '192.168.1.7'],
  ['::ffff:192.168.1.7', '192.168.1.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::9', '2001:db8:1:2'],
  ['2001:db8::9', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
])('%s counts as %s', (address, key) => expect(callerKey(address)).toBe(key))
