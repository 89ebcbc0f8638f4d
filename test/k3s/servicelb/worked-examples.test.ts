import { describe, expect, test } from 'vitest'
import type { ServiceFacts } from '../../../src/domain/facts.ts'
import type { ServicePrediction } from '../../../src/k3s/servicelb/prediction.ts'
import { enableLabel, poolLabel, tolerationsAnnotation } from '../../../src/k3s/servicelb-labels.ts'
import { agent, balancer, enabled, fourNodes, inPool, pooled, predict } from '../../lab/servicelb.ts'

/** The examples of k3s-networking §5.9, by their numbers there. */

const all = ['10.0.0.11', '10.0.0.12', '10.0.0.13', '10.0.0.14']
const selects = (pool?: string) => ({ [enableLabel]: 'true', ...(pool === undefined ? {} : { [poolLabel]: pool }) })

/** What the table of examples has columns for: selector, pods and their state, status. */
function row({ selector, ideal }: ServicePrediction | undefined = missing()) {
  return {
    selector: selector.expected,
    pods: ideal.pods.map((pod) => (pod.state === 'ready' ? pod.node : `${pod.node} ${pod.state}`)),
    status: ideal.addresses,
    pending: ideal.pending?.code,
  }
}

function missing(): never {
  throw new Error('no such Service')
}

const served = (selector: Readonly<Record<string, string>>, pods: readonly string[], status: readonly string[]) => ({
  selector,
  pods,
  status,
  pending: undefined,
})

describe('E1 two pools', () => {
  const nodes = fourNodes({
    A: { labels: pooled('pool1') },
    B: { labels: pooled('pool1') },
    C: { labels: pooled('pool2') },
    D: { labels: pooled('pool2') },
  })
  const svc1 = balancer('svc1', [443], inPool('pool1'))
  const svc2 = balancer('svc2', [443], inPool('pool2'))

  test('E1: each pool opens the same port on its own nodes', () => {
    const found = predict({ nodes, services: [svc1, svc2] })
    expect(row(found['svc1'])).toEqual(served(selects('pool1'), ['A', 'B'], ['10.0.0.11', '10.0.0.12']))
    expect(row(found['svc2'])).toEqual(served(selects('pool2'), ['C', 'D'], ['10.0.0.13', '10.0.0.14']))
    expect(found['svc1']?.ideal.excluded).toEqual([
      { node: 'C', reason: 'pool' },
      { node: 'D', reason: 'pool' },
    ])
  })

  test('E1a: a pool node without enablelb is not selected', () => {
    const withoutB = nodes.map((node) => (node.name === 'B' ? { ...node, labels: inPool('pool1').labels } : node))
    const found = predict({ nodes: withoutB, services: [svc1, svc2] })
    expect(row(found['svc1'])).toEqual(served(selects('pool1'), ['A'], ['10.0.0.11']))
    expect(found['svc1']?.ideal.excluded).toContainEqual({ node: 'B', reason: 'label' })
  })

  test('E1b: without any enablelb pools do not count, and the older Service has the port', () => {
    const withoutAny = nodes.map((node) => ({ ...node, labels: { [poolLabel]: node.labels[poolLabel] ?? '' } }))
    const found = predict({ nodes: withoutAny, services: [svc1, svc2] })
    expect(row(found['svc1'])).toEqual(served({}, ['A', 'B', 'C', 'D'], all))
    expect(row(found['svc2'])).toEqual({
      selector: {},
      pods: ['A pending', 'B pending', 'C pending', 'D pending'],
      status: [],
      pending: 'ports-taken',
    })
  })

  test('E1c: a Service without a pool wants every enabled node, and finds its port taken', () => {
    const found = predict({ nodes, services: [svc1, svc2, balancer('svc3', [443])] })
    expect(row(found['svc3'])).toEqual({
      selector: selects(),
      pods: ['A pending', 'B pending', 'C pending', 'D pending'],
      status: [],
      pending: 'ports-taken',
    })
    expect(row(found['svc1']).status).toEqual(['10.0.0.11', '10.0.0.12'])
  })

  test('E1d: a Traefik without a pool that was there first has 443 on every enabled node', () => {
    const traefik = balancer('traefik', [80, 443], { namespace: 'kube-system' })
    const found = predict({ nodes, services: [traefik, svc1, svc2] })
    expect(row(found['traefik'])).toEqual(served(selects(), ['A', 'B', 'C', 'D'], all))
    expect(row(found['svc1'])).toMatchObject({ pods: ['A pending', 'B pending'], pending: 'ports-taken' })
    expect(row(found['svc2'])).toMatchObject({ pods: ['C pending', 'D pending'], pending: 'ports-taken' })
    expect(found['svc1']?.ideal.pods[0]).toEqual({
      node: 'A',
      state: 'pending',
      port: '443/TCP',
      heldBy: { kind: 'service', key: 'kube-system/traefik' },
    })
    const mended = predict({ nodes, services: [{ ...traefik, ...inPool('pool2') }, svc1] })
    expect(row(mended['svc1']).status).toEqual(['10.0.0.11', '10.0.0.12'])
  })

  test('E1e: another label on a Service changes nothing until K3s looks at it again', () => {
    const daemonSets = [
      { service: 'default/svc1', nodeSelector: selects('pool1') },
      { service: 'default/svc2', nodeSelector: selects('pool2') },
    ]
    const relabelled: ServiceFacts = { ...svc1, ...inPool('pool2') }
    const found = predict({ nodes, services: [relabelled], daemonSets })
    expect(found['svc1']?.selector).toEqual({ expected: selects('pool2'), live: selects('pool1') })
    expect(found['svc1']?.actual.addresses).toEqual(['10.0.0.11', '10.0.0.12'])
    expect(found['svc1']?.ideal.addresses).toEqual(['10.0.0.13', '10.0.0.14'])
    expect(found['svc1']?.notes.map((note) => note.code)).toEqual(['look-needed'])
    const looked = predict({ nodes, services: [relabelled], daemonSets, lookedAt: new Set(['default/svc1']) })
    expect(looked['svc1']?.actual.addresses).toEqual(['10.0.0.13', '10.0.0.14'])
  })
})

