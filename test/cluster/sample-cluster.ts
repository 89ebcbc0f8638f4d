import type { ApiWriter } from './api-writer.ts'

type Json = Readonly<Record<string, unknown>>

const servicelb = 'svccontroller.k3s.cattle.io'

/** One server, one agent, and of everything that a reading holds at least one: what is told apart is there as well. */
export async function putSampleCluster(writer: ApiWriter): Promise<void> {
  await writer.installKind('helm.cattle.io', 'v1', 'HelmChart', 'helmcharts')
  await writer.installKind('helm.cattle.io', 'v1', 'HelmChartConfig', 'helmchartconfigs')
  await writer.installKind('k3s.cattle.io', 'v1', 'Addon', 'addons')
  await writer.installKind('traefik.io', 'v1alpha1', 'Middleware', 'middlewares')
  for (const name of ['shop', 'kube-system']) {
    // The server makes its own one a moment after it is ready.
    await writer.createUnlessThere('/api/v1/namespaces', { metadata: { name } })
  }
  await putNodes(writer)
  await putServices(writer)
  await putPods(writer)
  await putDaemonSets(writer)
  await putObjects(writer)
}

async function putNodes(writer: ApiWriter): Promise<void> {
  const nodeInfo = {
    machineID: '',
    systemUUID: '',
    bootID: '',
    kernelVersion: '6.1.0',
    osImage: 'Debian',
    containerRuntimeVersion: 'containerd://2.0',
    kubeletVersion: 'v1.33.4+k3s1',
    kubeProxyVersion: 'v1.33.4+k3s1',
    operatingSystem: 'linux',
    architecture: 'amd64',
  }
  await writer.create('/api/v1/nodes', {
    metadata: {
      name: 'server-1',
      labels: { 'node-role.kubernetes.io/control-plane': 'true' },
      annotations: {
        'k3s.io/node-args': '["server","--token","hunter2","--disable=traefik","--cluster-cidr","10.42.0.0/16"]',
        'k3s.io/node-env': '{"K3S_TOKEN":"hunter2","HTTPS_PROXY":"http://me:hunter2@proxy:3128"}',
      },
    },
  })
  await writer.setStatus('/api/v1/nodes/server-1', {
    nodeInfo,
    addresses: [
      { type: 'InternalIP', address: '192.168.1.10' },
      { type: 'Hostname', address: 'server-1' },
    ],
    conditions: [{ type: 'Ready', status: 'True' }],
  })
  await writer.create('/api/v1/nodes', {
    metadata: { name: 'agent-1', labels: { [`${servicelb}/enablelb`]: 'true' } },
    spec: { taints: [{ key: 'dedicated', value: 'edge', effect: 'NoSchedule' }] },
  })
  await writer.setStatus('/api/v1/nodes/agent-1', {
    nodeInfo,
    addresses: [
      { type: 'ExternalIP', address: '203.0.113.11' },
      { type: 'InternalIP', address: '192.168.1.11' },
      { type: 'InternalIP', address: 'fd00::11' },
    ],
    conditions: [{ type: 'Ready', status: 'Unknown' }],
  })
}

async function putServices(writer: ApiWriter): Promise<void> {
  await writer.create('/api/v1/namespaces/shop/services', {
    metadata: {
      name: 'web',
      labels: { [`${servicelb}/lbpool`]: 'edge' },
      annotations: { note: 'kept', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
    },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.43.0.80',
      externalTrafficPolicy: 'Local',
      externalIPs: ['198.51.100.7'],
      loadBalancerIP: '198.51.100.8',
      loadBalancerSourceRanges: ['192.168.0.0/16'],
      ports: [
        { name: 'http', port: 80, nodePort: 30080 },
        { name: 'https', port: 443, nodePort: 30443 },
      ],
    },
  })
  await writer.setStatus('/api/v1/namespaces/shop/services/web', {
    loadBalancer: { ingress: [{ ip: '192.168.1.11' }, { ip: '192.168.1.10' }, { hostname: 'lb.example' }] },
  })
  await writer.create('/api/v1/namespaces/shop/services', {
    metadata: { name: 'headless' },
    spec: { clusterIP: 'None' },
  })
  await writer.create('/api/v1/namespaces/shop/services', {
    metadata: { name: 'dns' },
    spec: { type: 'NodePort', ports: [{ port: 53, protocol: 'UDP' }] },
  })
  const ready = (nodeName: string, isReady: boolean): Json => ({
    addresses: ['10.42.0.5'],
    conditions: { ready: isReady },
    targetRef: { kind: 'Pod', name: `web-${nodeName}` },
    nodeName,
    topology: { 'kubernetes.io/hostname': nodeName },
  })
  await putSlice(writer, 'web-a', [ready('server-1', true), ready('agent-1', true), ready('agent-1', true)])
  await putSlice(writer, 'web-b', [ready('gone-1', false)])
}

