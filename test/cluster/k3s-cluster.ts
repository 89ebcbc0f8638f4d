import { createHash } from 'node:crypto'
import type { ApiWriter } from './api-writer.ts'
import { canary, serverArguments, serverFiles } from './k3s-machine.ts'

type Json = Readonly<Record<string, unknown>>

const servicelb = 'svccontroller.k3s.cattle.io'
const k3sVersion = 'v1.33.4+k3s1'
const charts = '/apis/helm.cattle.io/v1/namespaces/kube-system'
const manifests = '/var/lib/rancher/k3s/server/manifests'

/**
 * What K3s leaves in its API: one server and two agents, of which one serves the pool `edge`, Services that want it, the
 * packaged charts and Addons, and a secret wherever there may be one.
 */
export async function putK3sCluster(writer: ApiWriter): Promise<void> {
  await writer.installKind('helm.cattle.io', 'v1', 'HelmChart', 'helmcharts')
  await writer.installKind('helm.cattle.io', 'v1', 'HelmChartConfig', 'helmchartconfigs')
  await writer.installKind('k3s.cattle.io', 'v1', 'Addon', 'addons')
  for (const name of ['shop', 'kube-system']) {
    // The server makes its own one a moment after it is ready.
    await writer.createUnlessThere('/api/v1/namespaces', { metadata: { name } })
  }
  await putNodes(writer)
  await putServices(writer)
  await putCharts(writer)
  await putAddons(writer)
  await writer.create('/api/v1/namespaces/kube-system/configmaps', {
    metadata: { name: 'coredns-custom' },
    data: { 'lan.server': 'lan.example:53 {\n    forward . 192.168.1.1\n}\n' },
  })
  await writer.create('/api/v1/namespaces/kube-system/secrets', {
    metadata: { name: 'k3s-serving' },
    stringData: { key: canary },
  })
}

async function putNodes(writer: ApiWriter): Promise<void> {
  const environment = { K3S_DATASTORE_ENDPOINT: `mysql://k3s:${canary}@tcp(db)/k3s` }
  const edge = { [`${servicelb}/enablelb`]: 'true', [`${servicelb}/lbpool`]: 'edge' }
  const agent = (last: number): readonly string[] => [
    'agent',
    '--server',
    'https://192.168.1.10:6443',
    '--token',
    canary,
    '--node-ip',
    `192.168.1.${last}`,
  ]
  await putNode(writer, 'server-1', '192.168.1.10', serverArguments, environment, {
    'node-role.kubernetes.io/control-plane': 'true',
  })
  await putNode(writer, 'agent-1', '192.168.1.11', agent(11), {}, edge)
  await putNode(writer, 'agent-2', '192.168.1.12', agent(12), {}, {})
}

async function putNode(
  writer: ApiWriter,
  name: string,
  address: string,
  args: readonly string[],
  environment: Json,
  labels: Json,
): Promise<void> {
  await writer.create('/api/v1/nodes', {
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, ...labels },
      annotations: { 'k3s.io/node-args': JSON.stringify(args), 'k3s.io/node-env': JSON.stringify(environment) },
    },
  })
  await writer.setStatus(`/api/v1/nodes/${name}`, {
    nodeInfo: {
      machineID: '',
      systemUUID: '',
      bootID: '',
      kernelVersion: '6.1.0',
      osImage: 'Debian',
      containerRuntimeVersion: 'containerd://2.0',
      kubeletVersion: k3sVersion,
      kubeProxyVersion: k3sVersion,
      operatingSystem: 'linux',
      architecture: 'amd64',
    },
    addresses: [
      { type: 'InternalIP', address },
      { type: 'Hostname', address: name },
    ],
    conditions: [{ type: 'Ready', status: 'True' }],
  })
  // Put there by the server; the controller that takes it away again does not run.
  await writer.setSpec(`/api/v1/nodes/${name}`, { taints: [] })
}

