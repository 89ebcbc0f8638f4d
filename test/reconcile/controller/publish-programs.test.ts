import { expect, test } from 'vitest'
import type { CompiledCluster } from '../../../src/reconcile/controller/compile-cluster.ts'
import type { ContentRecord } from '../../../src/reconcile/controller/content-record.ts'
import { ContentStore } from '../../../src/reconcile/controller/content-store.ts'
import { ProgramWriter } from '../../../src/reconcile/controller/program-writer.ts'
import { PublicationPace } from '../../../src/reconcile/controller/publication-pace.ts'
import { type PublishOutcome, publishPrograms } from '../../../src/reconcile/controller/publish-programs.ts'
import { PublishedPrograms } from '../../../src/reconcile/controller/published-programs.ts'
import { packedHash, publishedRecord } from '../../../src/reconcile/controller/published-record.ts'
import { SequenceSource } from '../../../src/reconcile/controller/sequence-source.ts'
import { createSigningKey, readSigningKey } from '../../../src/text/program-signature.ts'
import { StoredObjects } from '../../lab/stored-objects.ts'
import { realClock } from '../../web/test-ports.ts'

const { signal } = new AbortController()
const digest = 'd'.repeat(64)
const key = readSigningKey(createSigningKey())

function compiledFor(nodes: readonly string[]): CompiledCluster {
  const program = { pieces: ['{}'] }
  const mark = { digest, packedHash: packedHash(program), contents: [] }
  return {
    revision: { name: 'main', commit: 'c', author: 'ada', subject: 'first', committedAt: '' },
    desired: { cluster: { metadata: { name: 'home' } } },
    programs: new Map(nodes.map((node) => [node, mark])),
    packed: () => ({ program, contents: new Map() }),
    release: () => undefined,
  } as unknown as CompiledCluster
}

function lab(nodes: readonly string[]) {
  const objects = new StoredObjects()
  const time = { nowMs: 0 }
  const clock = { ...realClock, monotonicMs: () => time.nowMs }
  const told = new Map<string, ReturnType<typeof publishedRecord>>()
  const store = {
    ready: Promise.resolve(),
    state: () => ({ kind: 'watching' }) as const,
    get: (name: string) => told.get(name),
    items: () => told.values(),
    size: 0,
  }
  const none = {
    ...store,
    get: (): ContentRecord | undefined => undefined,
    items: () => new Map<string, ContentRecord>().values(),
  }
  const published = new PublishedPrograms(store, () => time.nowMs)
  const contents = new ContentStore(objects, none)
  const sequence = new SequenceSource(() => 1)
  const writer = new ProgramWriter({ objects, published, contents, key, sequence, clusterUID: 'uid' })
  const pace = new PublicationPace()
  const about = { clusterUID: 'uid', keyId: key.keyId, isGone: () => false }
  const pass = (): Promise<PublishOutcome> =>
    publishPrograms(compiledFor(nodes), about, { writer, contents, published, pace, ports: { clock } }, signal)
  const watch = async (): Promise<void> => {
    const { items } = await objects.list({ apiVersion: '', kind: 'NodeProgram' })
    for (const item of items) told.set(`fairlead-system/${item.metadata.name}`, publishedRecord(item))
  }
  return { objects, time, pass, watch }
}

test('a program that the server refuses is not tried in each pass, and the others are published', async () => {
  const { objects, time, pass } = lab(['pi-1', 'pi-2'])
  let tried = 0
  objects.refuse = (write) => {
    if (!write.endsWith('pi-1')) return undefined
    tried += 1
    return 'KUBE_DENIED'
  }
  const first = await pass()
  expect(first.written.map(({ node }) => node)).toEqual(['pi-2'])
  expect([...first.failures.keys()]).toEqual(['pi-1'])
  expect(first.againInMs).toBe(500)
  for (time.nowMs = 1; time.nowMs < 60_000; time.nowMs += 100) await pass()
  expect(tried).toBeLessThan(10)
  objects.refuse = () => undefined
  time.nowMs = 120_000
  expect((await pass()).written.map(({ node }) => node)).toEqual(['pi-1'])
})

test('edits of somebody who goes on are put back a few times in a minute, not with each of them', async () => {
  const { objects, time, pass, watch } = lab(['pi-1'])
  await pass()
  await watch()
  const before = objects.writes.length
  for (time.nowMs = 0; time.nowMs < 60_000; time.nowMs += 50) {
    const live = await objects.get({ apiVersion: '', kind: 'NodeProgram', name: 'pi-1' })
    const spec = { ...(live?.['spec'] as object), program: { pieces: ['edited'] } }
    if (live !== undefined) await objects.patch({ ...live, name: 'pi-1' }, 'merge', { spec })
    await watch()
    await pass()
  }
  const puts = objects.writes.slice(before).filter((write) => write === 'replace NodeProgram pi-1')
  expect(puts.length).toBeGreaterThan(5)
  expect(puts.length).toBeLessThan(15)
})
