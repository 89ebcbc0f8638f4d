import { expect, test } from 'vitest'
import { ageOf, formatAge } from '../../src/cli/age.ts'

const cases = [
  [0, '0s'],
  [-5_000, '0s'],
  [59_999, '59s'],
  [60_000, '1m'],
  [150_000, '2m30s'],
  [601_000, '10m'],
  [3_600_000, '1h'],
  [9 * 3_600_000 + 60_000, '9h1m'],
  [49 * 3_600_000, '2d1h'],
  [30 * 86_400_000, '30d'],
] as const

for (const [ms, expected] of cases) {
  test(`an age of ${ms} ms is ${expected}`, () => expect(formatAge(ms)).toBe(expected))
}

test('the age of something that is no time is unknown', () => {
  expect(ageOf('yesterday', 0)).toBe('unknown')
  expect(ageOf('1970-01-01T00:00:00Z', 5_000)).toBe('5s')
})
