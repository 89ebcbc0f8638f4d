import { expect, test } from 'vitest'
import type { ApiClient } from '../../../src/adapters/kube/api-client.ts'
import { discover } from '../../../src/adapters/kube/discovery.ts'

const signal = new AbortController().signal

function serving(answers: Readonly<Record<string, unknown>>): ApiClient {
  return { address: 'https://api', get: async (path) => answers[path], close: () => Promise.resolve() }
}

const list = ['get', 'list']
const networking = {
  name: 'networking.k8s.io',
  versions: [{ version: 'v1beta1' }, { version: 'v1' }],
  preferredVersion: { version: 'v1' },
}

test('a kind is read in the preferred version, or in the best one that has it', async () => {
  const client = serving({
    '/apis': { groups: [networking] },
    '/apis/networking.k8s.io/v1': {
      resources: [
        { name: 'networkpolicies', kind: 'NetworkPolicy', verbs: list },
        { name: 'networkpolicies/status', kind: 'NetworkPolicy', verbs: list },
        { name: 'reviews', kind: 'Review', verbs: ['create'] },
      ],
    },
    '/apis/networking.k8s.io/v1beta1': {
      resources: [
        { name: 'ingresses', kind: 'Ingress', verbs: list },
        { name: 'networkpolicies', kind: 'NetworkPolicy', verbs: list },
      ],
    },
  })
  const discovery = await discover(client, signal)
  expect(discovery.versions('networking.k8s.io')).toEqual(['v1', 'v1beta1'])
  expect(await discovery.resources('networking.k8s.io', signal)).toEqual([
    { apiVersion: 'networking.k8s.io/v1', name: 'networkpolicies', kind: 'NetworkPolicy' },
    { apiVersion: 'networking.k8s.io/v1beta1', name: 'ingresses', kind: 'Ingress' },
  ])
})

test('a group that the server does not have is empty, and is not asked for', async () => {
  const discovery = await discover(serving({ '/apis': { groups: [networking] } }), signal)
  expect(discovery.versions('traefik.io')).toEqual([])
  expect(await discovery.resources('traefik.io', signal)).toEqual([])
})

test('a group whose version went away in the meantime is empty', async () => {
  const discovery = await discover(serving({ '/apis': { groups: [networking] } }), signal)
  expect(await discovery.resources('networking.k8s.io', signal)).toEqual([])
})

test('a server that lists no groups is no Kubernetes', async () => {
  await expect(discover(serving({ '/apis': { paths: [] } }), signal)).rejects.toMatchObject({
    detail: { code: 'KUBE_ANSWER_INVALID', where: 'https://api/apis' },
  })
})
