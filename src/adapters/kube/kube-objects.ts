import type { KubernetesObject } from '../../domain/facts.ts'
import { asRecord, type Json } from '../../domain/plain-json.ts'
import type {
  KubeKind,
  KubeObjectsPort,
  KubeResource,
  KubeWatchPort,
  LiveObject,
  ObjectRef,
} from '../../ports/kube-objects-port.ts'
import { createApiClient, parsedJson, readFailure } from './api-client.ts'
import { type ApiAnswer, type ApiLimits, type ApiRequest, defaultLimits, exchange, whereOf } from './api-exchange.ts'
import { countedAccess, type RequestListener } from './counted-access.ts'
import { type KubeAccess, type KubeSource, openAccess } from './kube-access.ts'
import { kubeFailure } from './kube-failures.ts'
import type { KubeTarget } from './kubeconfig.ts'
import { listObjects } from './list-objects.ts'
import { liveObject } from './live-object.ts'
import { objectPath } from './object-path.ts'
import { withPortProtocols } from './port-protocols.ts'
import { requestSlots } from './request-slots.ts'
import { resourceCatalogue } from './resource-catalogue.ts'
import { shownRef, statusIn, writeFailure } from './status-failure.ts'
import { unappliedObjects } from './unapplied-objects.ts'
import { defaultWatchTiming, type WatchTiming } from './watch-timing.ts'
import { type WatchMeans, watchCollection, watchPicked } from './watched-store.ts'
import { createRequest, deleteRequest, patchRequest, replaceRequest } from './write-requests.ts'

/** The name under which fields are ours. */
export const fieldManager = 'fairlead'

const requestsAtOnce = 16
const watchesAtOnce = 48

export interface KubeObjectsSettings {
  readonly limits?: ApiLimits
  readonly watch?: WatchTiming
  /** For tests that look at what becomes of the fields of another manager. */
  readonly manager?: string
  /** Told of every request as it is answered, watches included. */
  readonly onRequest?: RequestListener
  /** After this long, credentials are looked at again. */
  readonly loginLivesMs?: number
}

export interface KubeObjects extends KubeObjectsPort, KubeWatchPort {
  /** For people: the address without credentials. */
  readonly address: string
  close(): Promise<void>
}

/**
 * The objects of the cluster that a kubeconfig names, for reading and for writing. The first call loads the Kubernetes
 * client, which takes its time and memory.
 *
 * @throws Failure KUBE_CONFIG_*, KUBE_CONTEXT_MISSING, KUBE_CREDENTIALS; nothing is sent yet
 */
export async function openKubeObjects(
  target: KubeTarget,
  signal: AbortSignal,
  settings: KubeObjectsSettings = {},
): Promise<KubeObjects> {
  const { kubeSource } = await import('./kubeconfig.ts')
  return await openObjectsOf(kubeSource(target), signal, settings)
}

/** The same by a kubeconfig that somebody else reads. */
export async function openObjectsOf(
  source: KubeSource,
  signal: AbortSignal,
  settings: KubeObjectsSettings = {},
): Promise<KubeObjects> {
  const connections = requestsAtOnce + watchesAtOnce
  const access = await openAccess(source, connections, signal, settings.loginLivesMs)
  return kubeObjects(settings.onRequest === undefined ? access : countedAccess(access, settings.onRequest), settings)
}

