import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lastWords, toldEvent } from '../../../src/adapters/kube/addon-events.ts'
import { asRecord, type Json } from '../../../src/domain/plain-json.ts'

const group = 'k3s.cattle.io'
const involvedObject = { apiVersion: `${group}/v1`, kind: 'Addon', namespace: 'kube-system', name: 'lan', uid: 'u' }
const event: Json = {
  metadata: { name: 'lan.1', namespace: 'kube-system', creationTimestamp: '2026-03-01T12:00:00Z', managedFields: [] },
  type: 'Warning',
  reason: 'ApplyManifestFailed',
  message: 'failed: Invalid value: "hunter2"',
  involvedObject,
  source: { component: 'deploy', host: 'pi-1' },
  lastTimestamp: '2026-03-01T12:00:30Z',
  count: 7,
}

function words(events: readonly Json[]): readonly unknown[] {
  return lastWords(events.flatMap((one) => toldEvent(one, group) ?? [])).map((one) => one['reason'])
}

test('an event keeps who says what about which object and when, and loses what it quotes', () => {
  expect(toldEvent(event, group)?.object).toEqual({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'lan.1', namespace: 'kube-system' },
    type: 'Warning',
    reason: 'ApplyManifestFailed',
    message: 'failed: Invalid value: "********"',
    involvedObject: { kind: 'Addon', namespace: 'kube-system', name: 'lan' },
    lastTimestamp: '2026-03-01T12:00:30Z',
    source: { host: 'pi-1' },
  })
})

const timeCases = [
  { name: 'the last of a series', fields: { series: { lastObservedTime: '2026-03-01T12:01:00.123456Z' } }, second: 60 },
  { name: 'its last time', fields: {}, second: 30 },
  {
    name: 'the time of the newer API',
    fields: { lastTimestamp: null, eventTime: '2026-03-01T12:00:10.000000Z' },
    second: 10,
  },
  { name: 'when it was made', fields: { lastTimestamp: null }, second: 0 },
]

for (const { name, fields, second } of timeCases) {
  test(`the time of an event is ${name}`, () => {
    const atMs = toldEvent({ ...event, ...fields }, group)?.atMs ?? 0
    expect(Math.floor((atMs - Date.UTC(2026, 2, 1, 12)) / 1000)).toBe(second)
  })
}

describe('the last word', () => {
  const at = (second: number, fields: Json): Json => ({
    ...event,
    ...fields,
    metadata: { name: `lan.${second}`, namespace: 'kube-system' },
    lastTimestamp: `2026-03-01T12:00:${String(second).padStart(2, '0')}Z`,
  })
  const failed = { reason: 'ApplyManifestFailed' }
  const applied = { type: 'Normal', reason: 'AppliedManifest' }

  const cases = [
    { name: 'what went right after it went wrong', events: [at(1, failed), at(2, applied)], left: [applied.reason] },
    { name: 'what went wrong after it went right', events: [at(2, failed), at(1, applied)], left: [failed.reason] },
    {
      name: 'not what is about to happen',
      events: [at(1, failed), at(2, { reason: 'ApplyingManifest' })],
      left: [failed.reason],
    },
    {
      name: 'of every server its own, the newest first',
      events: [at(1, failed), at(2, { ...applied, source: { host: 'pi-2' } })],
      left: [applied.reason, failed.reason],
    },
    {
      name: 'of every object its own',
      events: [at(1, failed), at(2, { ...applied, involvedObject: { ...involvedObject, name: 'dns' } })],
      left: [applied.reason, failed.reason],
    },
  ]

  for (const { name, events, left } of cases) {
    test(name, () => {
      expect(words(events)).toEqual(left)
      expect(words(events.toReversed())).toEqual(left)
    })
  }

  test('of more than 500 the newest', () => {
    const many = Array.from({ length: 600 }, (_, number) => ({
      ...event,
      involvedObject: { ...involvedObject, name: `addon-${number}` },
      lastTimestamp: new Date(Date.UTC(2026, 0, 1) + number * 1000).toISOString(),
    }))
    const left = lastWords(many.flatMap((one) => toldEvent(one, group) ?? []))
    const names = left.map((one) => asRecord(one['involvedObject'])['name'])
    expect([names.length, names[0], names.at(-1)]).toEqual([500, 'addon-599', 'addon-100'])
  })
})

test('events about anything else are none, even where it has the same kind', () => {
  const others = [
    { involvedObject: { ...involvedObject, apiVersion: 'example.org/v1' } },
    { involvedObject: { kind: 'Addon', name: 'lan' } },
    { reason: '' },
    { metadata: {} },
  ]
  for (const fields of others) expect(toldEvent({ ...event, ...fields }, group)).toBeUndefined()
})

test('whatever an API answers, no reading of it throws', () => {
  const part = fc.constantFrom('metadata', 'name', 'involvedObject', 'kind', 'apiVersion', 'reason', 'series', 'source')
  const value = fc.oneof(fc.jsonValue(), fc.constant('k3s.cattle.io/v1'))
  const shaped = fc.dictionary(part, fc.oneof(value, fc.dictionary(part, value)))
  fc.assert(
    fc.property(shaped, (given) => {
      toldEvent(given, group)
      return true
    }),
  )
})
