import { expect, test } from 'vitest'
import { clusterInventory } from '../../../src/adapters/kube/cluster-inventory.ts'
import { type ArtefactId, labelsId } from '../../../src/domain/artefact.ts'
import type { ClusterInventory, ClusterInventoryEntry } from '../../../src/domain/cluster-inventory.ts'
import { asRecord } from '../../../src/domain/plain-json.ts'
import type { KubeObjectsPort, LiveObject } from '../../../src/ports/kube-objects-port.ts'
import { codeOf } from '../../contract/kube-lab.ts'

const signal = new AbortController().signal
const nothing = { labels: {}, annotations: {} }

/** One ConfigMap, as far as reading and writing it goes. */
function openConfigMap(data?: Readonly<Record<string, string>>) {
  let live = data === undefined ? undefined : configMapOf(data, 1)
  const port: Pick<KubeObjectsPort, 'get' | 'patch' | 'create'> = {
    get: async () => live,
    create: async (object) => {
      live = configMapOf(asRecord(object['data']), 1)
      return live
    },
    patch: async (_ref, _form, patch) => {
      const merged = Object.entries({ ...asRecord(live?.['data']), ...asRecord(patch['data']) })
      live = configMapOf(Object.fromEntries(merged.filter(([, value]) => value !== null)), 2)
      return live
    },
  }
  return { inventory: clusterInventory(port), data: () => asRecord(live?.['data']) }
}

function configMapOf(data: Readonly<Record<string, unknown>>, version: number): LiveObject {
  const metadata = { namespace: 'fairlead-system', name: 'fairlead-inventory', uid: 'u', resourceVersion: `${version}` }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }
}

function entry(id: ArtefactId, pool: string, more: Partial<ClusterInventoryEntry> = {}): ClusterInventoryEntry {
  return { id, labels: { lbpool: pool }, annotations: {}, replaced: nothing, revision: 'main@sha1:abc', ...more }
}

function inventoryOf(entries: readonly ClusterInventoryEntry[]): ClusterInventory {
  const adoption = { cluster: 'home', adoptedAt: '2026-01-02T03:04:05Z' }
  return { adoption, entries: new Map(entries.map((one) => [one.id, one])) }
}

test('what was written is read back, also by the next process', async () => {
  const { inventory, data } = openConfigMap()
  expect(await inventory.read(signal)).toEqual({ entries: new Map() })
  const written = inventoryOf([
    entry(labelsId('node-labels', 'pi-1'), 'edge'),
    entry(labelsId('node-labels', 'pi-2'), 'edge', {
      replaced: { labels: { lbpool: 'old' }, annotations: {} },
      uid: 'node-2',
    }),
    entry(labelsId('service-labels', 'shop/web'), 'edge', { annotations: { digest: 'x' } }),
  ])
  await inventory.write(written, signal)
  const next = openConfigMap(data() as Readonly<Record<string, string>>)
  expect(await next.inventory.read(signal)).toEqual(written)
  await inventory.write({ entries: new Map() }, signal)
  expect(data()).toEqual({})
})

test('thousands of objects of a few pools stay far below the megabyte that a ConfigMap may have', async () => {
  const { inventory, data } = openConfigMap()
  await inventory.read(signal)
  const nodes = Array.from({ length: 10_000 }, (_, at) =>
    entry(labelsId('node-labels', `edge-node-${at}`), `p${at % 9}`),
  )
  const services = Array.from({ length: 10_000 }, (_, at) =>
    entry(labelsId('service-labels', `customer-${at % 500}/frontend-${at}`), `p${at % 9}`, {
      annotations: { digest: 'x' },
    }),
  )
  await inventory.write(inventoryOf([...nodes, ...services]), signal)
  expect(JSON.stringify(data()).length).toBeLessThan(900_000)
})

test('an inventory that somebody broke is no empty one', async () => {
  for (const labels of ['{', '[1]', '[{"objects":[1]}]']) {
    const { inventory } = openConfigMap({ labels })
    expect(await codeOf(inventory.read(signal)), labels).toBe('INVENTORY_INVALID')
  }
})
