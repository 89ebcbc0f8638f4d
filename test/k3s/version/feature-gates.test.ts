import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Feature, features, gateOf, supports } from '../../../src/k3s/version/feature-gates.ts'
import { compareK3sVersions, parseK3sVersion } from '../../../src/k3s/version/k3s-version.ts'
import { isKnownMinor, knownMinors } from '../../../src/k3s/version/known-minors.ts'
import { isWithin, printFloors, reaches } from '../../../src/k3s/version/release-floors.ts'
import { arbitraryRelease, arbitraryUpgrade } from './arbitrary-releases.ts'
import { release } from './release.ts'

describe('floors', () => {
  const floors = ['1.24.7', '1.25.3']
  test.each([
    ['v1.24.6+k3s1', false],
    ['v1.24.7-rc1+k3s1', false],
    ['v1.24.7+k3s1', true],
    ['v1.24.8+k3s1', true],
    ['v1.25.2+k3s1', false],
    ['v1.25.3+k3s1', true],
    ['v1.23.17+k3s1', false],
    ['v1.26.0+k3s1', true],
    ['v0.10.2', false],
  ])('of two branches: %s is at or past them: %s', (text, expected) => {
    expect(reaches(floors, release(text))).toBe(expected)
  })

  test('may name a rebuild', () => {
    expect(reaches(['1.35.0+k3s3'], release('v1.35.0+k3s1'))).toBe(false)
    expect(reaches(['1.35.0+k3s3'], release('v1.35.0+k3s3'))).toBe(true)
  })

  test('are printed branch by branch', () => {
    expect(printFloors(floors)).toBe('1.24.7 / 1.25.3')
  })

  test('a range without bounds holds every release', () => {
    fc.assert(fc.property(arbitraryRelease, (version) => isWithin({}, version)))
  })
})

describe('gates at their edges', () => {
  const edges: readonly (readonly [Feature, readonly string[], readonly string[]])[] = [
    ['config-file', ['v1.19.1+k3s1', 'v1.20.0+k3s1'], ['v1.18.20+k3s1', 'v1.0.1', 'v0.10.2']],
    ['drop-in-folder', ['v1.21.0+k3s1', 'v1.37.0+k3s1'], ['v1.20.15+k3s1', 'v1.19.16+k3s1']],
    ['append-keys', ['v1.21.1+k3s1', 'v1.22.0+k3s1'], ['v1.21.0+k3s1', 'v1.20.15+k3s1']],
    [
      'servicelb-in-cloud-controller',
      ['v1.23.13+k3s1', 'v1.24.7+k3s1', 'v1.25.3+k3s1', 'v1.26.0+k3s1'],
      ['v1.22.17+k3s1', 'v1.23.12+k3s1', 'v1.24.6+k3s1', 'v1.25.2+k3s1'],
    ],
    ['servicelb-several-pools', ['v1.37.1+k3s1', 'v1.38.0+k3s1'], ['v1.37.0+k3s1', 'v1.36.4+k3s1', 'v1.33.13+k3s2']],
    [
      'flannel-cni-conf-ignored',
      [
        'v1.32.11+k3s1',
        'v1.32.13+k3s1',
        'v1.33.7+k3s1',
        'v1.33.13+k3s2',
        'v1.34.3+k3s1',
        'v1.34.11+k3s1',
        'v1.35.0+k3s1',
        'v1.36.4+k3s1',
        'v1.37.0+k3s1',
      ],
      [
        'v1.31.14+k3s1',
        'v1.32.10+k3s1',
        'v1.33.6+k3s1',
        'v1.34.2+k3s1',
        'v1.34.12+k3s1',
        'v1.36.5+k3s1',
        'v1.37.1+k3s1',
        'v1.38.0+k3s1',
      ],
    ],
    [
      'none-backend-hang',
      ['v1.26.13+k3s1', 'v1.27.10+k3s1', 'v1.28.6+k3s1', 'v1.29.1+k3s1', 'v1.29.1+k3s2'],
      ['v1.28.5+k3s1', 'v1.28.7+k3s1', 'v1.29.0+k3s1', 'v1.29.2+k3s1', 'v1.30.0+k3s1', 'v1.25.16+k3s1'],
    ],
    [
      'backend-option-syntax',
      ['v1.22.11+k3s1', 'v1.23.8+k3s1', 'v1.24.2+k3s1', 'v1.26.15+k3s1'],
      ['v1.21.14+k3s1', 'v1.22.10+k3s1', 'v1.23.7+k3s1', 'v1.24.1+k3s1', 'v1.27.0+k3s1'],
    ],
    [
      'servicelb-own-namespace',
      ['v1.23.8+k3s1', 'v1.24.2+k3s1', 'v1.25.0+k3s1'],
      ['v1.22.17+k3s1', 'v1.23.7+k3s1', 'v1.24.1+k3s1'],
    ],
    ...(['servicelb-tolerations', 'servicelb-short-names'] as const).map(
      (feature) =>
        [
          feature,
          ['v1.28.13+k3s1', 'v1.29.8+k3s1', 'v1.30.4+k3s1', 'v1.31.0+k3s1'],
          ['v1.27.16+k3s1', 'v1.28.12+k3s1', 'v1.29.7+k3s1', 'v1.30.3+k3s1'],
        ] as const,
    ),
    [
      'servicelb-both-forwarding-sysctls',
      ['v1.29.6+k3s1', 'v1.29.7+k3s1', 'v1.30.2+k3s1', 'v1.30.3+k3s1'],
      ['v1.29.5+k3s1', 'v1.29.8+k3s1', 'v1.30.1+k3s1', 'v1.30.4+k3s1', 'v1.31.0+k3s1'],
    ],
    [
      'flannel-overwrite-cleanup',
      ['v1.32.11+k3s3', 'v1.33.7+k3s3', 'v1.34.3+k3s3', 'v1.35.0+k3s3', 'v1.36.0+k3s1'],
      ['v1.31.14+k3s1', 'v1.32.11+k3s1', 'v1.33.7+k3s1', 'v1.34.3+k3s1', 'v1.35.0+k3s1'],
    ],
    ['bundled-ipsec-binaries', ['v1.17.4+k3s1', 'v1.24.8+k3s1'], ['v1.23.15+k3s1', 'v1.24.9+k3s1', 'v1.26.0+k3s1']],
    [
      'stable-cni-bin-directory',
      ['v1.28.15+k3s1', 'v1.31.2+k3s1', 'v1.32.0+k3s1'],
      ['v1.28.14+k3s1', 'v1.31.1+k3s1', 'v1.27.16+k3s1'],
    ],
    [
      'chart-values-secrets',
      ['v1.31.8+k3s1', 'v1.32.4+k3s1', 'v1.33.0+k3s1'],
      ['v1.31.7+k3s1', 'v1.32.3+k3s1', 'v1.30.14+k3s1'],
    ],
  ]
  test.each(edges)('%s', (feature, withIt, without) => {
    for (const text of withIt) expect(supports(feature, release(text)), text).toBe(true)
    for (const text of without) expect(supports(feature, release(text)), text).toBe(false)
  })
})

