import fc from 'fast-check'
import type { KubernetesObject } from '../../src/domain/facts.ts'
import { redirectFragment } from '../../src/k3s/traefik/redirect-shape.ts'

type Fields = Readonly<Record<string, unknown>>

const kubeSystem = 'kube-system'

function made(
  apiVersion: string,
  kind: string,
  name: string,
  fields: Fields,
  namespace = kubeSystem,
): KubernetesObject {
  return { apiVersion, kind, metadata: { name, namespace }, ...fields }
}

/** Values of Traefik's chart, each wrong or unwise in some era of it. */
const traefikValues: readonly string[] = [
  'ports:\n  web:\n    redirectTo: websecure\n',
  'ports:\n  web:\n    redirectTo:\n      port: websecure\n',
  'ports:\n  web:\n    expose: false\n',
  'ports:\n  web:\n    expose:\n      default: false\n',
  'ports:\n  metrics:\n    expose: true\n  traefik:\n    expose: true\n',
  'ports:\n  metrics:\n    expose:\n      default: true\n',
  'ports:\n  websecure:\n    tls:\n      certResolver: le\n',
  'deploymnt:\n  replicas: 2\n',
  'globalArguments: []\nadditionalArguments:\n  - "--api.insecure=true"\n',
  'additionalArguments:\n  - entrypoints\n  - "--entrypoints.wbe.address=:80"\n  - "--experimental.http3=true"\n',
  'additionalArguments:\n  - "--pilot.token=x"\n  - "--certificatesresolvers.le.acme.email=a@b"\n',
  'ingressRoute:\n  dashboard:\n    enabled: true\n    entryPoints: [web]\n',
  'certResolvers:\n  le:\n    email: a@b\n',
  'certificatesResolvers:\n  le:\n    acme: {}\n',
  'persistence:\n  enabled: true\ndeployment:\n  replicas: 3\n',
  'tolerations:\n  - key: edge\n',
  'image:\n  name: traefik\n  tag: v2.5\n',
  'image:\n  repository: mine/traefik\n',
  'service:\n  spec:\n    externalTrafficPolicy: Local\n    loadBalancerIP: 10.0.0.9\n',
  'service:\n  externalTrafficPolicy: Local\n',
  'providers:\n  kubernetesGateway:\n    enabled: true\n',
  'experimental:\n  kubernetesGateway:\n    enabled: true\n',
  'dashboard:\n  enabled: true\nssl:\n  enabled: true\n',
  'core:\n  defaultRuleSyntax: v2\n',
  ['a: $', '{VERSION}\n'].join(''),
  'a: {{ .Values.a }}\n',
  'a: [\n',
  'a: 1\n---\nb: 2\n',
  ...[20, 27, 34, 38]
    .map((major) => redirectFragment(major))
    .map((fragment) => JSON.stringify({ ports: { web: fragment } })),
]

const chartNames = ['traefik', 'cilium', 'tigera-operator', 'rke2-multus', 'grafana', 'traefik-config'] as const

const cniValues: readonly string[] = [
  '',
  'kubeProxyReplacement: true\n',
  'kubeProxyReplacement: strict\nk8sServiceHost: 10.0.0.1\n',
  'ipam:\n  operator:\n    clusterPoolIPv4PodCIDRList: [10.0.0.0/8]\n',
  'cni:\n  chainingMode: portmap\n',
  'installation:\n  calicoNetwork:\n    ipPools: [{ cidr: 192.168.0.0/16 }]\n',
  'config:\n  cni_conf:\n    confDir: /etc/cni/net.d\n    binDir: /var/lib/rancher/k3s/data/current/bin\n',
]

