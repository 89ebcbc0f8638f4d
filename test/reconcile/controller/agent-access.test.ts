import { expect, test } from 'vitest'
import {
  AccessMemory,
  type AccessRecord,
  accessRecord,
  grantAgentAccess,
} from '../../../src/reconcile/controller/agent-access.ts'
import { StoredObjects } from '../../lab/stored-objects.ts'

const { signal } = new AbortController()

test('rights that somebody keeps changing are put back at once, and then less and less often', async () => {
  const objects = new StoredObjects()
  const memory = new AccessMemory()
  const stores = ['Role', 'RoleBinding'].map((kind) => {
    const told = new Map<string, AccessRecord>()
    const version = { uid: 'uid', resourceVersion: '1' }
    const store = {
      ready: Promise.resolve(),
      state: () => ({ kind: 'watching' }) as const,
      get: (key: string) => told.get(key),
      items: () => told.values(),
      size: 0,
      version: () => version,
    }
    const tell = async (): Promise<void> => {
      const { items } = await objects.list({ apiVersion: '', kind })
      for (const item of items) told.set(`fairlead-system/${item.metadata.name}`, accessRecord(item))
    }
    return { store, tell }
  })
  const pass = (nowMs: number) =>
    grantAgentAccess(
      ['pi-1'],
      'home',
      objects,
      stores.map(({ store }) => store),
      memory,
      nowMs,
      signal,
    )
  expect((await pass(0)).written).toBe(2)
  const edited = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', name: 'fairlead-agent-pi-1' }
  let puts = 0
  for (let nowMs = 1_000; nowMs < 61_000; nowMs += 20) {
    await objects.patch(edited, 'merge', { rules: [] })
    for (const { tell } of stores) await tell()
    const { written, againInMs } = await pass(nowMs)
    expect(written === 1 || againInMs !== undefined).toBe(true)
    puts += written
  }
  expect(puts).toBeGreaterThan(5)
  expect(puts).toBeLessThan(15)
})
