/** Group, kind, namespace and name: K3s takes two versions of a kind for one object. */
export function objectKey(object: {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string
  readonly name: string
}): string {
  const slash = object.apiVersion.indexOf('/')
  const group = slash < 0 ? '' : object.apiVersion.slice(0, slash)
  return `${group}/${object.kind}/${object.namespace ?? 'default'}/${object.name}`
}
