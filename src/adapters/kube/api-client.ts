import type { Failure } from '../../domain/failure.ts'
import { type ApiAnswer, type ApiLimits, defaultLimits, exchange, whereOf } from './api-exchange.ts'
import type { KubeAccess } from './kube-access.ts'
import { type KubeFailureCode, kubeFailure } from './kube-failures.ts'

/** Reads JSON documents of one API server. Nothing here can change anything: it only ever sends GET. */
export interface ApiClient {
  /** For people: the address without credentials. */
  readonly address: string
  /**
   * @param path from the server's address, with its query: `/api/v1/nodes?limit=500`
   * @param accept another form than the plain one
   * @returns the parsed JSON; undefined when there is no such path (404)
   * @throws Failure KUBE_UNREACHABLE, KUBE_TLS, KUBE_TIMEOUT, KUBE_UNAUTHORIZED, KUBE_FORBIDDEN, KUBE_OVERLOADED,
   *   KUBE_SERVER_ERROR, KUBE_LIST_EXPIRED, KUBE_ANSWER_INVALID
   */
  get(path: string, signal: AbortSignal, accept?: string): Promise<unknown>
  close(): Promise<void>
}

export function createApiClient(access: KubeAccess, limits: ApiLimits = defaultLimits): ApiClient {
  return {
    address: `${access.origin}${access.basePath}`,
    async get(path, signal, accept) {
      const request = { method: 'GET', path, isRepeatable: true, ...(accept === undefined ? {} : { accept }) } as const
      return documentIn(await exchange(access, request, limits, signal), whereOf(access, path))
    },
    close: () => access.close(),
  }
}

const failureOfStatus: ReadonlyMap<number, KubeFailureCode> = new Map([
  [401, 'KUBE_UNAUTHORIZED'],
  [403, 'KUBE_FORBIDDEN'],
  [410, 'KUBE_LIST_EXPIRED'],
  [429, 'KUBE_OVERLOADED'],
])

/** The body of everything but a success is read to keep the connection, and is looked at by nobody. */
function documentIn({ status, text }: ApiAnswer, where: string): unknown {
  if (status === 404) return undefined
  if (status === 200) return parsedJson(text, where)
  throw readFailure(status, where)
}

/** What a read that was answered otherwise than with 200 or 404 means. */
export function readFailure(status: number, where: string): Failure {
  const known = failureOfStatus.get(status)
  if (known !== undefined) return kubeFailure(known, where)
  return kubeFailure(status >= 500 ? 'KUBE_SERVER_ERROR' : 'KUBE_ANSWER_INVALID', where, `HTTP ${status}`)
}

export function parsedJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The error of the parser quotes what it read.
    throw kubeFailure('KUBE_ANSWER_INVALID', where, 'the answer is no JSON')
  }
}
