import { describe, expect, test } from 'vitest'
import type { NodeFacts } from '../../../src/domain/facts.ts'
import {
  enableLabel,
  poolLabel,
  priorityClassAnnotation,
  sourceRangesAnnotation,
  tolerationsAnnotation,
} from '../../../src/k3s/servicelb-labels.ts'
import { agent, balancer, enabled, fourNodes, inPool, pooled, predict } from '../../lab/servicelb.ts'

const web = balancer('web', [8080])
const all = ['10.0.0.11', '10.0.0.12', '10.0.0.13', '10.0.0.14']

describe('by era', () => {
  test.each([
    { version: 'v1.22.17+k3s1', served: true },
    { version: 'v1.23.12+k3s1', served: true },
    { version: 'v1.23.13+k3s1', served: false },
    { version: 'v1.24.6+k3s1', served: true },
    { version: 'v1.24.7+k3s1', served: false },
    { version: 'v1.25.2+k3s1', served: true },
    { version: 'v1.25.3+k3s1', served: false },
  ])('$version serves a Service with a class: $served', ({ version, served }) => {
    const found = predict({ version, services: [{ ...web, loadBalancerClass: 'other' }] })
    expect(found['web']?.ineligibility === undefined).toBe(served)
  })

  test('the older controller leaves headless Services alone, the newer one asks for the type only', () => {
    const services = [{ ...web, clusterIP: 'None' }]
    expect(predict({ version: 'v1.22.17+k3s1', services })['web']?.ineligibility).toBe('headless')
    expect(predict({ services })['web']?.ineligibility).toBeUndefined()
  })

  test.each([
    { version: 'v1.23.4+k3s1', selector: { [enableLabel]: 'true' } },
    { version: 'v1.23.5+k3s1', selector: { [enableLabel]: 'true', [poolLabel]: 'edge' } },
  ])('$version selects $selector', ({ version, selector }) => {
    const nodes = fourNodes({ A: { labels: pooled('edge') }, B: { labels: enabled() } })
    const found = predict({ version, nodes, services: [{ ...web, ...inPool('edge') }] })
    expect(found['web']?.selector.expected).toEqual(selector)
  })

  test.each([
    { version: 'v1.24.10+k3s1', addresses: all, notes: ['local-ignored'] },
    { version: 'v1.24.11+k3s1', addresses: ['10.0.0.12'], notes: ['nodes-without-endpoint'] },
    { version: 'v1.22.17+k3s1', addresses: all, notes: ['local-ignored'] },
  ])('$version and externalTrafficPolicy Local: $addresses', ({ version, addresses, notes }) => {
    const services = [{ ...web, externalTrafficPolicy: 'Local', endpointNodes: ['B'] } as const]
    const found = predict({ version, services })
    expect(found['web']?.actual.addresses).toEqual(addresses)
    expect(found['web']?.notes.map((note) => note.code)).toEqual(notes)
  })

  test.each([
    { version: 'v1.20.15+k3s1', name: 'svclb-web', namespace: 'default' },
    { version: 'v1.24.1+k3s1', name: 'svclb-web', namespace: 'default' },
    { version: 'v1.24.2+k3s1', name: 'svclb-web-3f6b2c1a', namespace: 'lb' },
    { version: 'v1.33.4+k3s1', name: 'svclb-web-3f6b2c1a', namespace: 'lb' },
  ])('$version names the DaemonSet $namespace/$name', ({ version, name, namespace }) => {
    const services = [{ ...web, uid: '3f6b2c1a-0000-4000-8000-000000000000' }]
    expect(predict({ version, services, namespace: 'lb' })['web']?.daemonSet).toBe(`${namespace}/${name}`)
  })

  test('long names are cut, with the hyphens that the cut leaves', () => {
    const name = `${'a'.repeat(46)}--b`
    const services = [balancer(name, [80], { uid: '3f6b2c1a-0000' })]
    expect(predict({ services })[name]?.daemonSet).toBe(`kube-system/svclb-${'a'.repeat(46)}-3f6b2c1a`)
    const old = predict({ version: 'v1.30.3+k3s1', services })
    expect(old[name]?.ideal.pending?.code).toBe('ensure-fails')
  })
})

