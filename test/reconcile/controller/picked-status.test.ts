import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { pickedStatus } from '../../../src/reconcile/controller/picked-status.ts'
import { nodeProgramStatusForm } from '../../../src/schema/api/status-forms.ts'

const long = 'x'.repeat(700_000)
const full = {
  observedSequence: 7,
  appliedProgram: 'd1',
  appliedRevision: 'main@sha1:1',
  verdict: 'pending',
  reason: 'AwaitingPermit',
  message: 'A risky change waits',
  awaitingPermit: { program: 'd2', changes: ['table mangle'] },
  conditions: [
    {
      type: 'Ready',
      status: 'False',
      reason: 'AwaitingPermit',
      message: 'waits',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ],
  agentVersion: '0.5.0',
  formats: [1],
  k3sVersion: 'v1.33.4+k3s1',
}

test('what an agent says is kept as it is', () => {
  expect(pickedStatus(full)).toEqual(full)
})

test.each([
  ['nothing', undefined],
  ['a text', 'settled'],
  ['no sequence', { verdict: 'settled' }],
  ['no verdict', { observedSequence: 1 }],
])('%s is no status', (_, value) => {
  expect(pickedStatus(value)).toBeUndefined()
})

test('texts that are left out are empty, and words that nobody knows are unknown', () => {
  const conditions = [{ type: 'KernelReady', status: 'Perhaps' }]
  expect(pickedStatus({ observedSequence: 1, verdict: 'perfect', conditions })).toMatchObject({
    appliedProgram: '',
    verdict: 'unknown',
    message: '',
    conditions: [{ type: 'KernelReady', status: 'Unknown', reason: '', message: '' }],
  })
})

test('a message of 700 kB is cut, and it shows', () => {
  const message = pickedStatus({ ...full, message: long })?.message ?? ''
  expect(message).toHaveLength(1_024)
  expect(message.endsWith('…')).toBe(true)
})

test('whatever somebody writes there, what is kept is small and fits what the server takes', () => {
  const text = fc.oneof(fc.string(), fc.constant(long), fc.constant('😀'.repeat(2_000)))
  const any = fc.oneof(text, fc.jsonValue({ maxDepth: 2 }), fc.double())
  const list = <T>(item: fc.Arbitrary<T>) => fc.oneof(any, fc.array(item, { maxLength: 60 }))
  const condition = fc.record({ type: any, status: any, reason: any, message: any, lastTransitionTime: any })
  const status = fc.record(
    {
      observedSequence: fc.oneof(any, fc.constant(1e300), fc.constant(-1), fc.nat()),
      appliedProgram: any,
      appliedRevision: any,
      verdict: any,
      reason: any,
      message: any,
      awaitingPermit: fc.oneof(any, fc.record({ program: any, changes: list(any) })),
      conditions: list(condition),
      agentVersion: any,
      formats: list(fc.oneof(any, fc.integer())),
      k3sVersion: any,
      other: any,
    },
    { requiredKeys: ['observedSequence', 'verdict'] },
  )
  fc.assert(
    fc.property(status, (value) => {
      const picked = pickedStatus(value)
      if (picked === undefined) return
      expect(JSON.stringify(picked).length).toBeLessThan(80_000)
      const { conditions: _conditions, formats: _formats, ...texts } = picked
      expect(nodeProgramStatusForm.safeParse(texts).error).toBeUndefined()
      for (const { message, reason } of picked.conditions) {
        expect(message.length <= 1_024 && reason.length <= 256).toBe(true)
      }
    }),
    { numRuns: 300 },
  )
})
