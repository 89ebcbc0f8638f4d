import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { openClusterReader } from '../../src/adapters/kube/cluster-reader.ts'
import type { ClusterReading } from '../../src/ports/cluster-reader-port.ts'
import { listen, portOf } from '../adapters/kube/reading.ts'
import { socksServer, tunnelServer } from '../adapters/kube/stand-in-proxies.ts'
import { temporaryDirectory } from '../lab/temporary-directory.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'
import { putSampleCluster } from './sample-cluster.ts'

let server: TestApiServer | undefined
const signal = new AbortController().signal

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  await putSampleCluster(server.writer)
})
afterAll(() => server?.stop())

function running(): TestApiServer {
  if (server === undefined) throw new Error('the API server did not start')
  return server
}

function read(kubeconfig: string): Promise<ClusterReading> {
  return openClusterReader({ kubeconfigs: [kubeconfig] }).read(signal)
}

clusterTest('nodes are read with what K3s and the kubelet say of them, and without secrets', async () => {
  const { facts, nodeArguments } = await read(running().kubeconfig)
  expect(facts.origin).toBe('live')
  expect(facts.nodes).toEqual([
    {
      name: 'agent-1',
      role: 'agent',
      labels: { 'svccontroller.k3s.cattle.io/enablelb': 'true' },
      addresses: ['192.168.1.11', 'fd00::11'],
      externalAddresses: ['203.0.113.11'],
      annotations: {},
      taints: [
        { key: 'dedicated', value: 'edge', effect: 'NoSchedule' },
        { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
      ],
      isReady: false,
      operatingSystem: 'linux',
      k3sVersion: 'v1.33.4+k3s1',
    },
    {
      name: 'server-1',
      role: 'server',
      labels: { 'node-role.kubernetes.io/control-plane': 'true' },
      addresses: ['192.168.1.10'],
      annotations: {
        'k3s.io/node-args': '["server","--token","********","--disable=traefik","--cluster-cidr","10.42.0.0/16"]',
        'k3s.io/node-env': '{"K3S_TOKEN":"********","HTTPS_PROXY":"http://********@proxy:3128"}',
      },
      taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }],
      isReady: true,
      operatingSystem: 'linux',
      k3sVersion: 'v1.33.4+k3s1',
    },
  ])
  expect([...nodeArguments]).toEqual([
    ['server-1', ['server', '--token', '********', '--disable=traefik', '--cluster-cidr', '10.42.0.0/16']],
  ])
})

clusterTest('Services are read with their ports, addresses and the nodes of their ready endpoints', async () => {
  const { facts } = await read(running().kubeconfig)
  const web = facts.services.find((service) => service.name === 'web')
  expect(web).toEqual({
    namespace: 'shop',
    name: 'web',
    type: 'LoadBalancer',
    labels: { 'svccontroller.k3s.cattle.io/lbpool': 'edge' },
    annotations: { note: 'kept' },
    uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    clusterIP: '10.43.0.80',
    ports: [
      { protocol: 'TCP', port: 80, nodePort: 30080, name: 'http' },
      { protocol: 'TCP', port: 443, nodePort: 30443, name: 'https' },
    ],
    externalTrafficPolicy: 'Local',
    externalIPs: ['198.51.100.7'],
    loadBalancerSourceRanges: ['192.168.0.0/16'],
    loadBalancerIP: '198.51.100.8',
    endpointNodes: ['agent-1', 'server-1'],
    statusAddresses: ['192.168.1.11', '192.168.1.10'],
    ...(web?.ipFamilies === undefined ? {} : { ipFamilies: [4] }),
    ...(web?.allocateLoadBalancerNodePorts === undefined ? {} : { allocateLoadBalancerNodePorts: true }),
  })
  const dns = facts.services.find((service) => service.name === 'dns')
  expect(dns).toMatchObject({
    type: 'NodePort',
    ports: [{ protocol: 'UDP', port: 53, nodePort: expect.any(Number) }],
    endpointNodes: [],
    statusAddresses: [],
  })
  const headless = facts.services.find((service) => service.name === 'headless')
  expect(headless).toMatchObject({ type: 'ClusterIP', clusterIP: 'None', ports: [], endpointNodes: [] })
})

