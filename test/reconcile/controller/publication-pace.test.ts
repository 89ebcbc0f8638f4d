import { expect, test } from 'vitest'
import { Failure } from '../../../src/domain/failure.ts'
import { PublicationPace } from '../../../src/reconcile/controller/publication-pace.ts'

function failure(code: string): Failure {
  return new Failure('the server said no', { code, where: 'NodeProgram pi-1', fix: 'ask it why', retry: 'soon' })
}

/** Writes whenever it may for so long, and somebody undoes each at once. @returns when it wrote, milliseconds */
function fightFor(pace: PublicationPace, forMs: number): readonly number[] {
  const at: number[] = []
  for (let nowMs = 0; nowMs < forMs; nowMs += Math.max(1, pace.waitFor('pi-1', 'ForeignEdit', nowMs))) {
    pace.wrote('pi-1', 'ForeignEdit', nowMs)
    at.push(nowMs)
  }
  return at
}

test('what the server refuses is tried again less and less often, down to every 30 s', () => {
  const pace = new PublicationPace()
  const waits: number[] = []
  for (let nowMs = 0; waits.length < 9; nowMs += waits.at(-1) ?? 0) {
    pace.failed('pi-1', failure('KUBE_DENIED'), nowMs)
    waits.push(pace.waitFor('pi-1', 'Changed', nowMs))
  }
  expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  expect(pace.waitFor('pi-2', 'Changed', 0)).toBe(0)
})

test('another refusal, and a write that came through, begin anew', () => {
  const pace = new PublicationPace()
  pace.failed('pi-1', failure('KUBE_DENIED'), 0)
  pace.failed('pi-1', failure('KUBE_DENIED'), 0)
  pace.failed('pi-1', failure('KUBE_TIMEOUT'), 0)
  expect(pace.waitFor('pi-1', 'Changed', 0)).toBe(500)
  pace.wrote('pi-1', 'Changed', 0)
  expect(pace.waitFor('pi-1', 'Changed', 0)).toBe(0)
  expect(pace.failures(0)).toEqual([])
})

test('what need not be written any more fails no more', () => {
  const pace = new PublicationPace()
  pace.failed('pi-1', failure('KUBE_DENIED'), 0)
  pace.failed('pi-2', failure('KUBE_STALE'), 0)
  pace.keepOnly(new Set(['pi-2']), 0)
  expect(pace.failures(0).map(({ detail }) => detail.code)).toEqual(['KUBE_STALE'])
})

test('an edit is put back at once, and a fight over it is told and slows down', () => {
  const pace = new PublicationPace()
  const at = fightFor(pace, 120_000)
  expect(at.slice(0, 4)).toEqual([0, 50, 150, 350])
  expect(at.length).toBeLessThan(12)
  expect(pace.failures(120_000).map(({ detail }) => detail.code)).toEqual(['PROGRAM_CONTESTED'])
  expect(pace.waitFor('pi-1', 'Changed', at.at(-1) ?? 0)).toBe(0)
})

test('a program that its agent goes on refusing as old is issued anew once a minute at most', () => {
  const pace = new PublicationPace()
  expect(pace.waitFor('pi-1', 'Replayed', 0)).toBe(0)
  pace.wrote('pi-1', 'Replayed', 0)
  expect(pace.waitFor('pi-1', 'Replayed', 0)).toBe(60_000)
  pace.keepOnly(new Set(), 60_000)
  pace.wrote('pi-1', 'Replayed', 60_000)
  expect(pace.waitFor('pi-1', 'Replayed', 60_000)).toBe(120_000)
  expect(pace.waitFor('pi-1', 'Changed', 60_000)).toBe(0)
})
