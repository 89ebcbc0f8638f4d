import type { KubernetesObject } from '../../domain/facts.ts'
import { asRecord, isRecord, type Json, textIn } from '../../domain/plain-json.ts'
import type { KubeKind, LiveObject } from '../../ports/kube-objects-port.ts'

/**
 * An object as it came, with its kind, which items of lists do not say themselves.
 * @returns undefined for what is none
 */
export function liveObject(
  { apiVersion, kind }: KubeKind,
  value: unknown,
  keepManagedFields: boolean,
): LiveObject | undefined {
  if (!isRecord(value)) return undefined
  const metadata = asRecord(value['metadata'])
  const name = textIn(metadata['name'])
  // What a dry run would create has no version yet.
  const [uid, resourceVersion] = [textIn(metadata['uid']), textIn(metadata['resourceVersion']) ?? '']
  if (name === undefined || uid === undefined) return undefined
  const { managedFields: _managedFields, ...withoutManaged } = metadata
  const kept: Json = keepManagedFields ? metadata : withoutManaged
  return { ...value, apiVersion, kind, metadata: { ...kept, name, uid, resourceVersion } }
}

/** `shop/settings`; `agent-1` for kinds without namespaces. */
export function keyOf({ metadata }: KubernetesObject): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`
}
