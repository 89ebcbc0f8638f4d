import { familyOf } from '../../src/domain/cidr.ts'
import type { Facts, HostPortPod, KubernetesObject, NodeFacts, ServiceFacts } from '../../src/domain/facts.ts'
import { ineligibilityOf } from '../../src/k3s/servicelb/eligibility.ts'
import { packagedTraefikService } from '../../src/k3s/servicelb/packaged-traefik.ts'
import { enableLabel, poolLabel } from '../../src/k3s/servicelb-labels.ts'
import { traefikRelease } from '../../src/k3s/version/traefik-releases.ts'
import type { LintSubject, NodeSubject } from '../../src/lint/subject.ts'
import { renderNodeLabels, renderServiceLabels } from '../../src/render/pool-labels.ts'
import type { DesiredState } from '../../src/schema/documents.ts'
import { readYamlMap } from '../../src/text/yaml-read.ts'

/**
 * What the API shows of a cluster that runs as its repository says: its nodes with their labels and annotations, K3s's
 * own Services, charts and AddOns, the objects of its manifests, and the pods of ServiceLB.
 * @param subject the repository with an inventory, or with the assumed nodes
 */
export function liveFacts(desired: DesiredState, subject: LintSubject): Facts {
  const bare = subject.nodes.map((node, index) => liveNode(desired, node, index))
  const labels = renderNodeLabels(desired.cluster, { ...subject.facts, nodes: bare })
  const nodes = bare.map((node) => ({
    ...node,
    labels: { ...node.labels, ...labels.find(({ object }) => object === node.name)?.labels },
  }))
  const services = liveServices(desired, subject, nodes)
  const pods = services.flatMap(({ pods: own }) => own)
  return {
    origin: 'live',
    nodes,
    services: services.map(({ service }) => service),
    hostPortPods: pods,
    servicelbDaemonSets: services.flatMap(({ service, pods: own }) => {
      const nodeSelector = isAllowList(nodes) ? poolSelector(service) : {}
      return own.length === 0 ? [] : [{ service: `${service.namespace}/${service.name}`, nodeSelector }]
    }),
    objects: [...packagedObjects(desired, subject), ...ownObjects(subject)],
  }
}

function liveNode(desired: DesiredState, { name, role, facts, settings }: NodeSubject, index: number): NodeFacts {
  const isIpv6Only = desired.cluster.spec.addressing.clusterCIDR?.every((cidr) => familyOf(cidr) === 6) === true
  const addresses = textsOf(settings, 'node-ip')
  const external = textsOf(settings, 'node-external-ip')
  const taints = textsOf(settings, 'node-taint').flatMap((text): NonNullable<NodeFacts['taints']> => {
    const [key = '', value = ''] = text.split(/[=:]/)
    return [{ key, value, effect: 'NoSchedule' }]
  })
  const own = Object.fromEntries(textsOf(settings, 'node-label').map((text) => text.split('=') as [string, string]))
  const assumed = isIpv6Only ? `fd00:1::${index + 11}` : `192.168.1.${index + 11}`
  return {
    name,
    role,
    labels: {
      'kubernetes.io/arch': 'amd64',
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': 'linux',
      ...(role === 'server' ? { 'node-role.kubernetes.io/control-plane': 'true' } : {}),
      ...facts.labels,
      ...own,
    },
    addresses: addresses.length > 0 ? addresses : facts.addresses.length > 0 ? facts.addresses : [assumed],
    ...(external.length > 0 ? { externalAddresses: external } : {}),
    annotations: { 'k3s.io/node-args': JSON.stringify([role, ...argumentsOf(settings)]), 'k3s.io/hostname': name },
    taints,
    isReady: true,
    operatingSystem: 'linux',
    k3sVersion: desired.cluster.spec.k3sVersion,
  }
}

/** K3s takes `--key=text` apart into two words. */
function argumentsOf(settings: NodeSubject['settings']): string[] {
  return [...settings.values()].flatMap(({ key, values }) => values.flatMap(({ text }) => [`--${key}`, text]))
}