const chart: fc.Arbitrary<KubernetesObject> = fc
  .record({
    kind: fc.constantFrom('HelmChart', 'HelmChartConfig'),
    name: fc.constantFrom(...chartNames),
    namespace: fc.constantFrom(kubeSystem, kubeSystem, 'default'),
    spec: fc.record(
      {
        chart: fc.constantFrom(...chartNames, 'https://%{KUBERNETES_API}%/static/charts/traefik-27.0.201+up27.0.2.tgz'),
        valuesContent: fc.constantFrom(...traefikValues, ...cniValues),
        values: fc.constantFrom({ kubeProxyReplacement: true }, { ports: { web: { expose: false } } }, 'text'),
        failurePolicy: fc.constantFrom('abort', 'retry', 'reinstall'),
        bootstrap: fc.boolean(),
        createNamespace: fc.boolean(),
        timeout: fc.constant('5m'),
        version: fc.constantFrom('1.0.0', '2.0.0'),
        valuesSecrets: fc.constantFrom([{ name: 'a', keys: ['values.yaml'] }], [{ name: 'a' }]),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ kind, name, namespace, spec }) =>
    made('helm.cattle.io/v1', kind, name, { spec: kind === 'HelmChart' ? { chart: name, ...spec } : spec }, namespace),
  )

/** What everybody's Traefik has: an override under its own name. */
const traefikConfig: fc.Arbitrary<KubernetesObject> = fc
  .constantFrom(...traefikValues)
  .map((valuesContent) => made('helm.cattle.io/v1', 'HelmChartConfig', 'traefik', { spec: { valuesContent } }))

const corednsCustom: fc.Arbitrary<KubernetesObject> = fc
  .dictionary(
    fc.constantFrom('lan.server', 'log.override', 'zones'),
    fc.constantFrom(
      'lan:53 {\n  forward . 1.1.1.1\n}\n',
      'lan:53 { forward . 1.1.1.1 }\n',
      '.:53 {\n  log\n}\n',
      'forward . 1.1.1.1\n',
      'hosts {\n}\n',
      'lan {\n',
    ),
    { minKeys: 1, maxKeys: 2 },
  )
  .map((data) => made('v1', 'ConfigMap', 'coredns-custom', { data }))

const containers = (env: Fields, ...volumes: readonly Fields[]): Fields => ({
  spec: {
    template: {
      spec: {
        containers: [{ name: 'a', image: 'a', env: Object.entries(env).map(([name, value]) => ({ name, value })) }],
        volumes,
      },
    },
  },
})

const route = (match: string, more: Fields = {}, services = [{ name: 'web' }]): Fields => ({
  spec: { entryPoints: ['web', 'metrics'], routes: [{ kind: 'Rule', match, services, ...more }] },
})

const attachment = (config: Fields): KubernetesObject =>
  made('k8s.cni.cncf.io/v1', 'NetworkAttachmentDefinition', 'lan', { spec: { config: JSON.stringify(config) } })

const addon = (source: string): KubernetesObject =>
  made('k3s.cattle.io/v1', 'Addon', 'lan', { spec: { source, checksum: 'x' } })

const job = (status: Fields): KubernetesObject =>
  made('batch/v1', 'Job', 'helm-install-traefik', {
    metadata: {
      name: 'helm-install-traefik',
      namespace: kubeSystem,
      labels: { 'helmcharts.helm.cattle.io/chart': 'traefik' },
    },
    spec: {},
    status,
  })

const hash = 'a'.repeat(64)

/** Objects that rules know by their names. */
const known: readonly KubernetesObject[] = [
  made('apps/v1', 'DaemonSet', 'calico-node', containers({ CALICO_IPV4POOL_CIDR: '192.168.0.0/16' })),
  made('apps/v1', 'DaemonSet', 'cilium', containers({})),
  made('apps/v1', 'DaemonSet', 'kube-flannel-ds', containers({})),
  made(
    'apps/v1',
    'DaemonSet',
    'kube-multus-ds',
    containers({}, { name: 'cnibin', hostPath: { path: '/opt/cni/bin' } }),
  ),
  made(
    'apps/v1',
    'DaemonSet',
    'x',
    containers({}, { name: 'bin', hostPath: { path: `/var/lib/rancher/k3s/data/${hash}/bin` } }),
  ),
  made('apps/v1', 'DaemonSet', 'metallb-speaker', containers({})),
  made('apps/v1', 'Deployment', 'hcloud-cloud-controller-manager', containers({})),
  made('apps/v1', 'Deployment', 'coredns', containers({})),
  made(
    'apps/v1',
    'Deployment',
    'dns',
    containers({}, { name: 'c', configMap: { name: 'dns', items: [{ key: 'NodeHosts' }] } }),
  ),
  made('v1', 'ConfigMap', 'dns', { data: {} }),
  made('v1', 'ConfigMap', 'cilium-config', { data: { 'kube-proxy-replacement': 'false', ipam: 'cluster-pool' } }),
  made('v1', 'ConfigMap', 'cilium-config', {
    data: { 'kube-proxy-replacement': 'true', 'cluster-pool-ipv4-cidr': '10.0.0.0/8' },
  }),
  made('v1', 'ConfigMap', 'calico-config', {
    data: { cni_network_config: '{"plugins":[{"type":"calico"},{"type":"portmap"}]}' },
  }),
  made('v1', 'ConfigMap', 'coredns', { data: { Corefile: '.:53 {\n}\n' } }),
  made('operator.tigera.io/v1', 'Installation', 'default', {
    spec: { calicoNetwork: { ipPools: [{ cidr: '192.168.0.0/16' }] } },
  }),
  made('crd.projectcalico.org/v1', 'IPPool', 'default', { spec: { cidr: '192.168.0.0/16' } }),
  made('networking.k8s.io/v1', 'NetworkPolicy', 'deny', { spec: { podSelector: {} } }, 'default'),
  made(
    'traefik.io/v1alpha1',
    'IngressRoute',
    'site',
    route('Host(`a.lan`, `b.lan`)', { middlewares: [{ name: 'gone' }] }),
  ),
  made('traefik.io/v1alpha1', 'IngressRoute', 'dash', route('PathPrefix(`/{x:a}`)', {}, [{ name: 'api@internal' }])),
  made('traefik.containo.us/v1alpha1', 'IngressRoute', 'old', route('HostRegexp(`{x:[a-z]+}.lan`)')),
  made('traefik.io/v1alpha1', 'Middleware', 'auth', { spec: { basicAuth: { secret: 'gone' } } }),
  made('traefik.io/v1alpha1', 'Middleware', 'lists', { spec: { ipWhiteList: { sourceRange: ['10.0.0.0/8'] } } }),
  made('gateway.networking.k8s.io/v1', 'Gateway', 'edge', {}),
  made('gateway.networking.k8s.io/v1', 'HTTPRoute', 'edge', {}),
  ...['gateways.gateway.networking.k8s.io', 'ingressroutes.traefik.containo.us', 'ingressroutes.traefik.io'].map(
    (name) => made('apiextensions.k8s.io/v1', 'CustomResourceDefinition', name, { spec: {} }),
  ),
  attachment({ type: 'macvlan', master: 'eth0', ipam: { type: 'host-local', subnet: '10.42.0.0/24' } }),
  attachment({ type: 'macvlan', master: 'eth0', ipam: { type: 'dhcp' } }),
  addon('/var/lib/rancher/k3s/server/manifests/lan.yaml'),
  job({ failed: 7, conditions: [{ type: 'Failed', status: 'True' }] }),
  made('v1', 'Namespace', 'lb', {
    metadata: { name: 'lb', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  }),
  made('v1', 'Service', 'web', { spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } }, 'default'),
  made('scheduling.k8s.io/v1', 'PriorityClass', 'high', {}),
  made('metallb.io/v1beta1', 'IPAddressPool', 'pool', { spec: { addresses: ['10.0.0.9/32'] } }),
]

/** As a template leaves it where nobody fills it in. */
const unfilled = made('v1', 'ConfigMap', ['$', '{NAME}'].join(''), {})

/** Objects of the kinds that rules look for, with the contents that they look for. */
export const tellingObject: fc.Arbitrary<KubernetesObject> = fc.oneof(
  { weight: 3, arbitrary: chart },
  { weight: 3, arbitrary: traefikConfig },
  { weight: 1, arbitrary: corednsCustom },
  { weight: 1, arbitrary: fc.constant(unfilled) },
  { weight: 6, arbitrary: fc.constantFrom(...known) },
)
