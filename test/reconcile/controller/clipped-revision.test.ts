import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clippedRevision } from '../../../src/reconcile/controller/clipped-revision.ts'
import { publishedProgramForm } from '../../../src/schema/program/published-program.ts'

const commit = 'c'.repeat(40)
const revision = { name: `main@sha1:${commit}`, commit, author: 'ada', subject: 'first', committedAt: '' }

test('a revision of the usual length stays as it is', () => {
  expect(clippedRevision(revision)).toEqual(revision)
})

test('whatever somebody pushes, its revision fits into a program and survives JSON', () => {
  const text = fc
    .tuple(fc.constantFrom('a', 'é', '\u{1f600}', '\ud800', 'ab\u0000\u{1f600}'), fc.integer({ min: 0, max: 20_000 }))
    .map(([one, times]) => one.repeat(times))
  const form = publishedProgramForm.shape.revision
  fc.assert(
    fc.property(fc.record({ name: text, commit: text, author: text, subject: text }), (texts) => {
      const { committedAt: _at, ...clipped } = clippedRevision({ ...texts, committedAt: '' })
      expect(form.safeParse(clipped).success).toBe(true)
      expect(Object.values(clipped).every((one) => one.isWellFormed())).toBe(true)
    }),
    { numRuns: 30 },
  )
})

test('of a name that is too long the commit stays', () => {
  const { name } = clippedRevision({ ...revision, name: `${'b'.repeat(2_000)}@sha1:${commit}` })
  expect(name).toHaveLength(1_024)
  expect(name.endsWith(`@sha1:${commit}`)).toBe(true)
})
