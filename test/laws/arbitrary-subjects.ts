import fc from 'fast-check'
import type { KubernetesObject, NodeFacts, ServiceFacts } from '../../src/domain/facts.ts'
import { allFlags } from '../../src/k3s/flags/flag-catalogue.ts'
import type { LintSubject, NodeSubject } from '../../src/lint/subject.ts'
import { at, node, object, subject } from '../lab/lint-subject.ts'
import { anyRelease, awkwardText } from './arbitrary-documents.ts'

const meaningful = fc.constantFrom(
  'true',
  'false',
  'none',
  'vxlan',
  'wireguard-native',
  'host-gw',
  '10.42.0.0/16',
  '10.43.0.0/16,fd00:43::/112',
  'fd00:42::/56',
  '10.43.0.10',
  '192.168.1.11',
  'fd00:1::11,192.168.1.11',
  '30000-32767',
  '6443',
  '-1',
  'traefik',
  'coredns,servicelb',
  'cloud-provider=external',
  'node-ip=::1',
  'svccontroller.k3s.cattle.io/enablelb=true',
  'name=tailscale,joinKey=x',
  'https://10.0.0.1:6443',
  '/etc/flannel.json',
)
const text = fc.oneof({ weight: 3, arbitrary: meaningful }, awkwardText)

const settings = fc.dictionary(
  fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...allFlags.map(({ name }) => name)) }, awkwardText),
  fc.oneof(text, fc.array(text, { maxLength: 3 })),
  { maxKeys: 12 },
)

/** Fields that objects of the network have, with anything in them. */
const anyJson: fc.Arbitrary<unknown> = fc.letrec<{ readonly tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fieldNames(), awkwardText), tie('tree'), { maxKeys: 5 }),
  ),
})).tree

function fieldNames(): fc.Arbitrary<string> {
  return fc.constantFrom(
    ...['spec', 'data', 'ports', 'port', 'nodePort', 'hostPort', 'type', 'values', 'valuesContent', 'failurePolicy'],
    ...[
      'chart',
      'repo',
      'set',
      'containers',
      'template',
      'env',
      'name',
      'value',
      'args',
      'routes',
      'match',
      'services',
    ],
    ...['entryPoints', 'middlewares', 'tls', 'basicAuth', 'secret', 'config', 'cidr', 'podSelector', 'ingress', 'from'],
    ...['ipBlock', 'except', 'clusterIP', 'externalIPs', 'loadBalancerClass', 'additionalArguments', 'service', 'web'],
  )
}

const kinds = [
  ['v1', ['Service', 'ConfigMap', 'Namespace', 'Secret', 'Pod', 'ServiceAccount']],
  ['apps/v1', ['DaemonSet', 'Deployment']],
  ['helm.cattle.io/v1', ['HelmChart', 'HelmChartConfig']],
  ['k3s.cattle.io/v1', ['Addon']],
  ['networking.k8s.io/v1', ['NetworkPolicy', 'Ingress', 'IngressClass']],
  ['traefik.io/v1alpha1', ['IngressRoute', 'Middleware', 'TLSOption']],
  ['traefik.containo.us/v1alpha1', ['IngressRoute', 'Middleware']],
  ['k8s.cni.cncf.io/v1', ['NetworkAttachmentDefinition']],
  ['operator.tigera.io/v1', ['Installation']],
  ['crd.projectcalico.org/v1', ['IPPool', 'FelixConfiguration']],
  ['metallb.io/v1beta1', ['IPAddressPool']],
  ['apiextensions.k8s.io/v1', ['CustomResourceDefinition']],
] as const

const typed = fc.constantFrom(
  ...kinds.flatMap(([apiVersion, names]) => names.map((kind) => ({ apiVersion, kind: String(kind) }))),
)
const names = fc.constantFrom('traefik', 'coredns', 'coredns-custom', 'kube-dns', 'calico-node', 'cilium', 'x', 'edge')
const namespaces = fc.constantFrom('kube-system', 'default', 'metallb-system')
const labelKeys = fc.constantFrom(
  'svccontroller.k3s.cattle.io/enablelb',
  'svccontroller.k3s.cattle.io/lbpool',
  'svccontroller.k3s.cattle.io/tolerations',
  'app',
)
const textRecord = fc.dictionary(labelKeys, text, { maxKeys: 3 })

export const anyKubernetesObject: fc.Arbitrary<KubernetesObject> = fc
  .record({ type: typed, name: names, namespace: namespaces, labels: textRecord, spec: anyJson, data: anyJson })
  .map(({ type, name, namespace, labels, spec, data }) => ({
    ...type,
    metadata: { name, namespace, labels, annotations: labels },
    spec,
    data,
  }))

