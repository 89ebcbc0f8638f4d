import fc from 'fast-check'
import type { KubernetesObject, NodeFacts, ServiceFacts } from '../../src/domain/facts.ts'
import { parseK3sVersion } from '../../src/k3s/version/k3s-version.ts'
import type { LintSubject, NodeSubject } from '../../src/lint/subject.ts'
import type { NodeNetwork } from '../../src/schema/documents.ts'
import { nodeNetworkSchema } from '../../src/schema/node-network.ts'
import { at, node, object, subject } from '../lab/lint-subject.ts'
import { anyConfig } from './arbitrary-configs.ts'
import { anyRelease, awkwardText } from './arbitrary-documents.ts'
import { anyHost } from './arbitrary-hosts.ts'
import { tellingObject } from './arbitrary-objects.ts'
import { settings, text } from './arbitrary-settings.ts'

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
  'svccontroller.k3s.cattle.io/priorityclassname',
  'lbpool.svccontroller.k3s.cattle.io/edge',
  'node-role.kubernetes.io/etcd',
  'app',
)
const labelText = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('true', 'true', 'edge', 'false') }, text)
const textRecord = fc.dictionary(labelKeys, labelText, { maxKeys: 3 })

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
            port: fc.constantFrom(53, 80, 443, 6443, 10_250, 30_100),
            nodePort: fc.constantFrom(30_080, 99),
          }),
          { maxLength: 3 },
        ),
        endpointNodes: fc.subarray(['pi-1', 'pi-2', 'gone']),
        allocateLoadBalancerNodePorts: fc.boolean(),
        createdAt: fc.constantFrom('2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z'),
        isDeleting: fc.boolean(),
        ipFamilies: fc.subarray([4, 6] as const),
        externalTrafficPolicy: fc.constantFrom('Cluster', 'Local'),
        loadBalancerClass: text,
        externalIPs: fc.array(text, { maxLength: 2 }),
        loadBalancerSourceRanges: fc.array(fc.oneof(fc.constantFrom('10.0.0.0/8', 'fd00::/8', '10.0.0.0'), text), {
          maxLength: 2,
        }),
        statusAddresses: fc.array(fc.oneof(fc.constantFrom('192.168.1.11', '203.0.113.9'), text), { maxLength: 2 }),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([own, more]) => ({ ...own, ...more }))

const address = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('192.168.1.11', '10.1.0.7', '203.0.113.9', '10.42.0.9', 'fd00:1::11') },
  text,
)
const taint = fc.record({
  key: fc.constantFrom(
    'node-role.kubernetes.io/control-plane',
    'dedicated',
    'node.cloudprovider.kubernetes.io/uninitialized',
  ),
  effect: fc.constantFrom('NoSchedule', 'NoExecute', 'PreferNoSchedule'),
})

const anyNodeFacts: fc.Arbitrary<Partial<NodeFacts>> = fc.record(
  {
    labels: textRecord,
    addresses: fc.array(address, { maxLength: 2 }),
    externalAddresses: fc.array(address, { maxLength: 2 }),
    taints: fc.array(taint, { maxLength: 2 }),
    k3sVersion: anyRelease,
    annotations: fc.dictionary(fc.constantFrom('k3s.io/node-args', 'k3s.io/internal-ip'), text),
    isReady: fc.boolean(),
    operatingSystem: fc.constantFrom('linux', 'windows'),
  },
  { requiredKeys: [] },
)

const flannelBackend = fc.record(
  {
    Type: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom('vxlan', 'host-gw', 'wireguard', 'ipsec', 'extension') },
      text,
    ),
    DirectRouting: fc.boolean(),
    MTU: fc.constantFrom(1450, 1500, 9000),
    PSK: fc.constantFrom('short', 'x'.repeat(96)),
    VNI: fc.constantFrom(1, 4096),
    Port: fc.constantFrom(8472, 4789, 8080),
    Mode: fc.constantFrom('separate', 'auto', 'ipv4', 'both'),
    ListenPort: fc.constantFrom(51_820, 51_821),
    ListenPortV6: fc.constantFrom(51_820, 51_821),
  },
  { requiredKeys: ['Type'] },
)

const flannelConf = fc
  .record(
    {
      Network: text,
      IPv6Network: text,
      EnableIPv4: fc.oneof(fc.boolean(), text),
      EnableIPv6: fc.boolean(),
      Backend: fc.oneof(anyJson, flannelBackend),
    },
    { requiredKeys: [] },
  )
  .map((value) => JSON.stringify(value))

const firewallRule = fc
  .record(
    {
      protocol: fc.constantFrom('tcp', 'udp'),
      ports: fc.subarray([22, 443, 6443, 8472, 10_250, 51_820, 51_821, 2379, 5001], { minLength: 1, maxLength: 2 }),
      from: fc.subarray(['192.168.1.0/24', '10.42.0.0/16', '0.0.0.0/0', '::/0'], { minLength: 1 }),
    },
    { requiredKeys: [] },
  )
  .chain((rest) => fc.constantFrom('Accept', 'Drop').map((action) => ({ ...rest, action })))
  // Ports are those of a protocol.
  .map(({ protocol, ports, ...rest }) =>
    protocol === undefined || ports === undefined ? rest : { ...rest, protocol, ports },
  )