test('E2: one external address hides every other node', () => {
  const nodes = fourNodes({ A: { externalAddresses: ['203.0.113.5'] } })
  const found = predict({ nodes, services: [balancer('web', [8080])] })
  expect(row(found['web'])).toEqual(served({}, ['A', 'B', 'C', 'D'], ['203.0.113.5']))
  expect(found['web']?.notes).toEqual([
    {
      code: 'external-shadows',
      text: 'some nodes have an external address, so those without are left out: B, C, D',
    },
  ])
})

describe('E3 Local', () => {
  const local = (endpointNodes: readonly string[]) =>
    balancer('web', [8080], { externalTrafficPolicy: 'Local', endpointNodes })

  test('E3: the status has the nodes with an endpoint, the pods are everywhere', () => {
    const found = predict({ services: [local(['B', 'D'])] })
    expect(row(found['web'])).toEqual(served({}, ['A', 'B', 'C', 'D'], ['10.0.0.12', '10.0.0.14']))
    expect(found['web']?.notes.map((note) => note.code)).toEqual(['nodes-without-endpoint'])
  })

  test('E3a: without an endpoint the Service is pending', () => {
    const found = predict({ services: [local([])] })
    expect(row(found['web'])).toEqual({ ...served({}, ['A', 'B', 'C', 'D'], []), pending: 'no-endpoint' })
  })
})

describe('E4 dual-stack', () => {
  const nodes = ['A', 'B', 'C', 'D'].map((name, index) => agent(name, [`10.0.0.${11 + index}`, `fd00::${11 + index}`]))
  const ipv6 = ['fd00::11', 'fd00::12', 'fd00::13', 'fd00::14']

  test('E4: the families come in the order of the Service', () => {
    const found = predict({ nodes, services: [balancer('web', [8080], { ipFamilies: [6, 4] })] })
    expect(row(found['web'])).toEqual(served({}, ['A', 'B', 'C', 'D'], [...ipv6, ...all]))
  })

  test('E4a: a Service of one family has addresses of one', () => {
    const found = predict({ nodes, services: [balancer('web', [8080], { ipFamilies: [4] })] })
    expect(row(found['web']).status).toEqual(all)
  })
})

