import type { KubernetesObject } from '../../domain/facts.ts'
import { asRecord, type Json } from '../../domain/plain-json.ts'
import type {
  ApplyOptions,
  DeleteOptions,
  KubeResource,
  ObjectRef,
  PatchForm,
  WriteOptions,
} from '../../ports/kube-objects-port.ts'
import type { ApiRequest } from './api-exchange.ts'
import { collectionPath, objectPath, type QueryFields } from './object-path.ts'

export function createRequest(
  resource: KubeResource,
  object: KubernetesObject,
  manager: string,
  { dryRun }: WriteOptions,
): ApiRequest {
  const path = collectionPath(resource, object.metadata.namespace, asked(manager, dryRun))
  return { method: 'POST', path, body: plainJson(object), isRepeatable: false }
}

const patchTypes: Readonly<Record<PatchForm | 'apply', string>> = {
  strategic: 'application/strategic-merge-patch+json',
  merge: 'application/merge-patch+json',
  // JSON is YAML.
  apply: 'application/apply-patch+yaml',
}

export function patchRequest(
  resource: KubeResource,
  ref: ObjectRef,
  form: PatchForm | 'apply',
  patch: Json,
  { dryRun, force, subresource, manager }: ApplyOptions & { readonly manager: string },
): ApiRequest {
  const query = { ...asked(manager, dryRun), ...(form === 'apply' ? { force: String(force === true) } : {}) }
  return {
    method: 'PATCH',
    path: objectPath(resource, ref, subresource, query),
    body: { type: patchTypes[form], text: JSON.stringify(patch) },
    // With a version it would be refused the second time, although the first one was what changed it.
    isRepeatable: asRecord(patch['metadata'])['resourceVersion'] === undefined,
  }
}

export function replaceRequest(
  resource: KubeResource,
  object: KubernetesObject,
  manager: string,
  { dryRun, subresource }: WriteOptions,
): ApiRequest {
  const path = objectPath(resource, object.metadata, subresource, asked(manager, dryRun))
  return { method: 'PUT', path, body: plainJson(object), isRepeatable: false }
}

export function deleteRequest(
  resource: KubeResource,
  ref: ObjectRef,
  { propagation, uid, resourceVersion, dryRun }: DeleteOptions,
): ApiRequest {
  const preconditions = { uid, resourceVersion }
  const options = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    propagationPolicy: propagation,
    preconditions: uid === undefined && resourceVersion === undefined ? undefined : preconditions,
    dryRun: dryRun === true ? ['All'] : undefined,
  }
  return {
    method: 'DELETE',
    path: objectPath(resource, ref),
    body: plainJson(options),
    // By name alone, the second time might meet an object that somebody made in between.
    isRepeatable: uid !== undefined,
  }
}

function asked(fieldManager: string, dryRun: boolean | undefined): QueryFields {
  return { fieldManager, dryRun: dryRun === true ? 'All' : undefined }
}

function plainJson(value: object): NonNullable<ApiRequest['body']> {
  return { type: 'application/json', text: JSON.stringify(value) }
}
