import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { Failure } from '../../domain/failure.ts'
import { asRecord, textIn } from '../../domain/plain-json.ts'
import type {
  KubeKind,
  KubeQuery,
  KubeResource,
  KubeStore,
  LiveObject,
  StoreState,
  VersionedStore,
} from '../../ports/kube-objects-port.ts'
import type { ApiClient } from './api-client.ts'
import type { ApiLimits } from './api-exchange.ts'
import type { KubeAccess } from './kube-access.ts'
import { listObjects, objectOfQuery } from './list-objects.ts'
import type { Collection } from './list-pages.ts'
import { keyOf } from './live-object.ts'
import { collectionPath } from './object-path.ts'
import { followWatch, type WatchEnd, type WatchEvent } from './watch-stream.ts'
import { type WatchTiming, waitMs, watchSeconds } from './watch-timing.ts'

export interface WatchMeans {
  readonly access: KubeAccess
  readonly client: ApiClient
  readonly timing: WatchTiming
  readonly limits: ApiLimits
  /** @throws Failure KUBE_KIND_UNKNOWN, or as `ApiClient.get` */
  readonly find: (kind: KubeKind, signal: AbortSignal) => Promise<KubeResource>
}

const metadataOnlyWatch = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json'

/**
 * List, then watch from there; again from where it ended; the whole list again when the server forgot that place. Whatever
 * fails is tried again, later each time, until `signal` ends it.
 */
export function watchCollection(
  means: WatchMeans,
  query: KubeQuery,
  changed: (keys: readonly string[]) => void,
  signal: AbortSignal,
): KubeStore & { readonly ended: Promise<void> } {
  return watchPicked(means, query, (object) => object, changed, signal)
}

/**
 * The same, and of each object only what `pick` makes of it is kept: of 2,000 Nodes most of the memory are lists of images.
 * Objects whose pick is as before are not told: a heartbeat is no change.
 */
export function watchPicked<T>(
  means: WatchMeans,
  query: KubeQuery,
  pick: (object: LiveObject) => T,
  changed: (keys: readonly string[]) => void,
  signal: AbortSignal,
): VersionedStore<T> & { readonly ended: Promise<void> } {
  const objects = new Map<string, Picked<T>>()
  const first = Promise.withResolvers<void>()
  let state: StoreState = { kind: 'listing' }
  // Later, so that an error of whoever listens is not taken for one of the watch.
  const tell = (keys: readonly string[]): void => {
    if (keys.length > 0) queueMicrotask(() => changed(keys))
  }
  const take = (object: LiveObject): Picked<T> => {
    const { uid, resourceVersion } = object.metadata
    return { key: keyOf(object), uid, version: resourceVersion, value: pick(object) }
  }
  const takeList = (items: readonly Picked<T>[]): void => {
    const keys = replaceAll(objects, items)
    first.resolve()
    tell(keys)
  }
  const takeEvents = (events: readonly WatchEvent[]): void => tell(applyEvents(objects, query, events, take))
  const entered = (next: StoreState): void => {
    state = next
  }
  const ended = keepUp(means, query, { take, takeList, takeEvents, entered }, signal).catch((error: unknown) => {
    first.reject(error)
    if (!signal.aborted) throw error
  })
  // Whoever does not wait for it does not have to.
  first.promise.catch(() => undefined)
  return {
    ready: first.promise,
    ended,
    state: () => state,
    get: (key) => objects.get(key)?.value,
    version(key) {
      const picked = objects.get(key)
      return picked === undefined ? undefined : { uid: picked.uid, resourceVersion: picked.version }
    },
    items: () => objects.values().map(({ value }) => value),
    get size() {
      return objects.size
    },
  }
}

/** What is kept of an object. */
interface Picked<T> {
  readonly key: string
  readonly uid: string
  readonly version: string
  readonly value: T
}

interface Sinks<T> {
  take(object: LiveObject): Picked<T>
  takeList(items: readonly Picked<T>[]): void
  takeEvents(events: readonly WatchEvent[]): void
  entered(state: StoreState): void
}

