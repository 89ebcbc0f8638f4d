import { expect, test } from 'vitest'
import { Failure } from '../../../src/domain/failure.ts'
import { fairleadKinds } from '../../../src/domain/fairlead-api.ts'
import { asRecord } from '../../../src/domain/plain-json.ts'
import type { Problem } from '../../../src/domain/problem.ts'
import { recordPass, standingsOf } from '../../../src/reconcile/controller/record-pass.ts'
import { newTurnState, type TurnContext } from '../../../src/reconcile/controller/turn-context.ts'
import { recordingLog } from '../../lab/recording-log.ts'
import { StoredObjects } from '../../lab/stored-objects.ts'
import { realClock } from '../../web/test-ports.ts'

const { signal } = new AbortController()
const ref = { ...fairleadKinds.clusterNetwork, namespace: 'fairlead-system', name: 'home' }
const head = { name: 'main@sha1:1', commit: '1', author: 'ada', subject: 'first', committedAt: '' }
const problem: Problem = {
  code: 'UNKNOWN_FIELD',
  severity: 'error',
  place: { file: 'clusters/home/network.yaml', line: 6, column: 3 },
  what: 'there is no field x',
  why: '',
  fix: 'take it away',
}

/** As much of a turn as the record is made of. */
function turnWith(objects: StoredObjects, published: ReadonlyMap<string, object> = new Map()): TurnContext {
  const metrics = { conditionIs: () => undefined, nodesAre: () => undefined }
  const events = { record: () => undefined, dropped: 0, flush: async () => undefined }
  return {
    settings: { cluster: 'home' },
    ports: { clock: realClock, log: recordingLog(), events, metrics },
    objects,
    world: { facts: () => ({ nodes: [...published.keys()].map((name) => ({ name, role: 'agent', labels: {} })) }) },
    own: { record: () => undefined },
    published: { all: () => published },
    state: { ...newTurnState(), isPublished: true, head },
  } as unknown as TurnContext
}

test('without any good revision the object has a status and no spec', async () => {
  const objects = new StoredObjects()
  const turn = turnWith(objects)
  turn.state.now = { compiled: undefined, refused: [problem] }
  await recordPass(turn, signal)
  const live = await objects.get(ref)
  expect(live?.['spec']).toBeUndefined()
  expect(asRecord(live?.['status'])['conditions']).toMatchObject([
    { type: 'Ready', reason: 'DesiredStateInvalid' },
    {},
    {},
  ])
})

test('a copy of the documents that the server does not take keeps no status from being written, and is told', async () => {
  const objects = new StoredObjects()
  objects.refuse = (write, body) =>
    write.endsWith('ClusterNetwork home') && body['spec'] !== undefined ? 'KUBE_SERVER_ERROR' : undefined
  const turn = turnWith(objects)
  const desired = { cluster: { metadata: { name: 'home' }, spec: { k3sVersion: 'v1.33.4+k3s1' } } }
  const compiled = { revision: head, desired, programs: new Map(), cluster: { labels: [] } }
  turn.state.now = { compiled, refused: undefined } as unknown as TurnContext['state']['now']
  const failure = await recordPass(turn, signal).catch((error: unknown) => error)
  expect(failure instanceof Failure && failure.detail.code).toBe('KUBE_SERVER_ERROR')
  expect(asRecord((await objects.get(ref))?.['status'])['observedRevision']).toBe(head.name)
  expect(turn.state.copiedSpec).toBeUndefined()
})

test('what is remembered of programs goes with them', () => {
  const records = new Map<string, object>()
  const turn = turnWith(new StoredObjects(), records)
  for (let number = 0; number < 100; number += 1) {
    const node = `pi-${number}`
    records.clear()
    const revision = { name: head.name }
    records.set(node, { node, metadata: {}, envelope: { digest: 'd', sequence: 1, revision } })
    expect(standingsOf(turn)).toHaveLength(1)
  }
  expect([...turn.state.publishedSince.keys()]).toEqual(['pi-99'])
})
