import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clusterObject, withoutSecretVariables } from '../../../src/adapters/kube/cluster-objects.ts'
import { endpointNodesByService, nodesOfEndpoints, nodesOfSlice } from '../../../src/adapters/kube/endpoint-nodes.ts'
import { hostPortPod } from '../../../src/adapters/kube/host-port-pods.ts'
import { nodeArguments, withoutSecretArguments } from '../../../src/adapters/kube/node-arguments.ts'
import { nodeFacts } from '../../../src/adapters/kube/node-facts.ts'
import { serviceFacts } from '../../../src/adapters/kube/service-facts.ts'
import { servicelbDaemonSet } from '../../../src/adapters/kube/servicelb-daemon-sets.ts'
import { asRecord, type Json } from '../../../src/domain/plain-json.ts'

const roleCases = [
  { name: 'control plane', labels: { 'node-role.kubernetes.io/control-plane': 'true' }, role: 'server' },
  { name: 'master of old releases', labels: { 'node-role.kubernetes.io/master': '' }, role: 'server' },
  { name: 'etcd alone', labels: { 'node-role.kubernetes.io/etcd': 'true' }, role: 'server' },
  { name: 'no label', labels: {}, role: 'agent' },
  { name: 'a label that an agent was given', labels: { 'node-role.kubernetes.io/worker': 'x' }, role: 'agent' },
  // Each kubelet may write annotations of its own node, and no label of a role.
  { name: 'what it says of its own start', labels: {}, args: '["server"]', role: 'agent' },
  {
    name: 'labels, and what K3s was started as',
    labels: { 'node-role.kubernetes.io/etcd': 'true' },
    args: '["server"]',
    role: 'server',
  },
  {
    name: 'what K3s was started as, whatever labels somebody gave it',
    labels: { 'node-role.kubernetes.io/master': '' },
    args: '["agent"]',
    role: 'agent',
  },
  { name: 'arguments that are no JSON', labels: {}, args: '[server', role: 'agent' },
] as const

for (const { name, labels, role, ...rest } of roleCases) {
  test(`role of a node by ${name}: ${role}`, () => {
    const annotations = 'args' in rest ? { 'k3s.io/node-args': rest.args } : {}
    expect(nodeFacts({ metadata: { name: 'n', labels, annotations } })?.role).toBe(role)
  })
}

const argumentCases = [
  { given: ['server', '--token', 's'], expected: ['server', '--token', '********'] },
  { given: ['server', '-t', 's', '--agent-token=s'], expected: ['server', '-t', '********', '--agent-token=********'] },
  { given: ['agent', '--vpn-auth=name=x,joinKey=s'], expected: ['agent', '--vpn-auth=********'] },
  { given: ['server', '--etcd-s3-secret-key', 's'], expected: ['server', '--etcd-s3-secret-key', '********'] },
  {
    given: ['server', '--datastore-endpoint', 'mysql://u:s@tcp(h)/k3s'],
    expected: ['server', '--datastore-endpoint', '********'],
  },
  { given: ['agent', '--server', 'https://u:s@h:6443'], expected: ['agent', '--server', 'https://********@h:6443'] },
  { given: ['server', '--token-file', '/etc/token'], expected: ['server', '--token-file', '/etc/token'] },
  { given: ['server', '--disable', 'traefik'], expected: ['server', '--disable', 'traefik'] },
] as const

for (const { given, expected } of argumentCases) {
  test(`arguments of a node without secrets: ${expected.join(' ')}`, () => {
    const annotations = { 'k3s.io/node-args': JSON.stringify(given) }
    expect(nodeArguments(annotations)).toEqual(expected)
    expect(withoutSecretArguments(annotations)['k3s.io/node-args']).toBe(JSON.stringify(expected))
  })
}

