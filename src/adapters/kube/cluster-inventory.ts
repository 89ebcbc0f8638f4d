import type { ArtefactId } from '../../domain/artefact.ts'
import {
  type ClusterAdoption,
  type ClusterInventory,
  type ClusterInventoryEntry,
  emptyClusterInventory,
} from '../../domain/cluster-inventory.ts'
import { Failure } from '../../domain/failure.ts'
import { fairleadNames, fairleadNamespace } from '../../domain/fairlead-api.ts'
import { asList, asRecord, isRecord, type Json, known, textIn, textMapIn } from '../../domain/plain-json.ts'
import type { ClusterInventoryPort } from '../../ports/cluster-inventory-port.ts'
import type { KubeObjectsPort, LiveObject } from '../../ports/kube-objects-port.ts'
import { hasCode } from './kube-failures.ts'

const ref = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  namespace: fairleadNamespace,
  name: fairleadNames.inventory,
} as const
const [adoptionKey, entriesKey] = ['adoption', 'labels'] as const

/**
 * The inventory in its ConfigMap. Other keys of it are left as they are. Objects that hold the same are written down
 * together: thousands of nodes of a pool take no more room than their names.
 */
export function clusterInventory(objects: Pick<KubeObjectsPort, 'get' | 'patch' | 'create'>): ClusterInventoryPort {
  let last: LiveObject | undefined
  let parsedFrom: { readonly live: LiveObject; readonly inventory: ClusterInventory } | undefined

  const read = async (signal: AbortSignal): Promise<LiveObject | undefined> => await objects.get(ref, signal)
  const patch = async (data: Json, resourceVersion: string, signal: AbortSignal): Promise<void> => {
    last = await objects.patch(ref, 'merge', { metadata: { resourceVersion }, data }, {}, signal)
  }
  return {
    async read(signal) {
      const live = await read(signal)
      last = live
      if (live === undefined) return emptyClusterInventory
      // Thousands of entries are not read anew with every look.
      if (parsedFrom === undefined || !isSameVersion(parsedFrom.live, live)) {
        parsedFrom = { live, inventory: inventoryIn(live) }
      }
      return parsedFrom.inventory
    },
    async write(inventory, signal) {
      const data = dataOf(inventory)
      if (last === undefined) {
        try {
          last = await objects.create({ ...ref, metadata: metadataOfRef, data: withoutNulls(data) }, {}, signal)
          return
        } catch (error) {
          if (hasCode(error, 'KUBE_EXISTS')) throw stale(error)
          throw error
        }
      }
      const before = last
      try {
        await patch(data, before.metadata.resourceVersion, signal)
      } catch (error) {
        if (!hasCode(error, 'KUBE_STALE')) throw error
        // Somebody may have written another key of it; what was read of ours still holds then.
        const now = await read(signal)
        if (now === undefined || !isSameOfOurs(before, now)) throw error
        await patch(data, now.metadata.resourceVersion, signal)
      }
    },
  }
}

const metadataOfRef = { namespace: ref.namespace, name: ref.name }

function stale(cause: unknown): Failure {
  return new Failure(
    'somebody else made the inventory meanwhile',
    {
      code: 'KUBE_STALE',
      where: `ConfigMap ${ref.namespace}/${ref.name}`,
      fix: 'read it again and decide anew; the next pass does so',
      retry: 'soon',
    },
    { cause },
  )
}

function isSameVersion({ metadata: a }: LiveObject, { metadata: b }: LiveObject): boolean {
  return a.uid === b.uid && a.resourceVersion === b.resourceVersion
}

function isSameOfOurs(before: LiveObject, now: LiveObject): boolean {
  const of = (live: LiveObject): readonly unknown[] => {
    const data = asRecord(live['data'])
    return [data[adoptionKey], data[entriesKey]]
  }
  const [a, b] = [of(before), of(now)]
  return before.metadata.uid === now.metadata.uid && a.every((value, at) => value === b[at])
}

interface InventoryData {
  readonly [adoptionKey]: string | null
  readonly [entriesKey]: string | null
}

function dataOf({ adoption, entries }: ClusterInventory): InventoryData & Json {
  return {
    [adoptionKey]: adoption === undefined ? null : JSON.stringify(adoption),
    [entriesKey]: entries.size === 0 ? null : JSON.stringify(groupsOf(entries.values())),
  }
}

function withoutNulls(data: Json): Json {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null))
}

type Held = Omit<ClusterInventoryEntry, 'id'>

interface Group extends Held {
  readonly objects: readonly string[]
}

function groupsOf(entries: Iterable<ClusterInventoryEntry>): readonly Group[] {
  const groups = new Map<string, { readonly held: Held; readonly ids: string[] }>()
  for (const { id, ...held } of entries) {
    const key = JSON.stringify(held)
    const group = groups.get(key) ?? { held, ids: [] }
    group.ids.push(id)
    groups.set(key, group)
  }
  return [...groups.values()].map(({ held, ids }) => ({ objects: ids.toSorted(), ...held }))
}

/** @throws Failure INVENTORY_INVALID: without it nobody could say what is ours */
function inventoryIn(live: LiveObject): ClusterInventory {
  const data = textMapIn(live['data'])
  const adoption = asRecord(parsed(data[adoptionKey], adoptionKey))
  const [cluster, adoptedAt] = [textIn(adoption['cluster']), textIn(adoption['adoptedAt'])]
  const entries = asList(parsed(data[entriesKey], entriesKey)).flatMap(entriesIn)
  return known<ClusterInventory>({
    adoption: cluster === undefined ? undefined : ({ cluster, adoptedAt: adoptedAt ?? '' } satisfies ClusterAdoption),
    entries: new Map(entries.map((entry) => [entry.id, entry])),
  })
}

function entriesIn(value: unknown): readonly ClusterInventoryEntry[] {
  if (!isRecord(value)) throw invalid(entriesKey)
  const replaced = asRecord(value['replaced'])
  return asList(value['objects']).map((id) => {
    if (typeof id !== 'string') throw invalid(entriesKey)
    return known<ClusterInventoryEntry>({
      id: id as ArtefactId,
      labels: textMapIn(value['labels']),
      annotations: textMapIn(value['annotations']),
      replaced: { labels: textMapIn(replaced['labels']), annotations: textMapIn(replaced['annotations']) },
      uid: textIn(value['uid']),
      revision: textIn(value['revision']) ?? '',
    })
  })
}

function parsed(text: string | undefined, key: string): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw invalid(key)
  }
}

function invalid(key: string): Failure {
  return new Failure(`the inventory of the cluster cannot be read: key ${key} is no list of Fairlead's`, {
    code: 'INVENTORY_INVALID',
    where: `ConfigMap ${ref.namespace}/${ref.name}`,
    fix: 'put back what somebody edited; without it, labels of Fairlead would stay when their pools go',
    retry: 'when-changed',
  })
}
