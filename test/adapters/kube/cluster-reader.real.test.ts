import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { defaultLimits } from '../../../src/adapters/kube/api-exchange.ts'
import { openClusterReader } from '../../../src/adapters/kube/cluster-reader.ts'
import { failureOf, listen, portOf, readCluster } from './reading.ts'
import { answerAsEmptyCluster, sendJson, startStandIn, writeKubeconfig } from './stand-in-api.ts'

test('an empty cluster without EndpointSlices is read; what is not there is no refusal', async () => {
  const { url, requests } = await startStandIn(answerAsEmptyCluster)
  const reading = await readCluster({ cluster: { server: url } })
  expect(reading).toEqual({
    facts: {
      origin: 'live',
      nodes: [],
      hasAllNodes: true,
      services: [],
      hostPortPods: [],
      servicelbDaemonSets: [],
      objects: [],
    },
    serverVersion: 'v1.17.2+k3s1',
    nodeArguments: new Map(),
    unread: [],
  })
  expect(new Set(requests.map(({ method }) => method))).toEqual(new Set(['GET']))
  expect(requests.map(({ url }) => url)).toContain('/api/v1/endpoints?limit=500')
  expect(requests.filter(({ url }) => url?.includes('secrets'))).toEqual([])
})

test('a server behind the path of a gateway is asked below that path', async () => {
  const { url, requests } = await startStandIn(answerAsEmptyCluster)
  await readCluster({ cluster: { server: `${url}/k8s/clusters/c-1/` } })
  expect(requests.every((request) => request.url?.startsWith('/k8s/clusters/c-1/'))).toBe(true)
})

test('a server that has the API of EndpointSlices and no slice is asked for its Endpoints', async () => {
  const metadata = { namespace: 'shop', name: 'web' }
  const subsets = [{ addresses: [{ nodeName: 'one', targetRef: { kind: 'Pod' } }] }]
  const lists: Readonly<Record<string, unknown>> = {
    '/apis': { groups: [{ name: 'discovery.k8s.io', versions: [{ version: 'v1beta1' }] }] },
    '/api/v1/endpoints?limit=500': { items: [{ metadata, subsets }] },
    '/api/v1/services?limit=500': { items: [{ metadata, spec: {} }] },
  }
  const { url, requests } = await startStandIn((request, response) => {
    const list = lists[request.url ?? '']
    if (list === undefined) answerAsEmptyCluster(request, response)
    else sendJson(response, list)
  })
  const { facts } = await readCluster({ cluster: { server: url } })
  expect(facts.services[0]?.endpointNodes).toEqual(['one'])
  expect(requests.map((request) => request.url)).toContain('/apis/discovery.k8s.io/v1beta1/endpointslices?limit=500')
})

const statusCases = [
  { status: 401, code: 'KUBE_UNAUTHORIZED', asked: 2, because: 'credentials are made anew once' },
  { status: 403, code: 'KUBE_FORBIDDEN', asked: 1, because: 'asking again changes no rights' },
  { status: 404, code: 'KUBE_ANSWER_INVALID', asked: 1, because: 'every Kubernetes has a version' },
  { status: 302, code: 'KUBE_ANSWER_INVALID', asked: 1, because: 'a login page is no API' },
  { status: 500, code: 'KUBE_SERVER_ERROR', asked: 1, because: 'it would fail again' },
  { status: 503, code: 'KUBE_SERVER_ERROR', asked: 3, because: 'a server that starts is ready soon' },
] as const

for (const { status, code, asked, because } of statusCases) {
  test(`HTTP ${status} is ${code}: ${because}`, async () => {
    const { url, requests } = await startStandIn((_request, response) => {
      sendJson(response, { kind: 'Status', message: 'hunter2' }, status, { location: 'https://login.example' })
    })
    const failure = await failureOf(readCluster({ cluster: { server: url } }))
    expect(failure.detail).toMatchObject({ code, where: `${url}/version` })
    expect(`${failure.message} ${JSON.stringify(failure)} ${String(failure.cause)}`).not.toContain('hunter2')
    expect(requests).toHaveLength(asked)
  })
}

const garbage = [
  { name: 'a web page', text: '<html>hunter2</html>', code: 'KUBE_ANSWER_INVALID' },
  { name: 'JSON that is no object', text: '[1, 2]', code: 'KUBE_ANSWER_INVALID' },
  { name: 'JSON of something else', text: '{"hello":"hunter2"}', code: 'KUBE_ANSWER_INVALID' },
  { name: 'half of an answer', text: '{"gitVersion":"v1', code: 'KUBE_ANSWER_INVALID' },
] as const

for (const { name, text, code } of garbage) {
  test(`${name} instead of a version is ${code}`, async () => {
    const { url } = await startStandIn((_request, response) => response.end(text))
    const failure = await failureOf(readCluster({ cluster: { server: url } }))
    expect(failure.detail).toMatchObject({ code, where: `${url}/version` })
    expect(`${failure.message} ${String(failure.cause)}`).not.toContain('hunter2')
  })
}

test('a list that is no list is KUBE_ANSWER_INVALID, and not an empty cluster', async () => {
  const { url } = await startStandIn((request, response) => {
    if (request.url?.startsWith('/api/v1/nodes')) sendJson(response, { kind: 'NodeList' })
    else answerAsEmptyCluster(request, response)
  })
  const failure = await failureOf(readCluster({ cluster: { server: url } }))
  expect(failure.detail).toMatchObject({ code: 'KUBE_ANSWER_INVALID', where: `${url}/api/v1/nodes` })
})