async function putServices(writer: ApiWriter): Promise<void> {
  const edge = { [`${servicelb}/lbpool`]: 'edge' }
  await writer.create('/api/v1/namespaces/shop/services', {
    metadata: {
      name: 'web',
      labels: edge,
      annotations: {
        'external-dns.example/password': canary,
        'kubectl.kubernetes.io/last-applied-configuration': `{"password":"${canary}"}`,
      },
    },
    spec: { type: 'LoadBalancer', ports: [{ name: 'http', port: 8080, nodePort: 30080 }] },
  })
  await writer.create('/api/v1/namespaces/shop/services', {
    metadata: { name: 'late' },
    spec: { type: 'LoadBalancer', ports: [{ name: 'http', port: 9090, nodePort: 30081 }] },
  })
  await writer.create('/api/v1/namespaces/kube-system/services', {
    metadata: { name: 'traefik', labels: edge, annotations: { 'meta.helm.sh/release-name': 'traefik' } },
    spec: {
      type: 'LoadBalancer',
      ports: [
        { name: 'web', port: 80, nodePort: 30082 },
        { name: 'websecure', port: 443, nodePort: 30443 },
      ],
    },
  })
}

async function putCharts(writer: ApiWriter): Promise<void> {
  for (const name of ['traefik', 'traefik-crd']) {
    await putChart(writer, name)
    await putJob(writer, name, { succeeded: 1 })
  }
  await writer.create(`${charts}/helmchartconfigs`, {
    apiVersion: 'helm.cattle.io/v1',
    kind: 'HelmChartConfig',
    metadata: { name: 'traefik' },
    spec: {
      failurePolicy: 'reinstall',
      valuesContent: `service:
  labels:
    ${servicelb}/lbpool: edge
env:
  - name: CF_API_TOKEN
    value: ${canary}
  - { name: CF_DNS_API_TOKEN, value: ${canary} }
  - value: ${canary}
    name: CF_ZONE_API_TOKEN
additionalArguments:
  - --certificatesresolvers.le.acme.eab.hmacencoded
  - ${canary}
  - name: CF_DNS_TOKEN
    valueFrom: { secretKeyRef: { name: cloudflare, key: token } }
`,
    },
  })
}

export async function putChart(writer: ApiWriter, name: string): Promise<void> {
  await writer.create(`${charts}/helmcharts`, {
    apiVersion: 'helm.cattle.io/v1',
    kind: 'HelmChart',
    metadata: { name },
    spec: {
      chart: `https://%{KUBERNETES_API}%/static/charts/${name}-34.2.1+up34.2.0.tgz`,
      set: { 'experimental.pluginToken': canary },
      valuesContent: `{"env":[{"name":"A_TOKEN","value":"${canary}"}]}`,
    },
    status: { jobName: `helm-install-${name}` },
  })
}

/** As the Helm controller makes it: what the chart is told stands among its arguments. */
export async function putJob(writer: ApiWriter, chart: string, status: Json): Promise<void> {
  const jobs = '/apis/batch/v1/namespaces/kube-system/jobs'
  const labels = { 'helmcharts.helm.cattle.io/chart': chart }
  await writer.create(jobs, {
    metadata: { name: `helm-install-${chart}`, labels },
    spec: {
      backoffLimit: 1000,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'OnFailure',
          containers: [{ name: 'helm', image: 'klipper-helm', args: ['install', '--set', `pluginToken=${canary}`] }],
        },
      },
    },
  })
  await writer.setStatus(`${jobs}/helm-install-${chart}`, status)
}

async function putAddons(writer: ApiWriter): Promise<void> {
  for (const name of ['coredns', 'traefik']) await putAddon(writer, name, 'a'.repeat(64))
  const lan = serverFiles['var/lib/rancher/k3s/server/manifests/lan.yaml'] ?? ''
  await putAddon(writer, 'lan', createHash('sha256').update(lan).digest('hex'))
}

export async function putAddon(writer: ApiWriter, name: string, checksum: string): Promise<void> {
  await writer.create('/apis/k3s.cattle.io/v1/namespaces/kube-system/addons', {
    apiVersion: 'k3s.cattle.io/v1',
    kind: 'Addon',
    metadata: { name },
    spec: { checksum, source: `${manifests}/${name}.yaml` },
  })
}

interface AddonEvent {
  readonly addon: string
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  /** ISO 8601. */
  readonly at: string
  readonly host?: string
}

let told = 0

/** As K3s tells it: one object for each reason, whose time moves on. */
export async function putEvent(writer: ApiWriter, event: AddonEvent): Promise<void> {
  const { addon, type, reason, message, at, host = 'server-1' } = event
  told += 1
  await writer.create('/api/v1/namespaces/kube-system/events', {
    metadata: { name: `${addon}.${told.toString(16).padStart(16, '0')}` },
    type,
    reason,
    message,
    involvedObject: { apiVersion: 'k3s.cattle.io/v1', kind: 'Addon', namespace: 'kube-system', name: addon },
    source: { component: 'deploy', host },
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  })
}
