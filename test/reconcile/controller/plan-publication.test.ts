import { expect, test } from 'vitest'
import { clusterLabel } from '../../../src/domain/fairlead-api.ts'
import { planPublication } from '../../../src/reconcile/controller/plan-publication.ts'
import type { PublishedRecord } from '../../../src/reconcile/controller/published-record.ts'
import { SequenceSource } from '../../../src/reconcile/controller/sequence-source.ts'

const digest = 'a'.repeat(64)
const mark = { digest, packedHash: 'packed', contents: [] }
const envelope: PublishedRecord['envelope'] & object = {
  format: 1,
  cluster: 'home',
  clusterUID: 'uid-1',
  node: 'pi-1',
  sequence: 7,
  revision: { name: 'main@sha1:1', commit: '1', author: 'ada', subject: 'first' },
  digest,
  signature: { keyId: 'key', value: 'signature' },
}

function record(change: Partial<PublishedRecord> = {}): PublishedRecord {
  const labels = { [clusterLabel]: 'home' }
  const metadata = { name: 'pi-1', namespace: 'fairlead-system', uid: 'uid', resourceVersion: '1', labels }
  return { node: 'pi-1', metadata, envelope, sequence: 7, packedHash: 'packed', contents: [], ...change }
}

function plan(
  before: PublishedRecord | undefined,
  options: { holds?: boolean; gone?: boolean; wanted?: boolean } = {},
) {
  const { holds = true, gone = false, wanted = true } = options
  return planPublication({
    cluster: 'home',
    clusterUID: 'uid-1',
    keyId: 'key',
    programs: new Map(wanted ? [['pi-1', mark]] : []),
    records: new Map(before === undefined ? [] : [['pi-1', before]]),
    isGone: () => gone,
    holdsSignature: () => holds,
  })
}

function refused(observedSequence: number, reason = 'ProgramReplayed'): PublishedRecord['status'] & object {
  const said = { appliedProgram: digest, appliedRevision: '', verdict: 'blocked', message: '' } as const
  return { ...said, observedSequence, reason, conditions: [], agentVersion: '', formats: [1] }
}

const { envelope: _none, ...withoutEnvelope } = record()
const foreign = { ...record().metadata, labels: {} }

test.each([
  ['there is none', undefined, {}, 'New'],
  ['it is as it should be', record(), {}, undefined],
  [
    'its revision is another one',
    record({ envelope: { ...envelope, revision: { ...envelope.revision, name: 'x' } } }),
    {},
    undefined,
  ],
  ['its program is another one', record({ envelope: { ...envelope, digest: 'b'.repeat(64) } }), {}, 'Changed'],
  ['its program was edited', record({ packedHash: 'edited' }), {}, 'ForeignEdit'],
  ['its envelope was edited', record(), { holds: false }, 'ForeignEdit'],
  ['its spec is none', withoutEnvelope, {}, 'ForeignEdit'],
  ['its label was taken away', record({ metadata: foreign }), {}, 'ForeignEdit'],
  ['it is of another cluster', record({ envelope: { ...envelope, clusterUID: 'uid-2' } }), {}, 'Reissued'],
  ['it is for another node', record({ envelope: { ...envelope, node: 'pi-2' } }), {}, 'Reissued'],
  [
    'it is signed with another key',
    record({ envelope: { ...envelope, signature: { keyId: 'old', value: 's' } } }),
    {},
    'Reissued',
  ],
  ['its agent refused it as old', record({ status: refused(7) }), {}, 'Replayed'],
  ['its agent refused another one as old', record({ status: refused(6) }), {}, undefined],
  ['its agent refused it for another reason', record({ status: refused(7, 'ProgramUnsigned') }), {}, undefined],
] as const)('an object is written again, or not, when %s', (_, before, options, cause) => {
  const { publish, unchanged } = plan(before, options)
  expect(publish.map((one) => one.cause)).toEqual(cause === undefined ? [] : [cause])
  expect(unchanged).toBe(cause === undefined ? 1 : 0)
})

test.each([
  ['gone for good', record(), { wanted: false, gone: true }, 1],
  ['missing only for a while', record(), { wanted: false }, 0],
  ['gone, and its object not ours', record({ metadata: foreign }), { wanted: false, gone: true }, 0],
  ['there', record(), { gone: true }, 0],
] as const)('a program is retired, or not, when its node is %s', (_, before, options, count) => {
  expect(plan(before, options).retire).toHaveLength(count)
})

test('sequences grow past everything that was seen, and are never below the time of day', () => {
  let nowMs = 1_000.7
  const source = new SequenceSource(() => nowMs)
  expect([source.next(), source.next()]).toEqual([1_000, 1_001])
  source.seen(5_000)
  expect(source.next()).toBe(5_001)
  source.seen(10)
  expect(source.next()).toBe(5_002)
  source.seen(Number.MAX_SAFE_INTEGER)
  expect(source.next()).toBe(5_003)
  nowMs = 9_000
  expect([source.next(), source.next()]).toEqual([9_000, 9_001])
})