test('an answer beyond the limit is not collected', async () => {
  const { url } = await startStandIn((_request, response) => sendJson(response, { gitVersion: 'v'.repeat(5000) }))
  const failure = await failureOf(readCluster({ cluster: { server: url } }, { ...defaultLimits, answerBytes: 4096 }))
  expect(failure.detail.code).toBe('KUBE_ANSWER_INVALID')
  expect(failure.message).toContain('4096 bytes')
})

test('a server that takes the request and says nothing is KUBE_TIMEOUT', async () => {
  const { url } = await startStandIn(() => undefined)
  const failure = await failureOf(readCluster({ cluster: { server: url } }, { ...defaultLimits, requestMs: 200 }))
  expect(failure.detail).toMatchObject({ code: 'KUBE_TIMEOUT', where: `${url}/version`, retry: 'soon' })
})

test('a server that drips its answer is KUBE_TIMEOUT as well', async () => {
  const { url } = await startStandIn((_request, response) => {
    response.writeHead(200)
    const drip = setInterval(() => response.write(' '), 20)
    response.on('close', () => clearInterval(drip))
  })
  const failure = await failureOf(readCluster({ cluster: { server: url } }, { ...defaultLimits, requestMs: 300 }))
  expect(failure.detail.code).toBe('KUBE_TIMEOUT')
})

test('nobody listening is KUBE_UNREACHABLE with the reason of the system', async () => {
  const port = await portOf(await listen(createServer()), 'closed')
  const failure = await failureOf(readCluster({ cluster: { server: `https://127.0.0.1:${port}` } }))
  expect(failure.detail).toMatchObject({ code: 'KUBE_UNREACHABLE', where: `https://127.0.0.1:${port}/version` })
  expect(failure.message).toContain('ECONNREFUSED')
})

test('a name that nobody knows is KUBE_UNREACHABLE', async () => {
  const failure = await failureOf(readCluster({ cluster: { server: 'https://does-not-exist.invalid:6443' } }))
  expect(failure.detail.code).toBe('KUBE_UNREACHABLE')
})

test('what speaks something else than HTTP is KUBE_ANSWER_INVALID', async () => {
  const port = await portOf(
    await listen(createServer((socket) => socket.once('data', () => socket.end('SSH-2.0\r\n')))),
  )
  const failure = await failureOf(readCluster({ cluster: { server: `http://127.0.0.1:${port}` } }))
  expect(failure.detail.code).toBe('KUBE_ANSWER_INVALID')
})

test('what speaks no TLS where TLS is expected is KUBE_TLS', async () => {
  const { url } = await startStandIn(answerAsEmptyCluster)
  const failure = await failureOf(readCluster({ cluster: { server: url.replace('http:', 'https:') } }))
  expect(failure.detail.code).toBe('KUBE_TLS')
})

test('a server that turns requests away is asked again after the time it names', async () => {
  const { url, requests } = await startStandIn((request, response, count) => {
    if (count <= 2) sendJson(response, {}, count === 1 ? 429 : 503, { 'retry-after': '1' })
    else answerAsEmptyCluster(request, response)
  })
  const began = performance.now()
  expect((await readCluster({ cluster: { server: url } })).serverVersion).toBe('v1.17.2+k3s1')
  expect(performance.now() - began).toBeGreaterThan(1900)
  expect(requests.slice(0, 3).map((request) => request.url)).toEqual(['/version', '/version', '/version'])
})

test('a server that turns requests away for ever is KUBE_OVERLOADED', async () => {
  const { url, requests } = await startStandIn((_request, response) =>
    sendJson(response, {}, 429, { 'retry-after': '0' }),
  )
  const failure = await failureOf(readCluster({ cluster: { server: url } }))
  expect(failure.detail).toMatchObject({ code: 'KUBE_OVERLOADED', retry: 'soon' })
  expect(requests).toHaveLength(6)
})

test('a connection that breaks is tried again, and not for ever', async () => {
  const once = await startStandIn((request, response, count) => {
    if (count === 1) request.socket.destroy()
    else answerAsEmptyCluster(request, response)
  })
  expect((await readCluster({ cluster: { server: once.url } })).serverVersion).toBe('v1.17.2+k3s1')
  const always = await startStandIn((request) => request.socket.destroy())
  const failure = await failureOf(readCluster({ cluster: { server: always.url } }))
  expect(failure.detail.code).toBe('KUBE_UNREACHABLE')
  expect(always.requests).toHaveLength(3)
})

test('a reading that is no longer wanted ends at once, with the reason of whoever ended it', async () => {
  const { url } = await startStandIn(() => undefined)
  const controller = new AbortController()
  const kubeconfig = await writeKubeconfig({ cluster: { server: url } })
  const reading = openClusterReader({ kubeconfigs: [kubeconfig] }).read(controller.signal)
  setTimeout(() => controller.abort(new Error('no longer wanted')), 50)
  await expect(reading).rejects.toThrow('no longer wanted')
})

test('an extension server that is down costs its own kinds alone', async () => {
  const { url } = await startStandIn((request, response) => {
    if (request.url === '/apis') {
      const versions = [{ version: 'v3' }]
      const group = { name: 'projectcalico.org', versions, preferredVersion: { version: 'v3' } }
      sendJson(response, { groups: [group] })
    } else if (request.url?.startsWith('/apis/projectcalico.org')) {
      sendJson(response, {}, 503)
    } else {
      answerAsEmptyCluster(request, response)
    }
  })
  const { unread } = await readCluster({ cluster: { server: url } })
  expect(unread).toEqual([{ path: '/apis/projectcalico.org', code: 'KUBE_SERVER_ERROR' }])
})