async function putSlice(writer: ApiWriter, name: string, endpoints: readonly Json[]): Promise<void> {
  const { versions } = (await writer.get('/apis/discovery.k8s.io')) as { versions: readonly { version: string }[] }
  const isStable = versions.some(({ version }) => version === 'v1')
  const fields = endpoints.map(({ topology, nodeName, ...rest }) => ({
    ...rest,
    ...(isStable ? { nodeName } : { topology }),
  }))
  await writer.create(`/apis/discovery.k8s.io/${isStable ? 'v1' : 'v1beta1'}/namespaces/shop/endpointslices`, {
    metadata: { name, labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: fields,
    ports: [],
  })
}

async function putPods(writer: ApiWriter): Promise<void> {
  const pod = (name: string, nodeName: string | undefined, ports: readonly Json[], labels: Json = {}): Json => ({
    metadata: { name, labels },
    spec: { ...(nodeName === undefined ? {} : { nodeName }), containers: [{ name: 'c', image: 'i', ports }] },
  })
  const pool = { [`${servicelb}/svcname`]: 'web', [`${servicelb}/svcnamespace`]: 'shop' }
  const system = '/api/v1/namespaces/kube-system/pods'
  await writer.create(system, pod('svclb-web-1', 'agent-1', [{ containerPort: 80, hostPort: 80 }], pool))
  await writer.setStatus(`${system}/svclb-web-1`, { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] })
  const shop = '/api/v1/namespaces/shop/pods'
  const dns = { containerPort: 53, hostPort: 53, hostIP: '127.0.0.1', protocol: 'UDP' }
  await writer.create(shop, pod('proxy', undefined, [dns]))
  await writer.create(shop, pod('plain', 'agent-1', [{ containerPort: 8080 }]))
  await writer.create(shop, pod('ended', 'agent-1', [{ containerPort: 81, hostPort: 81 }]))
  await writer.setStatus(`${shop}/ended`, { phase: 'Succeeded' })
}

async function putDaemonSets(writer: ApiWriter): Promise<void> {
  const daemonSet = (name: string, labels: Json, podLabels: Json, podSpec: Json, env: readonly Json[] = []): Json => ({
    metadata: { name, labels },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name, ...podLabels } },
        spec: { containers: [{ name: 'c', image: 'i', env }], ...podSpec },
      },
    },
  })
  const selector = { [`${servicelb}/nodeselector`]: 'true' }
  const names = { [`${servicelb}/svcname`]: 'web', [`${servicelb}/svcnamespace`]: 'shop' }
  const nodeSelector = { [`${servicelb}/enablelb`]: 'true', [`${servicelb}/lbpool`]: 'edge' }
  const system = '/apis/apps/v1/namespaces/kube-system/daemonsets'
  await writer.create(system, daemonSet('svclb-web-01234567', { ...selector, ...names }, names, { nodeSelector }))
  await writer.create(system, daemonSet('log-shipper', {}, {}, {}))
  const password = [{ name: 'bgp_password', value: 'hunter2' }]
  await writer.create(system, daemonSet('kube-vip', {}, {}, {}, password))
  // As releases until v1.24.1 made it: beside its Service.
  const old = { [`${servicelb}/nodeselector`]: 'false' }
  const oldNames = { [`${servicelb}/svcname`]: 'old' }
  await writer.create('/apis/apps/v1/namespaces/shop/daemonsets', daemonSet('svclb-old', old, oldNames, {}))
}

async function putObjects(writer: ApiWriter): Promise<void> {
  const system = 'namespaces/kube-system'
  await writer.create(`/apis/helm.cattle.io/v1/${system}/helmcharts`, {
    apiVersion: 'helm.cattle.io/v1',
    kind: 'HelmChart',
    metadata: { name: 'traefik' },
    spec: { chart: 'https://%{KUBERNETES_API}%/static/charts/traefik.tgz' },
  })
  await writer.create(`/apis/helm.cattle.io/v1/${system}/helmchartconfigs`, {
    apiVersion: 'helm.cattle.io/v1',
    kind: 'HelmChartConfig',
    metadata: { name: 'traefik', labels: { a: 'b' } },
    spec: { valuesContent: 'ports: {}\n' },
  })
  await writer.create(`/apis/k3s.cattle.io/v1/${system}/addons`, {
    apiVersion: 'k3s.cattle.io/v1',
    kind: 'Addon',
    metadata: { name: 'coredns' },
    spec: { checksum: 'c', source: '/var/lib/rancher/k3s/server/manifests/coredns.yaml' },
  })
  await writer.create('/apis/traefik.io/v1alpha1/namespaces/shop/middlewares', {
    apiVersion: 'traefik.io/v1alpha1',
    kind: 'Middleware',
    metadata: { name: 'strip' },
    spec: { stripPrefix: { prefixes: ['/a'] } },
  })
  await writer.create('/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies', {
    metadata: { name: 'deny' },
    spec: { podSelector: {}, policyTypes: ['Ingress'] },
  })
  await writer.create(`/api/v1/${system}/configmaps`, {
    metadata: { name: 'coredns' },
    data: { Corefile: '.:53 {}\n' },
  })
  await writer.create(`/api/v1/${system}/configmaps`, { metadata: { name: 'unrelated' }, data: { a: 'hunter2' } })
  await writer.create(`/api/v1/${system}/secrets`, {
    metadata: { name: 'k3s-serving' },
    stringData: { key: 'hunter2' },
  })
}
