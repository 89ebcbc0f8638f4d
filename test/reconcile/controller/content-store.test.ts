import { expect, test } from 'vitest'
import type { ContentRecord } from '../../../src/reconcile/controller/content-record.ts'
import { ContentStore } from '../../../src/reconcile/controller/content-store.ts'
import { StoredObjects } from '../../lab/stored-objects.ts'

const { signal } = new AbortController()

function stored(names: readonly string[]) {
  const told = new Map(names.map((name) => [name, { name, uid: name, isWhole: true, isOurs: true }]))
  const objects = new StoredObjects()
  const store = {
    ready: Promise.resolve(),
    state: () => ({ kind: 'watching' }) as const,
    get: (key: string): ContentRecord | undefined => told.get(key),
    items: () => told.values(),
    size: told.size,
  }
  return { objects, told, contents: new ContentStore(objects, store) }
}

test('a content that cannot be removed stands in the way of no other, and is left alone for a minute', async () => {
  const { objects, told, contents } = stored(['a', 'b', 'c'])
  objects.refuse = (write) => (write.endsWith(' a') ? 'KUBE_DENIED' : undefined)
  expect(await contents.collect(new Set(), 0, 1_000, signal)).toEqual({ removed: 0, failures: [] })
  const { removed, failures } = await contents.collect(new Set(), 1_000, 1_000, signal)
  expect(removed).toBe(2)
  expect(failures.map(({ detail }) => detail.code)).toEqual(['KUBE_DENIED'])
  for (const name of ['b', 'c']) told.delete(name)
  expect(await contents.collect(new Set(), 2_000, 1_000, signal)).toEqual({ removed: 0, failures: [] })
  objects.refuse = () => undefined
  expect(await contents.collect(new Set(), 61_000, 1_000, signal)).toEqual({ removed: 1, failures: [] })
})

test('a lead that was lost ends it', async () => {
  const { objects, contents } = stored(['a'])
  objects.refuse = () => 'LEAD_LOST'
  await contents.collect(new Set(), 0, 0, signal).catch(() => undefined)
  await expect(contents.collect(new Set(), 1, 0, signal)).rejects.toMatchObject({ detail: { code: 'LEAD_LOST' } })
})
