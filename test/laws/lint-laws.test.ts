import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { parseK3sVersion } from '../../src/k3s/version/k3s-version.ts'
import { type ReleaseFloors, reaches } from '../../src/k3s/version/release-floors.ts'
import { allRules } from '../../src/lint/catalogue.ts'
import type { Rule } from '../../src/lint/rule.ts'
import { runRules } from '../../src/lint/run-rules.ts'
import type { LintSubject } from '../../src/lint/subject.ts'
import { anyRelease, withRelease, writtenCluster } from './arbitrary-documents.ts'
import { anySubject, onRelease } from './arbitrary-subjects.ts'
import { clusterDirectory, compile, render, textsOf, unplaced } from './compiled-clusters.ts'

// A hundred clusters are rendered in each of them, on a busy machine too.
vi.setConfig({ testTimeout: 60_000 })

test('no rule throws, whatever it is shown, and every finding says where, what, why and what to do', () => {
  fc.assert(
    fc.property(anySubject, (subject) => {
      for (const { place, what, why, fix } of runRules(allRules, subject)) {
        for (const said of [place.file, what, why, fix]) expect(said.trim()).not.toBe('')
        expect(Math.min(place.line, place.column)).toBeGreaterThanOrEqual(1)
      }
    }),
    { numRuns: 200 },
  )
})

test('a subject that is looked at twice has the same findings', () => {
  fc.assert(
    fc.property(anySubject, (subject) => {
      expect(runRules(allRules, { ...subject })).toEqual(runRules(allRules, subject))
    }),
    { numRuns: 60 },
  )
})

describe('a rule about releases before a certain one is silent from that one on', () => {
  const bounded = allRules.flatMap((rule) => {
    const floors = floorsThatEnd(rule)
    return floors === undefined ? [] : [{ rule, floors }]
  })

  test('there are such rules', () => {
    expect(bounded.length).toBeGreaterThan(15)
  })

  test('over anything that a rule could be shown', () => {
    fc.assert(
      fc.property(anySubject, anyRelease, (subject, release) => {
        const { before: _, ...one } = onRelease(subject, release)
        expect(foundPastTheirEnd(one), release).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  test('over documents', async () => {
    await fc.assert(
      fc.asyncProperty(writtenCluster({ ownFlags: true }), async (cluster) => {
        const { subject } = await render(textsOf(cluster))
        expect(foundPastTheirEnd(subject)).toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  function foundPastTheirEnd(subject: LintSubject): readonly string[] {
    const { version } = subject
    if (version === undefined) throw new Error('a subject without a release')
    const ended = bounded.filter(({ floors }) => reaches(floors, version)).map(({ rule }) => rule)
    return runRules(ended, subject).map(({ code, what }) => `${code} ${what}`)
  }
})

describe('a rule about releases from a certain one on is silent before that one', () => {
  const bounded = allRules.flatMap((rule) => {
    const floors = floorsThatBegin(rule)
    return floors === undefined ? [] : [{ rule, floors }]
  })

  test('there are such rules', () => {
    expect(bounded.length).toBeGreaterThan(50)
  })

  test('over anything that a rule could be shown', () => {
    fc.assert(
      fc.property(anySubject, anyRelease, (subject, release) => {
        const { before: _, ...one } = onRelease(subject, release)
        expect(foundBeforeTheirBegin(one), release).toEqual([])
      }),
      { numRuns: 400 },
    )
  })

  test('over documents', async () => {
    await fc.assert(
      fc.asyncProperty(writtenCluster({ ownFlags: true }), async (cluster) => {
        const { subject } = await render(textsOf(cluster))
        expect(foundBeforeTheirBegin(subject)).toEqual([])
      }),
      { numRuns: 100 },
    )
  })

  function foundBeforeTheirBegin(subject: LintSubject): readonly string[] {
    const { version } = subject
    if (version === undefined) throw new Error('a subject without a release')
    const toCome = bounded.filter(({ floors }) => !reaches(floors, version)).map(({ rule }) => rule)
    return runRules(toCome, subject).map(({ code, what }) => `${code} ${what}`)
  }
})

test('a newer patch of the same branch, or the last patch of a newer branch, is never too old for something', async () => {
  const tooOld = allRules.filter((rule) => floorsThatEnd(rule) !== undefined)
  await fc.assert(
    fc.asyncProperty(writtenCluster({ ownFlags: true }), upgrade, async (cluster, [older, newer]) => {
      const found = async (release: string): Promise<readonly string[]> => {
        const { subject } = await render(textsOf(withRelease(cluster, release)))
        return runRules(tooOld, subject).map(({ code, place }) => `${code} ${place.file}:${place.line}:${place.column}`)
      }
      const before = await found(older)
      expect(
        (await found(newer)).filter((one) => !before.includes(one)),
        `${older} to ${newer}`,
      ).toEqual([])
    }),
    { numRuns: 60 },
  )
})

test('a manifest that has nothing to do with the rest takes no finding away, and adds none', async () => {
  const name = `${clusterDirectory}/manifests/unrelated.yaml`
  const unrelated = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: unrelated, namespace: elsewhere }\n'
  await fc.assert(
    fc.asyncProperty(writtenCluster({ ownFlags: true }), async (cluster) => {
      const texts = textsOf(cluster)
      const alone = await compile(texts)
      const together = await compile(new Map([...texts, [name, unrelated]]))
      expect(unplaced(together.problems)).toEqual(unplaced(alone.problems))
    }),
    { numRuns: 60 },
  )
})

/** Features come to several branches on one day, so the last patch of a branch is what a newer branch is compared with. */
const upgrade: fc.Arbitrary<readonly [older: string, newer: string]> = fc.oneof(
  fc
    .record({ minor: fc.integer({ min: 17, max: 37 }), patch: fc.nat(17), step: fc.nat(5) })
    .map(({ minor, patch, step }) => [`v1.${minor}.${patch}+k3s1`, `v1.${minor}.${patch + step}+k3s2`] as const),
  fc
    .record({ minor: fc.integer({ min: 17, max: 37 }), patch: fc.nat(18), step: fc.integer({ min: 1, max: 5 }) })
    .map(({ minor, patch, step }) => [`v1.${minor}.${patch}+k3s1`, `v1.${minor + step}.99+k3s1`] as const),
)

/** The releases of `before 1.2.3 / 1.3.1`; undefined for a text of another form. */
function floorsThatEnd({ versions }: Rule): ReleaseFloors | undefined {
  const floors = /^(?:before|below) ([\d.+ks/ ]+)$/.exec(versions)?.[1]?.split(' / ')
  return floors?.every((floor) => parseK3sVersion(floor) !== undefined) === true ? floors : undefined
}

/** The releases of `1.2.3 / 1.3.1 and later`, `1.21 and later`; undefined for a text of another form. */
function floorsThatBegin({ versions }: Rule): ReleaseFloors | undefined {
  const floors = /^([\d.+ks/ ]+) and later/
    .exec(versions)?.[1]
    ?.split(' / ')
    .map((floor) => (/^\d+\.\d+$/.test(floor) ? `${floor}.0` : floor))
  return floors?.every((floor) => parseK3sVersion(floor) !== undefined) === true ? floors : undefined
}
