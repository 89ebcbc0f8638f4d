import { expect, test } from 'vitest'
import type { ApiClient } from '../../../src/adapters/kube/api-client.ts'
import { kubeFailure } from '../../../src/adapters/kube/kube-failures.ts'
import { listAll } from '../../../src/adapters/kube/list-pages.ts'
import { type Json, textIn } from '../../../src/domain/plain-json.ts'

const signal = new AbortController().signal
const nameOf = (object: Json): string | undefined => textIn(object['name'])

interface Script extends ApiClient {
  readonly paths: readonly string[]
}

/** Answers one after the other; an Error is thrown. */
function scripted(...answers: readonly unknown[]): Script {
  const rest = answers.values()
  const paths: string[] = []
  return {
    address: 'https://api',
    paths,
    async get(path) {
      paths.push(path)
      const { value, done } = rest.next()
      if (done === true) throw new Error('asked too often')
      if (value instanceof Error) throw value
      return value
    },
    close: () => Promise.resolve(),
  }
}

const page = (names: readonly string[], token?: string): unknown => ({
  metadata: token === undefined ? {} : { continue: token },
  items: names.map((name) => ({ name })),
})
const expired = kubeFailure('KUBE_LIST_EXPIRED', 'https://api')

test('pages are asked for one after the other, each with the mark of the one before', async () => {
  const client = scripted(page(['a', 'b'], 'x=1&y'), page([], 'two'), page(['c']))
  const query = { path: '/api/v1/pods', labelSelector: 'a in (b,c)', fieldSelector: 'status.phase!=Failed' }
  expect(await listAll(client, query, nameOf, signal)).toEqual(['a', 'b', 'c'])
  const queries = client.paths.map((path) => new URL(path, 'https://api').searchParams)
  expect(queries.map((one) => one.get('continue'))).toEqual([null, 'x=1&y', 'two'])
  for (const one of queries) {
    expect(one.get('limit')).toBe('500')
    expect(one.get('labelSelector')).toBe('a in (b,c)')
    expect(one.get('fieldSelector')).toBe('status.phase!=Failed')
  }
})

test('a list that expires on the way is begun anew, and nothing is in it twice', async () => {
  const client = scripted(page(['a'], 'one'), expired, page(['a'], 'one'), page(['b']))
  expect(await listAll(client, { path: '/p' }, nameOf, signal)).toEqual(['a', 'b'])
})

test('a list that always expires is given up', async () => {
  const client = scripted(expired, expired, expired)
  await expect(listAll(client, { path: '/p' }, nameOf, signal)).rejects.toBe(expired)
  expect(client.paths).toHaveLength(3)
})

test('a collection that the server does not have is undefined, an empty one is empty', async () => {
  expect(await listAll(scripted(undefined), { path: '/p' }, nameOf, signal)).toBeUndefined()
  expect(await listAll(scripted({ items: null }), { path: '/p' }, nameOf, signal)).toEqual([])
})

const notLists = [undefined, null, 'text', [], {}, { items: {} }, { items: 'text' }]

for (const answer of notLists) {
  test(`${JSON.stringify(answer) ?? 'nothing'} as a second page is KUBE_ANSWER_INVALID`, async () => {
    const client = scripted(page(['a'], 'one'), answer)
    await expect(listAll(client, { path: '/p' }, nameOf, signal)).rejects.toMatchObject({
      detail: { code: 'KUBE_ANSWER_INVALID', where: 'https://api/p' },
    })
  })
}

test('pages that go round in circles are KUBE_ANSWER_INVALID', async () => {
  const client = scripted(page(['a'], 'one'), page(['b'], 'two'), page(['a'], 'one'))
  await expect(listAll(client, { path: '/p' }, nameOf, signal)).rejects.toMatchObject({
    detail: { code: 'KUBE_ANSWER_INVALID' },
  })
})
