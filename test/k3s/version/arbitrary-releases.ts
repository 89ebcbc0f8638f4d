import fc from 'fast-check'
import type { K3sVersion } from '../../../src/k3s/version/k3s-version.ts'
import { release } from './release.ts'

/** Releases of 1.15 to 1.40, with candidates and rebuilds. */
export const arbitraryRelease: fc.Arbitrary<K3sVersion> = fc
  .record({
    minor: fc.integer({ min: 15, max: 40 }),
    patch: fc.integer({ min: 0, max: 20 }),
    candidate: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    build: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ minor, patch, candidate, build }) =>
    release(`v1.${minor}.${patch}${candidate === undefined ? '' : `-rc${candidate}`}+k3s${build}`),
  )

/** Two releases of one branch, the older one first. */
export const arbitraryUpgrade: fc.Arbitrary<readonly [older: K3sVersion, newer: K3sVersion]> = fc
  .tuple(
    fc.integer({ min: 15, max: 40 }),
    fc.integer({ min: 0, max: 18 }),
    fc.integer({ min: 0, max: 8 }),
    fc.integer({ min: 1, max: 2 }),
  )
  .map(([minor, patch, step, build]) => [
    release(`v1.${minor}.${patch}+k3s${build}`),
    release(`v1.${minor}.${patch + step}+k3s${build + (step === 0 ? 1 : 0)}`),
  ])
