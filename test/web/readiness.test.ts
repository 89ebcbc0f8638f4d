import { expect, test } from 'vitest'
import { readinessChecks, readinessText } from '../../src/web/readiness.ts'
import { sampleStatus } from './sample-status.ts'

const withReady = (status: 'True' | 'False' | 'Unknown') => ({
  ...sampleStatus,
  conditions: [{ type: 'Ready', status, reason: 'DesiredStateInvalid', message: 'network.yaml has 2 errors.' }],
})
const passes = (snapshot: Parameters<typeof readinessChecks>[0]): boolean =>
  readinessChecks(snapshot).every((check) => check.ok)

test('a process whose Ready condition is known is ready, even when the answer is False', () => {
  expect(passes(withReady('True'))).toBe(true)
  expect(passes(withReady('False'))).toBe(true)
})

test('a process that does not know its Ready condition is not ready', () => {
  expect(passes(undefined)).toBe(false)
  expect(passes(withReady('Unknown'))).toBe(false)
  expect(passes({ ...sampleStatus, conditions: [] })).toBe(false)
})

test('the text has one line a check and says what failed', () => {
  expect(readinessText(readinessChecks(undefined))).toBe(
    '[+]process ok\n[-]first-pass failed: no pass has ended yet\n[-]ready-condition failed: not known yet\nreadyz check failed',
  )
  expect(readinessText(readinessChecks(withReady('True')))).toMatch(/readyz check passed$/)
})