test('variables of a node are shown without secrets, other annotations as they are', () => {
  const variables = { K3S_TOKEN: 's', K3S_DATASTORE_ENDPOINT: 's', AWS_ACCESS_KEY_ID: 's', K3S_URL: 'https://h:6443' }
  const masked = {
    ...variables,
    K3S_TOKEN: '********',
    K3S_DATASTORE_ENDPOINT: '********',
    AWS_ACCESS_KEY_ID: '********',
  }
  expect(withoutSecretArguments({ 'k3s.io/node-env': JSON.stringify(variables), other: 's' })).toEqual({
    'k3s.io/node-env': JSON.stringify(masked),
    other: 's',
  })
  expect(withoutSecretArguments({ 'k3s.io/node-env': 'torn {"K3S_TOKEN":"s"' })).toEqual({ 'k3s.io/node-env': '{}' })
})

test('endpoints count as ServiceLB counts them: pods that are ready and placed', () => {
  const pod = { targetRef: { kind: 'Pod' }, conditions: { ready: true } }
  const slice = (name: string, ...endpoints: readonly Json[]): Json => ({
    metadata: { namespace: 'a', labels: { 'kubernetes.io/service-name': name } },
    endpoints,
  })
  const found = [
    slice('web', { ...pod, nodeName: 'two' }, { ...pod, nodeName: 'one' }),
    slice('web', { ...pod, nodeName: 'two' }, { ...pod, topology: { 'kubernetes.io/hostname': 'old' } }),
    slice('web', { ...pod, conditions: { ready: false }, nodeName: 'x' }, { ...pod, conditions: {}, nodeName: 'x' }),
    slice('web', { ...pod, targetRef: undefined, nodeName: 'x' }, { ...pod }),
    { metadata: { namespace: 'a' }, endpoints: [{ ...pod, nodeName: 'x' }] },
  ]
  const byService = endpointNodesByService(found.flatMap((one) => nodesOfSlice(one) ?? []))
  expect([...byService]).toEqual([['a/web', ['old', 'one', 'two']]])
})

test('endpoints of servers without slices are those that are listed as ready', () => {
  const address = (nodeName: string): Json => ({ nodeName, targetRef: { kind: 'Pod' } })
  const subsets = [{ addresses: [address('one')], notReadyAddresses: [address('two')] }]
  expect(nodesOfEndpoints({ metadata: { namespace: 'a', name: 'web' }, subsets })).toEqual({
    service: 'a/web',
    nodes: ['one'],
  })
})

test('endpoints that could not be read are not known; a Service without any has none', () => {
  const service = { metadata: { namespace: 'a', name: 'b' }, spec: {} }
  expect(serviceFacts(service, undefined)).not.toHaveProperty('endpointNodes')
  expect(serviceFacts(service, new Map())?.endpointNodes).toEqual([])
})

test('families, class, allocation of node ports and deletion of a Service are kept', () => {
  const service = {
    metadata: { namespace: 'a', name: 'b', deletionTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      type: 'LoadBalancer',
      ipFamilies: ['IPv6', 'IPv4'],
      loadBalancerClass: 'tailscale',
      allocateLoadBalancerNodePorts: false,
      ports: [{ port: 53, protocol: 'SCTP', nodePort: 0 }, { port: 'http' }],
    },
  }
  expect(serviceFacts(service, new Map())).toMatchObject({
    ipFamilies: [6, 4],
    loadBalancerClass: 'tailscale',
    allocateLoadBalancerNodePorts: false,
    isDeleting: true,
    ports: [{ protocol: 'SCTP', port: 53 }],
  })
})

test('a container that starts first and stays keeps its ports; one that ends does not', () => {
  const container = (hostPort: number, rest: Json = {}): Json => ({ ports: [{ containerPort: 1, hostPort }], ...rest })
  const spec = {
    containers: [container(80)],
    initContainers: [container(81), container(82, { restartPolicy: 'Always' })],
  }
  const pod = hostPortPod({ metadata: { namespace: 'a', name: 'p' }, spec })
  expect(pod?.ports.map(({ port }) => port)).toEqual([80, 82])
})

