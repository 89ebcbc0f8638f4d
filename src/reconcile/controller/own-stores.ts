import { Failure } from '../../domain/failure.ts'
import { fairleadKinds, fairleadNamespace } from '../../domain/fairlead-api.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type {
  KubeObjectsPort,
  KubeStore,
  KubeWatchPort,
  LiveObject,
  VersionedStore,
} from '../../ports/kube-objects-port.ts'
import { type AccessRecord, accessQueries, accessRecord } from './agent-access.ts'
import { recordQuery } from './cluster-record-object.ts'
import { type ContentRecord, contentQuery, contentRecord } from './content-record.ts'
import { type PublishedRecord, publishedQuery, publishedRecord } from './published-record.ts'

/** What we wrote into the API, as watches tell it. */
export interface OwnStores {
  readonly programs: VersionedStore<PublishedRecord>
  readonly contents: VersionedStore<ContentRecord>
  /** Of `accessQueries`, in their order. */
  readonly access: readonly VersionedStore<AccessRecord>[]
  /** @param cluster the only one there is, unless told */
  record(cluster: string | undefined): LiveObject | undefined
}

export type OwnPart = 'programs' | 'contents' | 'access' | 'record'

type WatchableObjects = Pick<KubeObjectsPort, 'resource' | 'watch'> & KubeWatchPort

const askAgainMs = 1_000

/**
 * Opens the watches once the server has our kinds; a controller that does not lead may start before them.
 * @throws the reason of `signal`
 */
export async function openOwnStores(
  objects: WatchableObjects,
  clock: Pick<ClockPort, 'sleep'>,
  changed: (part: OwnPart, keys: readonly string[]) => void,
  signal: AbortSignal,
): Promise<OwnStores> {
  for (const kind of Object.values(fairleadKinds)) {
    while (!(await isServed(objects, kind, signal))) {
      await clock.sleep(askAgainMs, signal)
      signal.throwIfAborted()
    }
  }
  const told = (part: OwnPart) => (keys: readonly string[]) => changed(part, keys)
  const programs = objects.watchPicked(publishedQuery, publishedRecord, told('programs'), signal)
  const contents = objects.watchPicked(contentQuery, contentRecord, told('contents'), signal)
  const access = accessQueries.map((query) => objects.watchPicked(query, accessRecord, told('access'), signal))
  const records: KubeStore = objects.watch(recordQuery, told('record'), signal)
  await Promise.all([programs.ready, contents.ready, ...access.map(({ ready }) => ready), records.ready])
  return { programs, contents, access, record: (cluster) => recordIn(records, cluster) }
}

function recordIn(records: KubeStore, cluster: string | undefined): LiveObject | undefined {
  if (cluster !== undefined) return records.get(`${fairleadNamespace}/${cluster}`)
  return records.size === 1 ? records.items().next().value : undefined
}

async function isServed(
  objects: WatchableObjects,
  kind: (typeof fairleadKinds)[keyof typeof fairleadKinds],
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return (await objects.resource(kind, signal)) !== undefined
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof Failure) return false
    throw error
  }
}