function kubeObjects(access: KubeAccess, settings: KubeObjectsSettings): KubeObjects {
  const { limits = defaultLimits, manager = fieldManager, watch: timing = defaultWatchTiming } = settings
  const slots = requestSlots(requestsAtOnce)
  const plain = createApiClient(access, limits)
  const client = {
    ...plain,
    get: (path: string, signal: AbortSignal, accept?: string) =>
      slots.run(() => plain.get(path, signal, accept), signal),
  }
  const catalogue = resourceCatalogue(client)
  let watches = 0

  const served = async (kind: KubeKind, signal: AbortSignal): Promise<KubeResource> => {
    const resource = await catalogue.find(kind, signal)
    if (resource === undefined) throw kubeFailure('KUBE_KIND_UNKNOWN', `${kind.apiVersion} ${kind.kind}`)
    return resource
  }
  const send = async (ref: ObjectRef, request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer> => {
    const answer = await slots.run(() => exchange(access, request, limits, signal), signal)
    // Not the object but its whole collection is not there: what was known of the group is old.
    if (answer.status === 404 && statusIn(answer.text)['kind'] === undefined) catalogue.forget(ref.apiVersion)
    return answer
  }
  const read = (ref: ObjectRef, { path }: ApiRequest, text: string): LiveObject => {
    const object = liveObject(ref, parsedJson(text, whereOf(access, path)), true)
    if (object === undefined) throw kubeFailure('KUBE_ANSWER_INVALID', shownRef(ref), 'the answer is no object')
    return object
  }
  const write = async (ref: ObjectRef, request: ApiRequest, signal: AbortSignal): Promise<LiveObject> => {
    const answer = await send(ref, request, signal)
    if (answer.status !== 200 && answer.status !== 201) throw writeFailure(answer, ref)
    return read(ref, request, answer.text)
  }
  const get: KubeObjectsPort['get'] = async (ref, signal) => {
    const request: ApiRequest = {
      method: 'GET',
      path: objectPath(placed(await served(ref, signal), ref), ref),
      isRepeatable: true,
    }
    const answer = await send(ref, request, signal)
    if (answer.status === 200) return read(ref, request, answer.text)
    if (answer.status !== 404) throw readFailure(answer.status, shownRef(ref))
    if (statusIn(answer.text)['kind'] !== undefined) return undefined
    throw kubeFailure('KUBE_KIND_UNKNOWN', `${ref.apiVersion} ${ref.kind}`)
  }
  const list: KubeObjectsPort['list'] = async (query, signal) =>
    await listObjects(client, await served(query, signal), query, (object) => object, signal)

  const watching = <T extends { readonly ended: Promise<void> }>(begin: (means: WatchMeans) => T): T => {
    if (watches === watchesAtOnce) throw new Error(`more than ${watchesAtOnce} watches at once`)
    watches += 1
    const store = begin({ access, client, timing, limits, find: served })
    void store.ended.then(() => {
      watches -= 1
    })
    return store
  }

  return {
    address: client.address,
    close: () => client.close(),
    resource: (kind, signal) => catalogue.find(kind, signal),
    get,
    list,
    async create(object, options, signal) {
      const ref = refOf(object)
      return await write(ref, createRequest(placed(await served(ref, signal), ref), object, manager, options), signal)
    },
    async patch(ref, form, patch, options, signal) {
      const resource = placed(await served(ref, signal), ref)
      return await write(ref, patchRequest(resource, ref, form, patch, { ...options, manager }), signal)
    },
    async apply(object, options, signal) {
      const ref = refOf(object)
      const resource = placed(await served(ref, signal), ref)
      const asked = { ...options, manager }
      return await write(ref, patchRequest(resource, ref, 'apply', applicable(object), asked), signal)
    },
    async replace(object, options, signal) {
      const ref = refOf(object)
      return await write(ref, replaceRequest(placed(await served(ref, signal), ref), object, manager, options), signal)
    },
    async delete(ref, options, signal) {
      const resource = placed(await served(ref, signal), ref)
      const answer = await send(ref, deleteRequest(resource, ref, options), signal)
      if (answer.status === 200 || answer.status === 202) {
        const { metadata } = asRecord(parsedJson(answer.text, shownRef(ref)))
        return asRecord(metadata)['deletionTimestamp'] === undefined ? 'deleted' : 'deleting'
      }
      const failure = writeFailure(answer, ref)
      if (failure.detail.code === 'KUBE_MISSING') return 'absent'
      throw failure
    },
    unapplied: (objects, signal) =>
      unappliedObjects(
        {
          get,
          list: async (query, pick) => await listObjects(client, await served(query, signal), query, pick, signal),
        },
        objects.map((object) => ({ object, asSent: applicable(object) })),
        manager,
        signal,
      ),
    watch(query, changed, signal) {
      return watching((means) => watchCollection(means, query, changed, signal))
    },
    watchPicked(query, pick, changed, signal) {
      return watching((means) => watchPicked(means, query, pick, changed, signal))
    },
  }
}

function refOf({ apiVersion, kind, metadata }: KubernetesObject): ObjectRef {
  const { name, namespace } = metadata
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) }
}

/** Nobody guesses a namespace here, and none is dropped in silence. */
function placed(resource: KubeResource, ref: ObjectRef): KubeResource {
  if (resource.isNamespaced === (ref.namespace !== undefined)) return resource
  const note = resource.isNamespaced ? 'it names no namespace' : 'its kind has no namespaces, and it names one'
  throw kubeFailure('KUBE_INVALID', shownRef(ref), note)
}

/** What server-side apply takes: an object that says nothing about managers. */
function applicable(object: KubernetesObject): KubernetesObject {
  const { managedFields: _managedFields, ...metadata } = object.metadata as KubernetesObject['metadata'] & Json
  return withPortProtocols({ ...object, metadata })
}