const anyService: fc.Arbitrary<ServiceFacts> = fc
  .tuple(
    fc.record({
      namespace: namespaces,
      name: names,
      type: fc.constantFrom('LoadBalancer', 'ClusterIP'),
      labels: textRecord,
    }),
    fc.record(
      {
        annotations: textRecord,
        clusterIP: text,
        ports: fc.array(
          fc.record({
            protocol: fc.constantFrom('TCP', 'UDP'),
            port: fc.constantFrom(53, 80, 443, 6443, 10_250),
            nodePort: fc.constantFrom(30_080, 99),
          }),
          { maxLength: 3 },
        ),
        ipFamilies: fc.subarray([4, 6] as const),
        externalTrafficPolicy: fc.constantFrom('Cluster', 'Local'),
        loadBalancerClass: text,
        externalIPs: fc.array(text, { maxLength: 2 }),
        loadBalancerSourceRanges: fc.array(text, { maxLength: 2 }),
        statusAddresses: fc.array(text, { maxLength: 2 }),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([own, more]) => ({ ...own, ...more }))

const anyNodeFacts: fc.Arbitrary<Partial<NodeFacts>> = fc.record(
  {
    labels: textRecord,
    addresses: fc.array(text, { maxLength: 2 }),
    externalAddresses: fc.array(text, { maxLength: 2 }),
    annotations: fc.dictionary(fc.constantFrom('k3s.io/node-args', 'k3s.io/internal-ip'), text),
    isReady: fc.boolean(),
    operatingSystem: fc.constantFrom('linux', 'windows'),
  },
  { requiredKeys: [] },
)

const flannelConf = fc
  .record(
    {
      Network: text,
      IPv6Network: text,
      EnableIPv4: fc.oneof(fc.boolean(), text),
      EnableIPv6: fc.boolean(),
      Backend: fc.oneof(anyJson, fc.record({ Type: text, DirectRouting: fc.boolean(), MTU: fc.integer(), PSK: text })),
    },
    { requiredKeys: [] },
  )
  .map((value) => JSON.stringify(value))

const anyNode: fc.Arbitrary<NodeSubject> = fc
  .record({
    name: fc.constantFrom('pi-1', 'pi-2', 'every-server'),
    role: fc.constantFrom('server', 'agent'),
    settings,
    facts: anyNodeFacts,
    conf: fc.option(fc.oneof(awkwardText, flannelConf), { nil: undefined }),
  })
  .map(({ conf, ...rest }) =>
    node({
      ...rest,
      ...(conf === undefined ? {} : { flannelConf: { path: '/f.json', text: conf, at: at('/f.json') } }),
    }),
  )

const anySubjectAlone: fc.Arbitrary<LintSubject> = fc
  .record({
    version: fc.oneof({ weight: 5, arbitrary: anyRelease }, fc.constant('unknown')),
    scope: fc.constantFrom('repository', 'capture', 'machine'),
    nodes: fc.array(anyNode, { maxLength: 3 }),
    objects: fc.array(
      fc
        .tuple(anyKubernetesObject, fc.constantFrom('repository', 'rendered', 'machine', 'live'))
        .map(([value, origin]) => object(value, origin)),
      { maxLength: 4 },
    ),
    services: fc.array(anyService, { maxLength: 3 }),
    origin: fc.constantFrom('live', 'capture', 'inventory', 'assumed'),
    manifests: fc.array(
      fc.record({ name: fc.constantFrom('traefik.yaml', 'A_b.yml', 'x.yaml.skip', 'coredns.yaml'), text: awkwardText }),
      { maxLength: 2 },
    ),
  })
  .map(({ origin, manifests, ...rest }) =>
    subject({ ...rest, facts: { origin }, manifests: manifests.map((one) => ({ ...one, file: one.name })) }),
  )

/** Whatever a repository, a capture or a machine could show the rules, and what was there before. */
export const anySubject: fc.Arbitrary<LintSubject> = fc
  .tuple(anySubjectAlone, fc.option(anySubjectAlone, { nil: undefined }))
  .map(([now, before]) => (before === undefined ? now : { ...now, before }))

/** The same, on one release throughout. */
export function onRelease(one: LintSubject, text: string): LintSubject {
  const { version } = subject({ version: text })
  if (version === undefined) throw new Error(text)
  return { ...one, version, nodes: one.nodes.map((node) => ({ ...node, version })) }
}