function networkWith(rules: readonly Readonly<Record<string, unknown>>[]): NodeNetwork {
  const named = rules.map((rule, index) => ({ name: `rule-${index}`, ...rule }))
  return nodeNetworkSchema.parse({
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'NodeNetwork',
    metadata: { name: 'all' },
    spec: { nodes: { names: ['pi-1', 'pi-2'] }, firewall: { input: named, services: named } },
  })
}

const anyNode: fc.Arbitrary<NodeSubject> = fc
  .record({
    name: fc.constantFrom('pi-1', 'pi-2', 'every-server'),
    role: fc.constantFrom('server', 'agent'),
    settings,
    facts: anyNodeFacts,
    conf: fc.option(fc.oneof(awkwardText, { weight: 4, arbitrary: flannelConf }), { nil: undefined }),
    cniConf: fc.option(fc.constantFrom('{"plugins":[{"type":"flannel"}]}', '{', '{"plugins":[]}'), { nil: undefined }),
    release: anyRelease,
    config: fc.option(anyConfig, { nil: undefined }),
    host: fc.option(anyHost, { nil: undefined }),
    firewall: fc.array(firewallRule, { maxLength: 3 }),
  })
  .map(({ conf, cniConf, config, host, release, firewall, ...rest }) => {
    const version = parseK3sVersion(release)
    return node({
      ...rest,
      ...(version === undefined ? {} : { version }),
      ...(config === undefined ? {} : { config }),
      ...(host === undefined ? {} : { host }),
      networks: firewall.length === 0 ? [] : [networkWith(firewall)],
      ...(conf === undefined ? {} : { flannelConf: { path: '/f.json', text: conf, at: at('/f.json') } }),
      ...(cniConf === undefined ? {} : { flannelCniConf: { path: '/c.json', text: cniConf, at: at('/c.json') } }),
    })
  })

const manifestFile = fc.record({
  name: fc.constantFrom(
    ...['traefik.yaml', 'A_b.yml', 'x.yaml.skip', 'traefik.yaml.skip', 'coredns.yaml', 'lan.yaml', 'lan.yml'],
    ...['fairlead-x.yaml', 'notes.txt', 'a b.yaml', 'sub/lan.yaml'],
  ),
  text: fc.oneof(
    awkwardText,
    fc.constantFrom(
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: lan, namespace: default }\n',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: lan, labels: { a: true } }\n',
    ),
  ),
  isPackaged: fc.boolean(),
})

const hostPortPod = fc.record({
  namespace: namespaces,
  name: names,
  node: fc.constantFrom('pi-1', 'pi-2'),
  ports: fc.constantFrom([{ protocol: 'TCP', port: 80 }] as const, [{ protocol: 'TCP', port: 443 }] as const),
})

const anySubjectAlone: fc.Arbitrary<LintSubject> = fc
  .record({
    version: fc.oneof({ weight: 5, arbitrary: anyRelease }, fc.constant('unknown')),
    isMixed: fc.nat(4).map((one) => one === 0),
    scope: fc.constantFrom('repository', 'capture', 'machine'),
    nodes: fc.array(anyNode, { maxLength: 3 }),
    objects: fc.array(
      fc
        .tuple(
          fc.oneof(anyKubernetesObject, { weight: 4, arbitrary: tellingObject }),
          fc.constantFrom('repository', 'rendered', 'machine', 'live'),
        )
        .map(([value, origin]) => object(value, origin)),
      { maxLength: 6 },
    ),
    services: fc.array(anyService, { maxLength: 3 }),
    origin: fc.constantFrom('live', 'capture', 'inventory', 'assumed'),
    hostPortPods: fc.array(hostPortPod, { maxLength: 2 }),
    manifests: fc.array(manifestFile, { maxLength: 3 }),
  })
  .map(({ origin, manifests, nodes, isMixed, hostPortPods, ...rest }) => {
    const live = rest.objects.filter((one) => one.origin === 'live').map((one) => one.object)
    const one = subject({
      ...rest,
      nodes,
      facts: { origin, hostPortPods, objects: live },
      manifests: manifests.map(({ isPackaged, ...file }) => ({
        ...file,
        file: `/var/lib/rancher/k3s/server/manifests/${file.name}`,
        ...(isPackaged ? { isPackaged } : {}),
      })),
    })
    const { version } = one
    return isMixed || version === undefined ? one : { ...one, nodes: nodes.map((each) => ({ ...each, version })) }
  })

/** Whatever a repository, a capture or a machine could show the rules, and what was there before. */
export const anySubject: fc.Arbitrary<LintSubject> = fc
  .tuple(anySubjectAlone, fc.option(anySubjectAlone, { nil: undefined }), fc.boolean())
  .map(([now, before, isKept]) => {
    if (before === undefined) return now
    // A change leaves most of a cluster as it was.
    return { ...now, before: isKept ? { ...before, objects: now.objects, services: now.services } : before }
  })

/** The same, on one release throughout. */
export function onRelease(one: LintSubject, text: string): LintSubject {
  const { version } = subject({ version: text })
  if (version === undefined) throw new Error(text)
  return { ...one, version, nodes: one.nodes.map((node) => ({ ...node, version })) }
}
