import { expect, test } from 'vitest'
import { fairleadKinds } from '../../../src/domain/fairlead-api.ts'
import type { LiveObject } from '../../../src/ports/kube-objects-port.ts'
import { PublishedPrograms } from '../../../src/reconcile/controller/published-programs.ts'
import { type PublishedRecord, publishedRecord } from '../../../src/reconcile/controller/published-record.ts'

const digest = 'a'.repeat(64)

interface Draft {
  readonly version: string
  readonly sequence: number
  readonly permit?: boolean
  readonly observed?: number
  readonly uid?: string
}

function live({ version, sequence, permit = false, observed = 0, uid = 'uid' }: Draft): LiveObject {
  return {
    ...fairleadKinds.nodeProgram,
    metadata: { name: 'pi-1', namespace: 'fairlead-system', uid, resourceVersion: version },
    spec: {
      format: 1,
      cluster: 'home',
      clusterUID: 'uid-1',
      node: 'pi-1',
      sequence,
      revision: { name: 'main', commit: 'c', author: 'ada', subject: 'first' },
      digest,
      program: {},
      ...(permit ? { permit: { program: digest } } : {}),
      signature: { keyId: 'a'.repeat(16), value: `${'A'.repeat(86)}==` },
    },
    status: { observedSequence: observed, appliedProgram: digest, verdict: 'settled' },
  }
}

function watched(first: Draft) {
  const told = new Map([['fairlead-system/pi-1', publishedRecord(live(first))]])
  const clock = { nowMs: 0 }
  const store = {
    ready: Promise.resolve(),
    state: () => ({ kind: 'watching' }) as const,
    get: (key: string): PublishedRecord | undefined => told.get(key),
    items: () => told.values(),
    size: 1,
  }
  const published = new PublishedPrograms(store, () => clock.nowMs)
  const tell = (draft: Draft): void => void told.set('fairlead-system/pi-1', publishedRecord(live(draft)))
  return { published, tell, clock }
}

function permitOf({ published }: ReturnType<typeof watched>): string | undefined {
  return published.all().get('pi-1')?.envelope?.permit?.program
}

test('a permit that was written over something newer than the watch had told is not forgotten', () => {
  const world = watched({ version: '10', sequence: 100, observed: 90 })
  // Version 11, a status of the agent, was live and not told yet.
  world.published.wrote('pi-1', live({ version: '12', sequence: 101, permit: true, observed: 100 }))
  expect(permitOf(world)).toBe(digest)
  world.tell({ version: '11', sequence: 100, observed: 100 })
  expect(permitOf(world)).toBe(digest)
  expect(world.published.get('pi-1')?.status?.observedSequence).toBe(100)
  world.tell({ version: '12', sequence: 101, permit: true, observed: 100 })
  world.tell({ version: '13', sequence: 101, observed: 101 })
  expect(permitOf(world)).toBeUndefined()
})

test.each([
  ['somebody edits it', { version: '13', sequence: 101, observed: 100 }, 0],
  ['it is another object of the same name', { version: '13', sequence: 1, uid: 'other' }, 0],
  ['the datastore went back, after a while', { version: '9', sequence: 100 }, 10_000],
] as const)('the watch is believed when %s', (_, draft, afterMs) => {
  const world = watched({ version: '10', sequence: 100 })
  world.published.wrote('pi-1', live({ version: '12', sequence: 101, permit: true }))
  world.clock.nowMs = afterMs
  world.tell(draft)
  expect(permitOf(world)).toBeUndefined()
  expect(world.published.get('pi-1')?.metadata.resourceVersion).toBe(draft.version)
})