interface LiveService {
  readonly service: ServiceFacts
  readonly pods: readonly HostPortPod[]
}

function liveServices(desired: DesiredState, subject: LintSubject, nodes: readonly NodeFacts[]): LiveService[] {
  const { components } = desired.cluster.spec
  const pools = new Map(renderServiceLabels(desired.cluster).map((one) => [one.object, one]))
  const traefik = components.traefik.enabled ? packagedTraefikService(traefikValues(subject)) : undefined
  const internal = (namespace: string, name: string, port: number): ServiceFacts => ({
    namespace,
    name,
    type: 'ClusterIP',
    labels: {},
    ports: [{ protocol: 'TCP', port }],
  })
  const written = subject.services.flatMap(({ service, origin }) => (origin === 'repository' ? [service] : []))
  const all = [
    internal('default', 'kubernetes', 443),
    ...(components.coredns.enabled ? [internal('kube-system', 'kube-dns', 53)] : []),
    ...(components.metricsServer.enabled ? [internal('kube-system', 'metrics-server', 443)] : []),
    ...(traefik === undefined ? [] : [traefik]),
    ...written,
  ]
  return all.map((service, index) => {
    const pool = pools.get(`${service.namespace}/${service.name}`)
    const labelled = {
      ...service,
      labels: { ...service.labels, ...pool?.labels },
      annotations: { ...service.annotations, ...pool?.annotations },
    }
    return running(desired, subject, labelled, nodes, index)
  })
}

function running(
  desired: DesiredState,
  { version }: LintSubject,
  service: ServiceFacts,
  nodes: readonly NodeFacts[],
  index: number,
): LiveService {
  const range = desired.cluster.spec.addressing.serviceCIDR?.[0] ?? '10.43.0.0/16'
  const prefix = range.slice(0, range.indexOf('/')).replace(/\.\d+\.\d+$/, '.0.')
  const isDns = service.name === 'kube-dns'
  const own = isDns || service.name === 'kubernetes' ? (isDns ? 10 : 1) : 100 + index
  const isBalanced = service.type === 'LoadBalancer'
  const mine = isBalanced
    ? nodes.filter((node) => servesService(node, service, nodes) && (node.taints ?? []).length === 0)
    : []
  const served =
    desired.cluster.spec.components.servicelb.enabled &&
    (version === undefined || ineligibilityOf(service, version) === undefined)
  const pods = (served ? mine : []).map(
    (node): HostPortPod => ({
      namespace: 'kube-system',
      name: `svclb-${service.name}-4f1c8a2e-${node.name}`,
      node: node.name,
      ports: (service.ports ?? []).map(({ protocol, port }) => ({ protocol, port })),
      servicelbOf: `${service.namespace}/${service.name}`,
      isReady: true,
    }),
  )
  const live: ServiceFacts = {
    ...service,
    uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    createdAt: new Date(Date.UTC(2026, 0, 1, 0, index)).toISOString(),
    clusterIP: familyOf(range) === 6 ? `${prefix}${own.toString(16)}` : `${prefix}${own}`,
    ipFamilies: service.ipFamilies ?? [familyOf(range)],
    ports: (service.ports ?? []).map((port, at) => ({
      ...port,
      ...(isBalanced ? { nodePort: 31_000 + 20 * index + at } : {}),
    })),
    ...(isBalanced ? { externalTrafficPolicy: service.externalTrafficPolicy ?? 'Cluster' } : {}),
    endpointNodes: nodes.map(({ name }) => name),
    ...(isBalanced
      ? { statusAddresses: mine.map((node) => node.externalAddresses?.[0] ?? node.addresses[0] ?? '') }
      : {}),
  }
  return { service: live, pods }
}

function isAllowList(nodes: readonly NodeFacts[]): boolean {
  return nodes.some(({ labels }) => labels[enableLabel] === 'true')
}

