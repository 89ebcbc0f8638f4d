import type { KubeAccess } from './kube-access.ts'

/**
 * @param verb `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`
 * @param resource as in the path: `nodeprograms/status`; `discovery` for what is no collection
 * @param status HTTP; 0 when no answer came
 */
export type RequestListener = (verb: string, resource: string, status: number) => void

/** The same way to the server, with every request told. */
export function countedAccess(access: KubeAccess, onRequest: RequestListener): KubeAccess {
  return {
    origin: access.origin,
    basePath: access.basePath,
    get dispatcher() {
      const { dispatcher } = access
      return new Proxy(dispatcher, {
        get: (target, property) => (property === 'request' ? counted(target, access.basePath, onRequest) : undefined),
      })
    },
    headers: (signal) => access.headers(signal),
    forget: (refused) => access.forget(refused),
    close: () => access.close(),
  }
}

type Dispatch = KubeAccess['dispatcher']['request']

function counted(
  dispatcher: KubeAccess['dispatcher'],
  basePath: string,
  onRequest: RequestListener,
): (options: Parameters<Dispatch>[0]) => ReturnType<Dispatch> {
  return async (options) => {
    const { verb, resource } = askedFor(options.method, options.path.slice(basePath.length))
    try {
      const answer = await dispatcher.request(options)
      onRequest(verb, resource, answer.statusCode)
      return answer
    } catch (error) {
      onRequest(verb, resource, 0)
      throw error
    }
  }
}

const verbs: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }

/** What the API server's own metrics call it. @see k8s.io/apiserver pkg/endpoints/request/requestinfo.go */
export function askedFor(method: string, pathAndQuery: string): { readonly verb: string; readonly resource: string } {
  const [path = '', query = ''] = pathAndQuery.split('?')
  const parts = path.split('/').filter((part) => part !== '')
  const afterVersion = parts[0] === 'api' ? parts.slice(2) : parts[0] === 'apis' ? parts.slice(3) : []
  const isInNamespace = afterVersion[0] === 'namespaces' && afterVersion.length > 2
  const [collection, name, subresource] = isInNamespace ? afterVersion.slice(2) : afterVersion
  const resource = collection === undefined ? 'discovery' : [collection, subresource].filter(Boolean).join('/')
  const written = verbs[method]
  if (written !== undefined) return { verb: written, resource }
  if (new URLSearchParams(query).has('watch')) return { verb: 'watch', resource }
  return { verb: name === undefined && collection !== undefined ? 'list' : 'get', resource }
}
