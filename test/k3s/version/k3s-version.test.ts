import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareK3sVersions, parseK3sVersion } from '../../../src/k3s/version/k3s-version.ts'
import { arbitraryRelease } from './arbitrary-releases.ts'
import { release } from './release.ts'

describe('a release', () => {
  test('is read with and without v, candidate and build', () => {
    expect(parseK3sVersion('v1.33.4+k3s2')).toEqual({ text: 'v1.33.4+k3s2', major: 1, minor: 33, patch: 4, build: 2 })
    expect(parseK3sVersion('1.33.4')).toEqual({ text: '1.33.4', major: 1, minor: 33, patch: 4, build: 1 })
    expect(parseK3sVersion('v1.33.4-rc2+k3s1')).toMatchObject({ patch: 4, candidate: 2, build: 1 })
    expect(parseK3sVersion('v1.17.0+k3s.2')).toMatchObject({ minor: 17, patch: 0, build: 2 })
    expect(parseK3sVersion('v0.10.2')).toMatchObject({ major: 0, minor: 10, patch: 2 })
  })

  test.each(['', 'v', '1.33', 'v1.33.4+rke2r1', 'v1.33.4+k3s', ' v1.33.4', 'v1.33.4+k3s1\n', 'latest', '1.2.3.4'])(
    '%j is none',
    (text) => {
      expect(parseK3sVersion(text)).toBeUndefined()
    },
  )

  test('sorts by number, then candidate, then build', () => {
    const sorted = [
      'v0.10.2',
      'v1.0.1',
      'v1.17.4+k3s1',
      'v1.33.3+k3s1',
      'v1.33.4-rc1+k3s1',
      'v1.33.4-rc2+k3s1',
      'v1.33.4+k3s1',
      'v1.33.4+k3s2',
      'v1.33.10+k3s1',
    ]
    const shuffled = sorted.toReversed().map(release)
    expect(shuffled.sort(compareK3sVersions).map((version) => version.text)).toEqual(sorted)
  })
})

describe('the order of releases', () => {
  test('is total: it says the opposite the other way round, and zero for equals only', () => {
    fc.assert(
      fc.property(arbitraryRelease, arbitraryRelease, (a, b) => {
        expect(Math.sign(compareK3sVersions(a, b))).toBe(0 - Math.sign(compareK3sVersions(b, a)))
        expect(compareK3sVersions(a, b) === 0).toBe(a.text === b.text)
      }),
    )
  })

  test('is transitive', () => {
    fc.assert(
      fc.property(fc.tuple(arbitraryRelease, arbitraryRelease, arbitraryRelease), (three) => {
        const [a, b, c] = [...three].sort(compareK3sVersions)
        if (a === undefined || b === undefined || c === undefined) throw new Error('three went in')
        expect(compareK3sVersions(a, b)).toBeLessThanOrEqual(0)
        expect(compareK3sVersions(b, c)).toBeLessThanOrEqual(0)
        expect(compareK3sVersions(a, c)).toBeLessThanOrEqual(0)
      }),
    )
  })
})
