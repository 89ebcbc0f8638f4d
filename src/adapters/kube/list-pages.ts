import { asRecord, type Json, textIn } from '../../domain/plain-json.ts'
import type { ApiClient } from './api-client.ts'
import { hasCode, kubeFailure } from './kube-failures.ts'

export interface ListQuery {
  /** Of the collection: `/api/v1/services`. */
  readonly path: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Another form than the plain one. */
  readonly accept?: string
}

/** What was kept of a collection, and the moment it is of: where a watch goes on. */
export interface Collection<T> {
  readonly items: readonly T[]
  readonly resourceVersion: string
}

const pageSize = 500
const maxAttempts = 3

/**
 * A whole collection, page by page: of every object only what `pick` returns is kept while the next page is read.
 * A list that expired on the way is begun anew.
 *
 * @returns undefined when the server has no such collection
 * @throws Failure as `ApiClient.get`
 * @see k8s.io/apiserver pkg/endpoints/handlers/get.go, `limit` and `continue`
 */
export async function listAll<T>(
  client: ApiClient,
  query: ListQuery,
  pick: (object: Json) => T | undefined,
  signal: AbortSignal,
): Promise<readonly T[] | undefined> {
  return (await listCollection(client, query, pick, signal))?.items
}

/** As `listAll`, with the version of the whole. */
export async function listCollection<T>(
  client: ApiClient,
  query: ListQuery,
  pick: (object: Json) => T | undefined,
  signal: AbortSignal,
): Promise<Collection<T> | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await listOnce(client, query, pick, signal)
    } catch (error) {
      if (!hasCode(error, 'KUBE_LIST_EXPIRED') || attempt >= maxAttempts) throw error
    }
  }
}

async function listOnce<T>(
  client: ApiClient,
  query: ListQuery,
  pick: (object: Json) => T | undefined,
  signal: AbortSignal,
): Promise<Collection<T> | undefined> {
  const kept: T[] = []
  const seen = new Set<string>()
  let token: string | undefined
  let resourceVersion = ''
  do {
    const page = await client.get(pagePath(query, token), signal, query.accept)
    if (page === undefined && token === undefined) return undefined
    const { items, metadata } = asRecord(page)
    // Go writes an empty list of some kinds as null.
    if (!Array.isArray(items) && items !== null) throw invalid(client, query, 'the answer is no list')
    for (const item of items ?? []) {
      const picked = pick(asRecord(item))
      if (picked !== undefined) kept.push(picked)
    }
    resourceVersion = textIn(asRecord(metadata)['resourceVersion']) ?? resourceVersion
    token = textIn(asRecord(metadata)['continue'])
    if (token !== undefined && seen.has(token)) throw invalid(client, query, 'its pages go round in circles')
    if (token !== undefined) seen.add(token)
  } while (token !== undefined)
  return { items: kept, resourceVersion }
}

function pagePath({ path, labelSelector, fieldSelector }: ListQuery, token: string | undefined): string {
  const query = new URLSearchParams({ limit: String(pageSize) })
  if (labelSelector !== undefined) query.set('labelSelector', labelSelector)
  if (fieldSelector !== undefined) query.set('fieldSelector', fieldSelector)
  if (token !== undefined) query.set('continue', token)
  return `${path}?${query.toString()}`
}

function invalid(client: ApiClient, { path }: ListQuery, note: string): Error {
  return kubeFailure('KUBE_ANSWER_INVALID', `${client.address}${path}`, note)
}