describe('families', () => {
  const dual = [agent('A', ['10.0.0.11', 'fd00::11']), agent('B', ['10.0.0.12', 'fd00::12'])]
  const sorted = ['10.0.0.11', '10.0.0.12', 'fd00::11', 'fd00::12']
  const inOrder = ['fd00::11', 'fd00::12', '10.0.0.11', '10.0.0.12']

  test.each([
    { version: 'v1.20.15+k3s1', families: [4] as const, addresses: sorted },
    { version: 'v1.22.17+k3s1', families: [4] as const, addresses: ['10.0.0.11', '10.0.0.12'] },
    { version: 'v1.22.17+k3s1', families: [6, 4] as const, addresses: sorted },
    { version: 'v1.26.2+k3s1', families: [6, 4] as const, addresses: sorted },
    { version: 'v1.28.3+k3s1', families: [6, 4] as const, addresses: sorted },
    { version: 'v1.28.4+k3s1', families: [6, 4] as const, addresses: inOrder },
    { version: 'v1.27.8+k3s1', families: [6, 4] as const, addresses: inOrder },
    { version: 'v1.33.4+k3s1', families: [6] as const, addresses: ['fd00::11', 'fd00::12'] },
  ])('$version, families $families: $addresses', ({ version, families, addresses }) => {
    const found = predict({ version, nodes: dual, services: [{ ...web, ipFamilies: families }] })
    expect(found['web']?.ideal.addresses).toEqual(addresses)
  })

  test('a family that no node has is absent, and a Service of it alone is pending', () => {
    const both = predict({ services: [{ ...web, ipFamilies: [6, 4] }] })
    expect(both['web']?.ideal.addresses).toEqual(all)
    const alone = predict({ services: [{ ...web, ipFamilies: [6] }] })
    expect(alone['web']?.ideal.pending?.code).toBe('no-address-of-family')
  })

  test('a manifest that names no family has the first one of the cluster', () => {
    const { ipFamilies: _, ...unsaid } = web
    const found = predict({ nodes: dual, services: [unsaid], primaryFamily: 6 })
    expect(found['web']?.ideal.addresses).toEqual(['fd00::11', 'fd00::12'])
  })

  test('addresses that nobody knows are said to be unknown, not missing', () => {
    const found = predict({ nodes: [agent('A', [])], services: [web] })
    expect(found['web']?.ideal).toMatchObject({ addresses: [], addressesUnknown: ['A'] })
    expect(found['web']?.ideal.pending).toBeUndefined()
  })

  test('a rootless K3s shows the loopback address', () => {
    expect(predict({ services: [web], isRootless: true })['web']?.ideal.addresses).toEqual(['127.0.0.1'])
  })
})

