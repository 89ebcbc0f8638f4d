/** One request as an auditor of the API would name it. */
export interface ApiCall {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'patch' | 'update' | 'delete' | 'other'
  /** `configmaps`, `nodeprograms/status`; empty for what is no resource. */
  readonly resource: string
  /** Empty for collections. */
  readonly name: string
  readonly path: string
  /** Common name of the client's certificate. */
  readonly user: string
  readonly isWrite: boolean
  /** When it came, by the clock of this process. */
  readonly atMs: number
}

const verbs: Readonly<Record<string, ApiCall['verb']>> = {
  POST: 'create',
  PATCH: 'patch',
  PUT: 'update',
  DELETE: 'delete',
}

/** @see k8s.io/apiserver pkg/endpoints/request/requestinfo.go */
export function apiCall(method: string, target: string, user: string): ApiCall {
  const { pathname, searchParams } = new URL(target, 'https://api')
  const parts = pathname.split('/').filter(Boolean)
  const inGroup = parts[0] === 'apis' ? parts.slice(3) : parts[0] === 'api' ? parts.slice(2) : []
  const isInside = inGroup[0] === 'namespaces' && inGroup.length > 2
  const [resource = '', name = '', subresource] = isInside ? inGroup.slice(2) : inGroup
  const read = searchParams.has('watch') ? 'watch' : name === '' ? 'list' : 'get'
  const verb = method === 'GET' ? (resource === '' ? 'other' : read) : (verbs[method] ?? 'other')
  return {
    verb,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    name,
    path: pathname,
    user,
    atMs: performance.now(),
    isWrite: method !== 'GET' && !searchParams.has('dryRun') && resource !== '',
  }
}
