import { expect, test } from 'vitest'
import { isExpired, leaseRecord, microTime, sighted } from '../../../src/adapters/kube/lease-record.ts'

const held = { holder: 'a', leaseMs: 10_000, acquiredAt: '', renewedAt: '', transitions: 0 }

test('times have six digits, whatever the milliseconds', () => {
  expect(microTime(Date.UTC(2026, 0, 2, 3, 4, 5))).toBe('2026-01-02T03:04:05.000000Z')
  expect(microTime(Date.UTC(2026, 0, 2, 3, 4, 5, 678))).toBe('2026-01-02T03:04:05.678000Z')
})

test('a lease expires by how long it did not change here, not by what it says', () => {
  const first = sighted(undefined, '7', 1_000)
  expect(sighted(first, '7', 9_000)).toBe(first)
  expect(sighted(first, '8', 9_000)).toEqual({ version: '8', sinceMs: 9_000 })
  expect(isExpired(held, first, 11_000)).toBe(false)
  expect(isExpired(held, first, 11_001)).toBe(true)
})

test('nobody holds a lease without a holder', () => {
  expect(isExpired({ ...held, holder: '' }, { version: '1', sinceMs: 0 }, 0)).toBe(true)
})

const durations = [
  { said: 15, leaseMs: 15_000 },
  { said: 0, leaseMs: 10_000 },
  { said: -3, leaseMs: 10_000 },
  { said: 'x', leaseMs: 10_000 },
  { said: undefined, leaseMs: 10_000 },
]
for (const { said, leaseMs } of durations) {
  test(`a duration of ${String(said)} seconds means ${leaseMs} ms`, () => {
    const spec = { leaseDurationSeconds: said, holderIdentity: 'a', leaseTransitions: 4 }
    const object = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l' }, spec }
    expect(leaseRecord(object, 10_000)).toMatchObject({ leaseMs, holder: 'a', transitions: 4, renewedAt: '' })
  })
}