describe('taints', () => {
  const tainted = (key: string, effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute', value?: string): NodeFacts =>
    agent('A', '10.0.0.11', { taints: [{ key, effect, ...(value === undefined ? {} : { value }) }] })

  test.each([
    { taint: tainted('node-role.kubernetes.io/control-plane', 'NoSchedule'), placed: true },
    { taint: tainted('node-role.kubernetes.io/control-plane', 'NoExecute'), placed: false },
    { taint: tainted('CriticalAddonsOnly', 'NoExecute', 'true'), placed: true },
    { taint: tainted('node.kubernetes.io/unschedulable', 'NoSchedule'), placed: true },
    { taint: tainted('node.kubernetes.io/network-unavailable', 'NoSchedule'), placed: false },
    { taint: tainted('node.cloudprovider.kubernetes.io/uninitialized', 'NoSchedule'), placed: false },
    { taint: tainted('dedicated', 'PreferNoSchedule', 'db'), placed: true },
    { taint: tainted('dedicated', 'NoSchedule', 'db'), placed: false },
  ])('$taint.taints.0: $placed', ({ taint, placed }) => {
    expect(predict({ nodes: [taint], services: [web] })['web']?.ideal.candidates.length === 1).toBe(placed)
  })

  test.each([
    { version: 'v1.32.4+k3s1', placed: true },
    { version: 'v1.34.0+k3s1', placed: false },
  ])('$version tolerates the master taint: $placed', ({ version, placed }) => {
    const nodes = [tainted('node-role.kubernetes.io/master', 'NoSchedule')]
    expect(predict({ version, nodes, services: [web] })['web']?.ideal.candidates.length === 1).toBe(placed)
  })

  test('releases before the annotation do not read it', () => {
    const nodes = [tainted('dedicated', 'NoSchedule', 'db')]
    const annotations = { [tolerationsAnnotation]: '[{"operator":"Exists"}]' }
    const placedOn = (version: string) =>
      predict({ version, nodes, services: [{ ...web, annotations }] })['web']?.ideal.candidates
    expect(placedOn('v1.30.3+k3s1')).toEqual([])
    expect(placedOn('v1.30.4+k3s1')).toEqual(['A'])
  })

  test('pods that run stay on a node that becomes NoSchedule, and leave one that becomes NoExecute', () => {
    const hostPortPods = [
      { namespace: 'kube-system', name: 'svclb', node: 'A', ports: [], servicelbOf: 'default/web', isReady: true },
    ]
    const daemonSets = [{ service: 'default/web', nodeSelector: {} }]
    const stays = predict({ nodes: [tainted('x', 'NoSchedule')], services: [web], hostPortPods, daemonSets })
    expect(stays['web']?.actual.addresses).toEqual(['10.0.0.11'])
    expect(stays['web']?.ideal.pending?.code).toBe('no-node-tolerated')
    const leaves = predict({ nodes: [tainted('x', 'NoExecute')], services: [web], hostPortPods, daemonSets })
    expect(leaves['web']?.actual.pending?.code).toBe('no-node-tolerated')
  })
})

describe('what K3s cannot write a DaemonSet for', () => {
  test.each([
    { because: 'no list', annotations: { [tolerationsAnnotation]: '{"key":"a"}' } },
    { because: 'empty key with Equal', annotations: { [tolerationsAnnotation]: '[{"value":"x"}]' } },
    {
      because: 'Exists with a value',
      annotations: { [tolerationsAnnotation]: '[{"key":"a","operator":"Exists","value":"x"}]' },
    },
    { because: 'unknown effect', annotations: { [tolerationsAnnotation]: '[{"key":"a","effect":"Never"}]' } },
    { because: 'no network', annotations: { [sourceRangesAnnotation]: '10.0.0.0/8, office' } },
  ])('$because', ({ annotations }) => {
    const services = [{ ...web, annotations }]
    const found = predict({ services })
    expect(found['web']?.ideal).toMatchObject({ candidates: [], pending: { code: 'ensure-fails' } })
    const daemonSets = [{ service: 'default/web', nodeSelector: {} }]
    const there = predict({ services, daemonSets })
    expect(there['web']?.actual.addresses).toEqual(all)
    expect(there['web']?.notes.map((note) => note.code)).toEqual(['ensure-fails'])
  })
})

describe('host ports', () => {
  const pod = { namespace: 'default', name: 'proxy', node: 'B', ports: [{ protocol: 'TCP', port: 8080 }] } as const

  test('a port that a pod has on one address stands in the way as well', () => {
    const ports = [{ protocol: 'TCP', port: 8080, address: '127.0.0.1' }] as const
    const found = predict({ version: 'v1.29.5+k3s1', services: [web], hostPortPods: [{ ...pod, ports }] })
    expect(found['web']?.ideal.pods[1]?.state).toBe('pending')
  })

  test('another priority class does not push pods away', () => {
    const annotations = { [priorityClassAnnotation]: 'low' }
    const found = predict({ services: [{ ...web, annotations }], hostPortPods: [pod] })
    expect(found['web']?.ideal.pods[1]).toMatchObject({ state: 'pending', heldBy: { kind: 'pod' } })
  })

  test('another protocol, another node and a pod that is nowhere are not in the way', () => {
    const hostPortPods = [
      { ...pod, ports: [{ protocol: 'UDP', port: 8080 }] } as const,
      { ...pod, node: 'Z' },
      { namespace: 'default', name: 'waiting', ports: pod.ports },
    ]
    const found = predict({ version: 'v1.29.5+k3s1', services: [web], hostPortPods })
    expect(found['web']?.ideal.addresses).toEqual(all)
  })

  test('among Services the older one has the port, unless the pods of the younger are there already', () => {
    const services = [web, balancer('late', [8080])]
    const ideal = predict({ services })
    expect(ideal['late']?.ideal.pods.map((one) => one.state)).toEqual(['pending', 'pending', 'pending', 'pending'])
    const hostPortPods = ['A', 'B'].map((node) => ({
      namespace: 'kube-system',
      name: `svclb-late-${node}`,
      node,
      ports: pod.ports,
      servicelbOf: 'default/late',
      isReady: true,
    }))
    const actual = predict({ services, hostPortPods })
    expect(actual['late']?.actual.addresses).toEqual(['10.0.0.11', '10.0.0.12'])
    expect(actual['web']?.actual.addresses).toEqual(['10.0.0.13', '10.0.0.14'])
  })

  test('one port that is taken keeps the others of the Service away, which stay free for the next one', () => {
    const services = [balancer('first', [443]), balancer('second', [80, 443]), balancer('third', [80])]
    const found = predict({ services })
    expect(found['second']?.ideal.pending?.code).toBe('ports-taken')
    expect(found['third']?.ideal.addresses).toEqual(all)
  })
})

describe('nodes that open nothing', () => {
  test('a pod on a node that is not ready gives no address', () => {
    const found = predict({ nodes: fourNodes({ B: { isReady: false } }), services: [web] })
    expect(found['web']?.ideal.candidates).toEqual(['A', 'B', 'C', 'D'])
    expect(found['web']?.ideal.addresses).toEqual(['10.0.0.11', '10.0.0.13', '10.0.0.14'])
  })

  test('a server with ServiceLB disabled refuses the pod, an agent does not', () => {
    const nodes = [agent('A', '10.0.0.11', { role: 'server' }), agent('B', '10.0.0.12', { role: 'server' })]
    const found = predict({
      nodes: [...nodes, agent('C', '10.0.0.13')],
      services: [web],
      disabledServers: new Set('A'),
    })
    expect(found['web']?.ideal.pods).toEqual([
      { node: 'A', state: 'rejected' },
      { node: 'B', state: 'ready' },
      { node: 'C', state: 'ready' },
    ])
    expect(found['web']?.notes.map((note) => note.code)).toEqual(['servers-differ'])
  })

  test('with ServiceLB disabled everywhere, statuses stay as they are', () => {
    const nodes = [agent('A', '10.0.0.11', { role: 'server' })]
    const services = [{ ...web, statusAddresses: ['10.0.0.99'] }]
    const found = predict({ nodes, services, disabledServers: new Set('A'), isCloudControllerOff: true })
    expect(found['web']).toMatchObject({ ineligibility: 'servicelb-disabled', actual: { addresses: ['10.0.0.99'] } })
    expect(found['web']?.notes.map((note) => note.code)).toEqual(['status-left', 'status-left'])
  })
})
