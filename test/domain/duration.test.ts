import { expect, test } from 'vitest'
import { parseDurationMs } from '../../src/domain/duration.ts'

test('parseDurationMs adds hours, minutes and seconds', () => {
  expect(parseDurationMs('60s')).toBe(60_000)
  expect(parseDurationMs('1h30m')).toBe(5_400_000)
  expect(parseDurationMs('2h')).toBe(7_200_000)
})

test('parseDurationMs refuses everything else', () => {
  for (const text of ['', '60', 's', '1.5h', '30m1h', '-5s', '1 h', '1d', '9999999s']) {
    expect(parseDurationMs(text), text).toBeUndefined()
  }
})
