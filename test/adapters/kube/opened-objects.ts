import type { IncomingMessage, ServerResponse } from 'node:http'
import { onTestFinished } from 'vitest'
import { type KubeObjects, type KubeObjectsSettings, openKubeObjects } from '../../../src/adapters/kube/kube-objects.ts'
import { type StandInApi, sendJson, startStandIn, writeKubeconfig } from './stand-in-api.ts'

const verbs = ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete']
const resources = [
  { name: 'configmaps', kind: 'ConfigMap', namespaced: true, verbs },
  { name: 'secrets', kind: 'Secret', namespaced: true, verbs },
]

export interface OpenedObjects {
  readonly objects: KubeObjects
  readonly api: StandInApi
  /** Without those for discovery. */
  readonly requests: () => readonly string[]
}

/**
 * A client of an HTTP server that answers as a test says; what it serves, it says by itself.
 * @param answer `count` is of the requests that came here
 */
export async function openObjects(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
  settings: KubeObjectsSettings = {},
  user: Readonly<Record<string, unknown>> = { token: 'hunter2' },
): Promise<OpenedObjects> {
  let count = 0
  const api = await startStandIn((request, response) => {
    if (request.url === '/api/v1') sendJson(response, { kind: 'APIResourceList', resources })
    else {
      count += 1
      answer(request, response, count)
    }
  })
  const kubeconfig = await writeKubeconfig({ cluster: { server: api.url }, user })
  const objects = await openKubeObjects({ kubeconfigs: [kubeconfig] }, new AbortController().signal, settings)
  onTestFinished(() => objects.close())
  return {
    objects,
    api,
    requests: () =>
      api.requests.filter(({ url }) => url !== '/api/v1').map(({ method, url }) => `${method} ${url?.split('?')[0]}`),
  }
}

export const configMap = (name: string, resourceVersion = '1', data: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion },
  data,
})