describe('every gate', () => {
  test.each(features)('%s has bounds that are releases in order of their branches, and a source', (feature) => {
    const { since = [], until = [], source, title } = gateOf(feature)
    expect(since.length + until.length).toBeGreaterThan(0)
    expect(source).not.toBe('')
    expect(title).not.toBe('')
    for (const bound of [since, until]) {
      const parsed = bound.map(parseK3sVersion)
      expect(parsed).not.toContain(undefined)
      const minors = parsed.map((floor) => floor?.minor ?? 0)
      expect(minors).toEqual([...new Set(minors)].sort((a, b) => a - b))
    }
  })

  const floors = features.flatMap((feature) => {
    const { since = [], until = [] } = gateOf(feature)
    return [since, until].flatMap((bound) => bound.map((floor) => [feature, floor, bound] as const))
  })
  test.each(floors)('%s turns at %s exactly', (_feature, floor, bound) => {
    const { minor, patch, build } = release(floor)
    const ofBranch = (own: number, k3s: number): string => `v1.${minor}.${own}+k3s${k3s}`
    const before = [
      ...(build > 1 ? [ofBranch(patch, build - 1)] : [`v1.${minor}.${patch}-rc9+k3s1`]),
      ...(patch > 0 ? [ofBranch(patch - 1, 9)] : []),
    ]
    const after = [ofBranch(patch, build), ofBranch(patch, build + 1), ofBranch(patch + 1, 1)]
    for (const text of before) expect(reaches(bound, release(text)), text).toBe(false)
    for (const text of after) expect(reaches(bound, release(text)), text).toBe(true)
  })

  test.each(floors)('%s knows what to say of branches without a floor (%s)', (_feature, _floor, bound) => {
    const minors = bound.map((floor) => release(floor).minor)
    expect(reaches(bound, release(`v1.${Math.min(...minors) - 1}.99+k3s1`))).toBe(false)
    expect(reaches(bound, release(`v1.${Math.max(...minors) + 1}.0+k3s1`))).toBe(true)
  })

  test('that has opened stays open within its branch until it ends, and never opens again', () => {
    fc.assert(
      fc.property(fc.constantFrom(...features), arbitraryUpgrade, (feature, [older, newer]) => {
        expect(compareK3sVersions(older, newer)).toBeLessThan(0)
        const { since, until } = gateOf(feature)
        if (until === undefined && supports(feature, older)) expect(supports(feature, newer)).toBe(true)
        if (since === undefined && supports(feature, newer)) expect(supports(feature, older)).toBe(true)
      }),
    )
  })

  test('has a branch of its own for every branch between its first and its last', () => {
    for (const feature of features) {
      const { since = [] } = gateOf(feature)
      const minors = since.map((floor) => Number(floor.split('.')[1]))
      const span = (minors.at(-1) ?? 0) - (minors[0] ?? 0) + 1
      expect(minors, feature).toHaveLength(since.length === 0 ? 0 : span)
    }
  })
})

test('the tables know 1.17 to 1.37', () => {
  expect(knownMinors).toHaveLength(21)
  expect([knownMinors[0], knownMinors.at(-1)]).toEqual(['1.17', '1.37'])
  expect(isKnownMinor(release('v1.37.1+k3s1'))).toBe(true)
  expect(isKnownMinor(release('v1.38.0+k3s1'))).toBe(false)
  expect(isKnownMinor(release('v1.16.0'))).toBe(false)
  expect(isKnownMinor(release('v0.10.2'))).toBe(false)
})
