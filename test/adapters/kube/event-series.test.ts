import { expect, test } from 'vitest'
import { defaultEventLimits, EventSeries } from '../../../src/adapters/kube/event-series.ts'
import type { KubeEvent } from '../../../src/ports/kube-objects-port.ts'

const event = (message: string, name = 'edge-1'): KubeEvent => ({
  regarding: { apiVersion: 'v1', kind: 'Node', name },
  type: 'Warning',
  reason: 'FirewallRejected',
  message,
})
const limits = { ...defaultEventLimits, perMinute: 1_000 }

/** Sends as the recorder does. */
function tell(series: EventSeries, one: KubeEvent, nowMs: number): string {
  const step = series.next(one, nowMs)
  if (step.kind === 'create') series.created(step.key, `e-${nowMs}`, nowMs)
  return step.kind === 'count' ? `${step.name} x${step.count}` : step.kind
}

test('the same again counts up', () => {
  const series = new EventSeries(limits)
  expect([0, 1, 2].map((ms) => tell(series, event('no'), ms))).toEqual(['create', 'e-0 x2', 'e-0 x3'])
})

test('another object, reason or message is another one', () => {
  const series = new EventSeries(limits)
  const all = [event('a'), event('b'), event('a', 'edge-2'), { ...event('a'), reason: 'Other' }]
  expect(all.map((one, ms) => tell(series, one, ms))).toEqual(['create', 'create', 'create', 'create'])
})

test('the same again after the window is told anew', () => {
  const series = new EventSeries(limits)
  tell(series, event('no'), 0)
  expect(tell(series, event('no'), limits.windowMs + 1)).toBe('create')
})

test('from the tenth on, messages that differ in their words alone are told as one', () => {
  const series = new EventSeries(limits)
  const told = Array.from({ length: 13 }, (_, at) => tell(series, event(`try ${at}`), at))
  expect(told.slice(0, 9)).toEqual(Array(9).fill('create'))
  expect(told.slice(9)).toEqual(['create', 'e-9 x2', 'e-9 x3', 'e-9 x4'])
  expect(series.next(event('try 14'), 14)).toMatchObject({ message: '(combined from similar events): try 14' })
})

test('no more are written in a minute than the limit', () => {
  const series = new EventSeries({ ...limits, perMinute: 3 })
  const kinds = [0, 1, 2, 3, 59_999, 60_000].map((ms) => tell(series, event('x', `n-${ms}`), ms))
  expect(kinds).toEqual(['create', 'create', 'create', 'drop', 'drop', 'create'])
})

test('what is remembered is bounded; the oldest goes first', () => {
  const series = new EventSeries({ ...limits, remembered: 2 })
  for (const [ms, name] of ['a', 'b', 'c'].entries()) tell(series, event('x', name), ms)
  expect(tell(series, event('x', 'c'), 10)).toBe('e-2 x2')
  expect(tell(series, event('x', 'a'), 11)).toBe('create')
})

test('a message is no longer than the API takes', () => {
  const step = new EventSeries(limits).next(event('x'.repeat(3_000)), 0)
  expect(step.kind === 'create' ? step.message.length : 0).toBe(1_024)
})
