import { asRecord, type Json } from '../../domain/plain-json.ts'
import type { KubeQuery, KubeResource, LiveObject } from '../../ports/kube-objects-port.ts'
import type { ApiClient } from './api-client.ts'
import { kubeFailure } from './kube-failures.ts'
import { type Collection, listCollection } from './list-pages.ts'
import { liveObject } from './live-object.ts'
import { collectionPath } from './object-path.ts'

/** A server that cannot leave the rest out answers with whole objects. */
export const metadataOnlyList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json'

/**
 * The objects of a collection, all pages.
 * @throws Failure as `ApiClient.get`; KUBE_KIND_UNKNOWN when the collection is not there any more
 */
export async function listObjects<T>(
  client: ApiClient,
  resource: KubeResource,
  query: KubeQuery,
  pick: (object: LiveObject) => T | undefined,
  signal: AbortSignal,
): Promise<Collection<T>> {
  const { namespace, labelSelector, fieldSelector, metadataOnly } = query
  const found = await listCollection(
    client,
    {
      path: collectionPath(resource, namespace),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(metadataOnly === true ? { accept: metadataOnlyList } : {}),
    },
    (item) => {
      const object = objectOfQuery(query, item)
      return object === undefined ? undefined : pick(object)
    },
    signal,
  )
  if (found === undefined) throw kubeFailure('KUBE_KIND_UNKNOWN', `${query.apiVersion} ${query.kind}`)
  return found
}

/** As much of an item as was asked for. */
export function objectOfQuery(query: KubeQuery, item: unknown): LiveObject | undefined {
  const wanted: unknown = query.metadataOnly === true ? onlyMetadata(asRecord(item)) : item
  return liveObject(query, wanted, query.keepManagedFields === true)
}

function onlyMetadata({ metadata }: Json): Json {
  return { metadata }
}
