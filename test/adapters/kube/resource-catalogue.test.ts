import { expect, test } from 'vitest'
import type { ApiClient } from '../../../src/adapters/kube/api-client.ts'
import { resourceCatalogue } from '../../../src/adapters/kube/resource-catalogue.ts'

const signal = new AbortController().signal
const widget = { apiVersion: 'example.org/v1', kind: 'Widget' }
const served = { resources: [{ name: 'widgets', kind: 'Widget', namespaced: true, verbs: ['get'] }] }

interface Served extends ApiClient {
  answer: unknown
  readonly paths: readonly string[]
}

function serving(answer: unknown): Served {
  const paths: string[] = []
  return {
    address: 'https://api',
    answer,
    paths,
    async get(path) {
      paths.push(path)
      if (this.answer instanceof Error) throw this.answer
      return this.answer
    },
    close: () => Promise.resolve(),
  }
}

test('a version of a group is asked for once, by all who need it at the same time', async () => {
  const client = serving(served)
  const catalogue = resourceCatalogue(client)
  const found = await Promise.all(Array.from({ length: 5 }, () => catalogue.find(widget, signal)))
  expect(new Set(found.map((one) => one?.name))).toEqual(new Set(['widgets']))
  await catalogue.find(widget, signal)
  expect(client.paths).toEqual(['/apis/example.org/v1'])
})

test('a kind that is missing is asked for again, but not more often than once a second', async () => {
  let nowMs = 0
  const client = serving({ resources: [] })
  const catalogue = resourceCatalogue(client, () => nowMs)
  for (nowMs of [0, 500, 999]) expect(await catalogue.find(widget, signal)).toBeUndefined()
  expect(client.paths.length).toBe(1)
  client.answer = served
  nowMs = 1_000
  expect(await catalogue.find(widget, signal)).toMatchObject({ name: 'widgets', isNamespaced: true })
  expect(client.paths.length).toBe(2)
})

test('what could not be asked is not taken for missing, and is asked again', async () => {
  const client = serving(new Error('broken'))
  const catalogue = resourceCatalogue(client)
  await expect(catalogue.find(widget, signal)).rejects.toThrow('broken')
  client.answer = served
  expect(await catalogue.find(widget, signal)).toBeDefined()
})

test('whoever gives up leaves the answer to the others', async () => {
  const first = new AbortController()
  const client = serving(served)
  const catalogue = resourceCatalogue(client)
  const leaves = catalogue.find(widget, first.signal)
  const stays = catalogue.find(widget, signal)
  first.abort(new Error('left'))
  await expect(leaves).rejects.toThrow('left')
  expect(await stays).toBeDefined()
  expect(client.paths.length).toBe(1)
})

test('what the server turned out not to have is forgotten', async () => {
  const client = serving(served)
  const catalogue = resourceCatalogue(client)
  await catalogue.find(widget, signal)
  catalogue.forget(widget.apiVersion)
  client.answer = undefined
  expect(await catalogue.find(widget, signal)).toBeUndefined()
})

test('the first group has a path of its own, and subresources are told with their resource', async () => {
  const resources = [
    { name: 'nodes', kind: 'Node', namespaced: false, verbs: ['list'] },
    { name: 'nodes/status', kind: 'Node', namespaced: false, verbs: ['get'] },
    { name: 'nodes/proxy', kind: 'NodeProxyOptions', verbs: ['get'] },
  ]
  const client = serving({ resources })
  const found = await resourceCatalogue(client).find({ apiVersion: 'v1', kind: 'Node' }, signal)
  expect(found).toMatchObject({ name: 'nodes', isNamespaced: false, subresources: ['status', 'proxy'] })
  expect(client.paths).toEqual(['/api/v1'])
})
