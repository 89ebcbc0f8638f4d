import type { KubeResource, ObjectRef } from '../../ports/kube-objects-port.ts'

export type QueryFields = Readonly<Record<string, string | undefined>>

/** `/api/v1/namespaces/shop/configmaps`, `/apis/apps/v1/daemonsets`. */
export function collectionPath(
  { apiVersion, name }: KubeResource,
  namespace?: string,
  query: QueryFields = {},
): string {
  const space = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`
  return `${groupPath(apiVersion)}${space}/${name}${shownQuery(query)}`
}

/** `/api/v1/namespaces/shop/configmaps/settings/status?dryRun=All`. */
export function objectPath(
  resource: KubeResource,
  ref: Pick<ObjectRef, 'namespace' | 'name'>,
  subresource?: string,
  query: QueryFields = {},
): string {
  const below = subresource === undefined ? '' : `/${subresource}`
  return `${collectionPath(resource, ref.namespace)}/${encodeURIComponent(ref.name)}${below}${shownQuery(query)}`
}

/** `/api/v1` of the first group, which has no name; `/apis/apps/v1` of all others. */
export function groupPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
}

function shownQuery(query: QueryFields): string {
  const fields = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return fields.length === 0 ? '' : `?${new URLSearchParams(fields).toString()}`
}