const owner = { kind: 'Service', name: 'web' }
const selector = { 'svccontroller.k3s.cattle.io/nodeselector': 'false' }
const names = { 'svccontroller.k3s.cattle.io/svcname': 'web', 'svccontroller.k3s.cattle.io/svcnamespace': 'shop' }
const daemonSetCases = [
  {
    name: 'its labels',
    metadata: { namespace: 'kube-system', labels: { ...selector, ...names } },
    service: 'shop/web',
  },
  {
    name: 'the labels of its pods',
    metadata: { namespace: 'shop', labels: selector },
    podLabels: { 'svccontroller.k3s.cattle.io/svcname': 'web' },
    service: 'shop/web',
  },
  {
    name: 'its owner',
    metadata: { namespace: 'shop', labels: selector, ownerReferences: [owner] },
    service: 'shop/web',
  },
  { name: 'nothing', metadata: { namespace: 'shop', labels: selector }, service: undefined },
  { name: 'labels of another program', metadata: { namespace: 'shop', labels: names }, service: undefined },
] as const

for (const { name, metadata, service, ...rest } of daemonSetCases) {
  test(`the Service of a DaemonSet of ServiceLB by ${name}: ${service ?? 'none'}`, () => {
    const template = { metadata: { labels: 'podLabels' in rest ? rest.podLabels : {} }, spec: {} }
    const expected = service === undefined ? undefined : { service, nodeSelector: {} }
    expect(servicelbDaemonSet({ metadata, spec: { template } })).toEqual(expected)
  })
}

test('an object keeps what it says and loses what only the server needs', () => {
  const object = {
    metadata: {
      name: 'n',
      namespace: 'a',
      uid: 'u',
      resourceVersion: '1',
      managedFields: [{}],
      labels: {},
      annotations: { 'objectset.rio.cattle.io/applied': 'H4sI', 'objectset.rio.cattle.io/owner-name': 'traefik' },
    },
    spec: { any: ['thing'] },
    status: { jobName: 'j' },
  }
  expect(clusterObject({ apiVersion: 'helm.cattle.io/v1', kind: 'HelmChart' }, object)).toEqual({
    apiVersion: 'helm.cattle.io/v1',
    kind: 'HelmChart',
    metadata: { name: 'n', namespace: 'a', annotations: { 'objectset.rio.cattle.io/owner-name': 'traefik' } },
    spec: { any: ['thing'] },
    status: { jobName: 'j' },
  })
})

test('variables of a workload that are called like a secret lose their value, references to Secrets stay', () => {
  const reference = { name: 'TOKEN_B', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }
  const env = [{ name: 'bgp_password', value: 's' }, { name: 'vip_interface', value: 'eth0' }, reference]
  const object = clusterObject(
    { apiVersion: 'apps/v1', kind: 'DaemonSet' },
    { metadata: { name: 'n' }, spec: { template: { spec: { containers: [{ name: 'c', env }], hostNetwork: true } } } },
  )
  if (object === undefined) throw new Error('no object')
  const masked = [{ name: 'bgp_password', value: '***' }, { name: 'vip_interface', value: 'eth0' }, reference]
  expect(withoutSecretVariables(object)['spec']).toEqual({
    template: { spec: { containers: [{ name: 'c', env: masked }], hostNetwork: true } },
  })
})

test('whatever an API answers, no reading of it throws', () => {
  const parts = fc.constantFrom(
    'metadata',
    'spec',
    'status',
    'subsets',
    'endpoints',
    'name',
    'namespace',
    'labels',
    'ports',
  )
  const deep = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'medium' },
      fc.jsonValue(),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(parts, fc.constantFrom('annotations', 'template', 'containers', 'env')), tie('value'), {
        maxKeys: 6,
      }),
    ),
  })).value
  fc.assert(
    fc.property(deep, (value) => {
      const object = asRecord(value)
      nodeFacts(object)
      serviceFacts(object, undefined)
      nodesOfSlice(object)
      nodesOfEndpoints(object)
      hostPortPod(object)
      servicelbDaemonSet(object)
      const found = clusterObject({ apiVersion: 'v1', kind: 'X' }, object)
      if (found !== undefined) withoutSecretVariables(found)
      return true
    }),
    { numRuns: 500 },
  )
})