function servesService(node: NodeFacts, service: ServiceFacts, nodes: readonly NodeFacts[]): boolean {
  if (!isAllowList(nodes)) return true
  const pool = service.labels[poolLabel]
  return node.labels[enableLabel] === 'true' && (pool === undefined || node.labels[poolLabel] === pool)
}

function poolSelector({ labels }: ServiceFacts): Readonly<Record<string, string>> {
  const pool = labels[poolLabel]
  return { [enableLabel]: 'true', ...(pool === undefined ? {} : { [poolLabel]: pool }) }
}

function traefikValues(subject: LintSubject): Readonly<Record<string, unknown>> {
  const override = subject.objects.find(
    ({ object }) => object.kind === 'HelmChartConfig' && object.metadata.name === 'traefik',
  )
  const text = (override?.object['spec'] as { valuesContent?: string } | undefined)?.valuesContent
  return text === undefined ? {} : readYamlMap(text)
}

function packagedObjects({ cluster }: DesiredState, { version }: LintSubject): KubernetesObject[] {
  const { components } = cluster.spec
  const addon = (name: string): KubernetesObject => ({
    apiVersion: 'k3s.cattle.io/v1',
    kind: 'Addon',
    metadata: { name, namespace: 'kube-system' },
    spec: { source: `/var/lib/rancher/k3s/server/manifests/${name}.yaml`, checksum: 'a'.repeat(64) },
  })
  const release = version === undefined ? undefined : traefikRelease(version)
  const chart = (name: string, number: string): KubernetesObject => ({
    apiVersion: 'helm.cattle.io/v1',
    kind: 'HelmChart',
    metadata: { name, namespace: 'kube-system', annotations: { 'helm.cattle.io/managed-by': 'helm-controller' } },
    spec: {
      chart: `https://%{KUBERNETES_API}%/static/charts/${name}-${number}+up${number}.tgz`,
      failurePolicy: 'reinstall',
      set: { 'global.systemDefaultRegistry': '' },
    },
    status: { jobName: `helm-install-${name}` },
  })
  const charts =
    release === undefined || !components.traefik.enabled
      ? []
      : [
          addon('traefik'),
          chart('traefik', release.chart),
          ...(release.chartMajor < 9 ? [] : [chart('traefik-crd', release.chart)]),
          { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'traefik' } },
        ]
  const coredns: KubernetesObject[] = components.coredns.enabled
    ? [
        addon('coredns'),
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: {
            name: 'coredns',
            namespace: 'kube-system',
            annotations: { 'objectset.rio.cattle.io/owner-name': 'coredns' },
          },
          data: {},
        },
      ]
    : []
  return [...coredns, ...charts]
}

/** Groups whose objects a reading of the API holds. */
const readGroups =
  /^(helm\.cattle\.io|traefik\.(io|containo\.us)|gateway\.networking\.k8s\.io|networking\.k8s\.io|cilium\.io|metallb\.io|k8s\.cni\.cncf\.io)\//

function ownObjects({ objects }: LintSubject): KubernetesObject[] {
  return objects.flatMap(({ object }): KubernetesObject[] => {
    const { name } = object.metadata
    const isRead =
      readGroups.test(object.apiVersion) ||
      object.kind === 'DaemonSet' ||
      (object.kind === 'ConfigMap' && /^coredns|^(calico|canal|cilium)-config$/.test(name))
    if (!isRead) return []
    const annotations = { ...object.metadata.annotations, 'objectset.rio.cattle.io/owner-name': 'own' }
    const namespace = object.metadata.namespace ?? 'default'
    const status = object.kind === 'HelmChart' ? { status: { jobName: `helm-install-${name}` } } : {}
    return [{ ...object, ...status, metadata: { ...object.metadata, namespace, annotations } }]
  })
}

function textsOf(settings: NodeSubject['settings'], key: string): readonly string[] {
  return (settings.get(key)?.values ?? []).map(({ text }) => text)
}