/** Never returns; ends with the reason of `signal`. */
async function keepUp<T>(means: WatchMeans, query: KubeQuery, sinks: Sinks<T>, signal: AbortSignal): Promise<void> {
  // A watch that lived this long, or told anything, was a good one.
  const goodAfterMs = Math.min(5_000, means.timing.silenceMs / 2)
  let failures = 0
  const pause = async (failure: Failure | undefined): Promise<void> => {
    failures += 1
    if (failure !== undefined) sinks.entered({ kind: 'interrupted', failure })
    await sleep(waitMs(means.timing, failures, Math.random()), undefined, { signal })
  }
  let version: string | undefined
  for (;;) {
    signal.throwIfAborted()
    if (version === undefined) {
      const listed = await listNow(means, query, (object) => sinks.take(object), signal)
      if (listed instanceof Failure) {
        await pause(listed)
        continue
      }
      sinks.takeList(listed.items)
      version = listed.resourceVersion
    }
    const startedAtMs = performance.now()
    let events = 0
    const end: WatchEnd = await watchFrom(means, query, version, signal, (taken) => {
      sinks.entered({ kind: 'watching' })
      events += taken.length
      version = lastVersion(taken) ?? version
      sinks.takeEvents(taken)
    })
    const isGood = events > 0 || performance.now() - startedAtMs > goodAfterMs
    if (isGood) failures = 0
    if (end.kind === 'expired') version = undefined
    // An end that comes at once, again and again, must not become a storm.
    if (end.kind === 'failed') await pause(end.failure)
    else if (!isGood) await pause(undefined)
  }
}

async function listNow<T>(
  { client, find }: WatchMeans,
  query: KubeQuery,
  take: (object: LiveObject) => Picked<T>,
  signal: AbortSignal,
): Promise<Collection<Picked<T>> | Failure> {
  try {
    return await listObjects(client, await find(query, signal), query, take, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof Failure) return error
    throw error
  }
}

async function watchFrom(
  { access, timing, limits, find }: WatchMeans,
  query: KubeQuery,
  version: string,
  signal: AbortSignal,
  take: (events: readonly WatchEvent[]) => void,
): Promise<WatchEnd> {
  const seconds = watchSeconds(timing, Math.random())
  try {
    const path = collectionPath(await find(query, signal), query.namespace, {
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: version,
      timeoutSeconds: String(seconds),
      labelSelector: query.labelSelector,
      fieldSelector: query.fieldSelector,
    })
    const request = {
      path,
      accept: query.metadataOnly === true ? metadataOnlyWatch : 'application/json',
      deadlineMs: seconds * 1000 + timing.graceMs,
      silenceMs: timing.silenceMs,
    }
    return await followWatch(access, request, limits, take, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof Failure) return { kind: 'failed', failure: error }
    throw error
  }
}

/** @returns the keys of what is another than before, or gone: a deletion that nobody told of is one, too */
function replaceAll<T>(objects: Map<string, Picked<T>>, items: readonly Picked<T>[]): readonly string[] {
  const former = new Map(objects)
  objects.clear()
  const changed: string[] = []
  for (const item of items) {
    objects.set(item.key, item)
    if (!isSame(former.get(item.key), item)) changed.push(item.key)
    former.delete(item.key)
  }
  return [...changed, ...former.keys()]
}

function isSame<T>(before: Picked<T> | undefined, now: Picked<T>): boolean {
  if (before === undefined) return false
  const isSameVersion = before.uid === now.uid && before.version === now.version
  return isSameVersion || isDeepStrictEqual(before.value, now.value)
}

function applyEvents<T>(
  objects: Map<string, Picked<T>>,
  query: KubeQuery,
  events: readonly WatchEvent[],
  take: (object: LiveObject) => Picked<T>,
): readonly string[] {
  const changed = new Set<string>()
  for (const { type, object } of events) {
    const live = type === 'BOOKMARK' ? undefined : objectOfQuery(query, object)
    if (live === undefined) continue
    if (type === 'DELETED') {
      objects.delete(keyOf(live))
      changed.add(keyOf(live))
      continue
    }
    const item = take(live)
    if (!isSame(objects.get(item.key), item)) changed.add(item.key)
    objects.set(item.key, item)
  }
  return [...changed]
}

function lastVersion(events: readonly WatchEvent[]): string | undefined {
  return textIn(asRecord(events.at(-1)?.object['metadata'])['resourceVersion'])
}
