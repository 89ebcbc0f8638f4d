import { expect, test } from 'vitest'
import { Failure } from '../../src/domain/failure.ts'
import { nextFetch, nextNodeRun } from '../../src/reconcile/next-run.ts'

const settings = { intervalMs: 30_000 }
const base = { reason: 'R', message: 'm' }
const unreachable = (retry: 'soon' | 'when-changed'): Failure =>
  new Failure('no answer', { code: 'GIT_UNREACHABLE', where: 'here', fix: 'wait', retry })

test('a settled node is looked at after the interval, a waiting one when its time comes', () => {
  expect(nextNodeRun({ kind: 'settled', ...base }, 0, settings)).toBe(30_000)
  expect(nextNodeRun({ kind: 'pending', ...base, revisitAfterMs: 900 }, 0, settings)).toBe(900)
  expect(nextNodeRun({ kind: 'pending', ...base, revisitAfterMs: 0 }, 0, settings)).toBe(10)
  expect(nextNodeRun({ kind: 'blocked', ...base }, 0, settings)).toBe(30_000)
})

test('a failing node is retried with back-off, at most thirty seconds apart', () => {
  const failed = { kind: 'failed', ...base, failures: [] } as const
  expect([1, 2, 3, 6, 100].map((attempt) => nextNodeRun(failed, attempt, settings))).toEqual([
    1_000, 2_000, 4_000, 30_000, 30_000,
  ])
})

test('a remote is asked again soon only where that helps, at most five minutes apart', () => {
  expect([1, 2, 9, 100].map((attempt) => nextFetch(unreachable('soon'), attempt, settings))).toEqual([
    1_000, 2_000, 256_000, 300_000,
  ])
  expect(nextFetch(unreachable('when-changed'), 5, settings)).toBe(30_000)
  expect(nextFetch(undefined, 0, settings)).toBe(30_000)
})
