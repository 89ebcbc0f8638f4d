import { expect, test } from 'vitest'
import { isNewerRelease } from '../../src/text/release-order.ts'

test.each([
  ['1.10.0', '1.9.3'],
  ['2.0.0', '1.99.99'],
  ['1.0.0', '1.0.0-rc.2'],
  ['1.0.0-rc.10', '1.0.0-rc.9'],
  ['1.0.0-rc.1', '1.0.0-rc'],
  ['1.0.0-rc', '1.0.0-7'],
  ['v1.0.1', '1.0.0'],
])('%s is newer than %s, and not the other way round', (release, other) => {
  expect([isNewerRelease(release, other), isNewerRelease(other, release)]).toEqual([true, false])
})

test.each([
  ['1.0.0', '1.0.0'],
  ['1.0.0+build.2', '1.0.0+build.1'],
  ['test', '0.1.0'],
  ['0.1.0', 'test'],
  ['', '0.1.0'],
])('%j is not newer than %j', (release, other) => {
  expect(isNewerRelease(release, other)).toBe(false)
})