test('E5: enablelb=false on one node takes every Service from every node', () => {
  const nodes = fourNodes({ C: { labels: enabled('false') } })
  const found = predict({ nodes, services: [balancer('web', [8080]), balancer('dns', ['53/UDP'])] })
  for (const name of ['web', 'dns']) {
    expect(row(found[name])).toEqual({ selector: selects(), pods: [], status: [], pending: 'no-node-selected' })
  }
})

test('E6: addresses are sorted as text', () => {
  const nodes = [agent('A', '10.0.0.9'), agent('B', '10.0.0.10')]
  const found = predict({ nodes, services: [balancer('web', [8080])] })
  expect(row(found['web'])).toEqual(served({}, ['A', 'B'], ['10.0.0.10', '10.0.0.9']))
  expect(found['web']?.notes.map((note) => note.code)).toEqual(['text-order'])
})

test('E7: a taint keeps a node out, and a toleration in the annotation lets it in', () => {
  const nodes = fourNodes({ D: { taints: [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }] } })
  const tolerations = JSON.stringify([{ key: 'dedicated', operator: 'Equal', value: 'db', effect: 'NoSchedule' }])
  const tolerant = balancer('tolerant', [9090], { annotations: { [tolerationsAnnotation]: tolerations } })
  const found = predict({ nodes, services: [balancer('web', [8080]), tolerant] })
  expect(row(found['web'])).toEqual(served({}, ['A', 'B', 'C'], all.slice(0, 3)))
  expect(found['web']?.ideal.excluded).toEqual([
    { node: 'D', reason: 'taint', taint: { key: 'dedicated', value: 'db', effect: 'NoSchedule' } },
  ])
  expect(row(found['tolerant'])).toEqual(served({}, ['A', 'B', 'C', 'D'], all))
})

describe('E8 several ports, one of them taken by a pod', () => {
  const hostPortPods = [
    { namespace: 'default', name: 'proxy', node: 'B', ports: [{ protocol: 'TCP', port: 8443 }] },
  ] as const
  const services = [balancer('web', [80, 8443])]

  test.each(['v1.30.2+k3s1', 'v1.31.4+k3s1', 'v1.29.6+k3s1'])('E8: %s pushes the pod away', (version) => {
    const found = predict({ version, services, hostPortPods })
    expect(row(found['web'])).toEqual(served({}, ['A', 'B', 'C', 'D'], all))
    expect(found['web']?.notes.map((note) => note.code)).toContain('preemption')
  })

  test.each(['v1.30.1+k3s1', 'v1.29.5+k3s1'])('E8: %s waits on that node with all its ports', (version) => {
    const found = predict({ version, services, hostPortPods })
    expect(row(found['web'])).toEqual(served({}, ['A', 'B pending', 'C', 'D'], ['10.0.0.11', '10.0.0.13', '10.0.0.14']))
    expect(found['web']?.ideal.pods[1]).toMatchObject({
      port: '8443/TCP',
      heldBy: { kind: 'pod', key: 'default/proxy' },
    })
  })
})

test('E9: TCP and UDP of one port number are two ports', () => {
  const found = predict({ services: [balancer('dns', ['53/TCP', '53/UDP'])] })
  expect(row(found['dns'])).toEqual(served({}, ['A', 'B', 'C', 'D'], all))
  const apart = predict({ services: [balancer('tcp', ['53/TCP']), balancer('udp', ['53/UDP'])] })
  expect(row(apart['udp']).status).toEqual(all)
})

test('E10: a class takes a Service away from the cloud provider, and not from the older controller', () => {
  const services = [balancer('web', [8080], { loadBalancerClass: 'metallb.universe.tf/metallb' })]
  const now = predict({ services })
  expect(now['web']).toMatchObject({ ineligibility: 'class', ideal: { candidates: [], addresses: [] } })
  const before = predict({ version: 'v1.22.17+k3s1', services })
  expect(before['web']?.ineligibility).toBeUndefined()
  expect(before['web']?.ideal.candidates).toEqual(['A', 'B', 'C', 'D'])
})

test('E11: an external address counts only on a node that is left after Local', () => {
  const nodes = fourNodes({ A: { externalAddresses: ['203.0.113.5'] } })
  const local = balancer('web', [8080], { externalTrafficPolicy: 'Local', endpointNodes: ['B'] })
  const found = predict({ nodes, services: [local] })
  expect(row(found['web'])).toEqual(served({}, ['A', 'B', 'C', 'D'], ['10.0.0.12']))
})