clusterTest(
  'pods that take host ports and the DaemonSets of ServiceLB are read, ended and other pods are not',
  async () => {
    const { facts } = await read(running().kubeconfig)
    expect(facts.hostPortPods).toEqual([
      {
        namespace: 'kube-system',
        name: 'svclb-web-1',
        node: 'agent-1',
        ports: [{ protocol: 'TCP', port: 80 }],
        servicelbOf: 'shop/web',
        isReady: true,
      },
      {
        namespace: 'shop',
        name: 'proxy',
        ports: [{ protocol: 'UDP', port: 53, address: '127.0.0.1' }],
      },
    ])
    expect(facts.servicelbDaemonSets).toEqual([
      { service: 'shop/old', nodeSelector: {} },
      {
        service: 'shop/web',
        nodeSelector: { 'svccontroller.k3s.cattle.io/enablelb': 'true', 'svccontroller.k3s.cattle.io/lbpool': 'edge' },
      },
    ])
  },
)

clusterTest('objects that decide about the network are read, by what the server has, and never a Secret', async () => {
  const { facts, unread } = await read(running().kubeconfig)
  const names = facts.objects
    // Newer servers make one for themselves.
    ?.filter(({ kind }) => kind !== 'ServiceCIDR')
    .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
  expect(names).toEqual([
    'DaemonSet kube-system/kube-vip',
    'HelmChart kube-system/traefik',
    'HelmChartConfig kube-system/traefik',
    'Addon kube-system/coredns',
    'NetworkPolicy shop/deny',
    'Middleware shop/strip',
    'ConfigMap kube-system/coredns',
  ])
  expect(facts.objects?.find(({ kind }) => kind === 'HelmChartConfig')).toEqual({
    apiVersion: 'helm.cattle.io/v1',
    kind: 'HelmChartConfig',
    metadata: { name: 'traefik', namespace: 'kube-system', labels: { a: 'b' } },
    spec: { valuesContent: 'ports: {}\n' },
  })
  expect(JSON.stringify(facts)).not.toContain('hunter2')
  expect(unread).toEqual([])
})

clusterTest('two readings of one state are equal, and name the release of the server', async () => {
  const [one, two] = [await read(running().kubeconfig), await read(running().kubeconfig)]
  expect(two).toEqual(one)
  expect(one.serverVersion).toMatch(/^v1\.\d+/)
})

const proxies = [
  { name: 'an HTTP proxy', scheme: 'http', start: tunnelServer },
  { name: 'a SOCKS 5 proxy', scheme: 'socks5', start: socksServer },
] as const

for (const { name, scheme, start } of proxies) {
  clusterTest(`through ${name} the certificates of both sides are the same as without`, async () => {
    const through: string[] = []
    const port = await portOf(await listen(start(through)))
    const config = JSON.parse(readFileSync(running().kubeconfig, 'utf8')) as Kubeconfig
    const [{ name: cluster, cluster: settings }] = config.clusters
    const clusters = [{ name: cluster, cluster: { ...settings, 'proxy-url': `${scheme}://127.0.0.1:${port}` } }]
    const kubeconfig = join(await temporaryDirectory(), 'kubeconfig')
    writeFileSync(kubeconfig, JSON.stringify({ ...config, clusters }))
    expect(await read(kubeconfig)).toEqual(await read(running().kubeconfig))
    expect(through.length).toBeGreaterThan(0)
  })
}

interface Kubeconfig {
  readonly clusters: readonly [{ readonly name: string; readonly cluster: object }]
}

clusterTest('2,000 Services come in pages, each once', async () => {
  const { writer, kubeconfig } = running()
  await writer.create('/api/v1/namespaces', { metadata: { name: 'many' } })
  const services = Array.from({ length: 2000 }, (_, number) => ({
    metadata: { name: `service-${number}` },
    spec: { clusterIP: 'None', ports: [{ port: 80 }] },
  }))
  await writer.createAll('/api/v1/namespaces/many/services', services)
  const { facts } = await read(kubeconfig)
  const names = facts.services.filter(({ namespace }) => namespace === 'many').map(({ name }) => name)
  expect(names).toHaveLength(2000)
  expect(new Set(names).size).toBe(2000)
})

saySkipped()
