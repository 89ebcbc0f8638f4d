import { expect, test } from 'vitest'
import { readNodeList } from '../../../src/adapters/kube/node-list.ts'
import { failureOf } from './reading.ts'
import { sendJson, startStandIn, writeKubeconfig } from './stand-in-api.ts'

const signal = new AbortController().signal
const node = (name: string, spec: object) => ({
  metadata: { name, annotations: { 'flannel.alpha.coreos.com/backend-type': 'host-gw' } },
  spec,
})

test('the nodes of a cluster are read with one request, with the networks of their pods', async () => {
  const items = [
    node('pi-2', { podCIDR: '10.42.2.0/24', podCIDRs: ['10.42.2.0/24', 'fd00:42:0:2::/64'] }),
    node('pi-1', {}),
  ]
  const { url, requests } = await startStandIn((_, response) => sendJson(response, { metadata: {}, items }))
  const kubeconfig = await writeKubeconfig({ cluster: { server: url } })
  const read = await readNodeList({ kubeconfigs: [kubeconfig] }, signal)
  expect(read).toMatchObject({
    origin: 'live',
    hasAllNodes: true,
    nodes: [{ name: 'pi-1' }, { name: 'pi-2', podCIDRs: ['10.42.2.0/24', 'fd00:42:0:2::/64'] }],
  })
  expect(read.nodes[0]?.podCIDRs).toBeUndefined()
  expect(requests.map((request) => request.url)).toEqual(['/api/v1/nodes?limit=500'])
})

test('who may not list nodes gets no list that could be taken for an empty cluster', async () => {
  const { url } = await startStandIn((_, response) => sendJson(response, { kind: 'Status', code: 403 }, 403))
  const kubeconfig = await writeKubeconfig({ cluster: { server: url } })
  expect((await failureOf(readNodeList({ kubeconfigs: [kubeconfig] }, signal))).detail.code).toBe('KUBE_FORBIDDEN')
})
