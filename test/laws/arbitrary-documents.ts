import fc from 'fast-check'
import type { AddressFamily } from '../../src/domain/cidr.ts'
import { allFlags } from '../../src/k3s/flags/flag-catalogue.ts'
import { knownMinors } from '../../src/k3s/version/known-minors.ts'

/** The parts of a repository with one cluster, as somebody could have written them: well-formed, and not always wise. */
export interface WrittenCluster {
  readonly network: Json
  readonly nodes: readonly Json[]
}

export type Json = Readonly<Record<string, unknown>>

/** Releases of every known branch, and of the years before drop-ins among them. */
export const anyRelease: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...knownMinors), fc.integer({ min: 0, max: 18 }), fc.integer({ min: 1, max: 3 }))
  .map(([minor, patch, build]) => `v${minor}.${patch}+k3s${build}`)

const label = fc.constantFrom('a', 'pi-1', 'edge', 'web', 'site-b', 'no', 'x1')
const interfaceName = fc.constantFrom('eth0', 'eth1', 'wlan0', 'enp3s0', 'no')
const port = fc.integer({ min: 1, max: 65_535 })
const address4 = fc.constantFrom('192.168.1.11', '10.1.0.7', '203.0.113.9')
const address6 = fc.constantFrom('fd00:1::11', '2001:db8::7')
const families = fc.constantFrom<readonly AddressFamily[]>([4], [6], [4, 6], [6, 4])

/** Lines that YAML readers have got wrong before. */
export const awkwardText = fc.oneof(
  fc.constantFrom('', 'no', '1e3', '10:30', '0644', '~', 'null', '# x', 'a: b', ' lead', 'trail ', '|', '"', "'", '\t'),
  fc.constantFrom(
    'a\n',
    'a\nb',
    '\n',
    'a\n\n',
    '  a\n b\n',
    '{{ x }}',
    '%{y}',
    '---\n',
    '... \n',
    '=',
    '<<',
    '!x',
    '&y',
  ),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
)

function ofFamilies(four: fc.Arbitrary<string>, six: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> {
  return fc.tuple(families, four, six).map(([order, one, other]) => order.map((family) => (family === 4 ? one : other)))
}

const addresses = ofFamilies(address4, address6)

const addressing = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  { weight: 4, arbitrary: families.map(inFamilies) },
  optional({
    clusterCIDR: ofFamilies(fc.constantFrom('10.42.0.0/16', '10.52.0.0/16'), fc.constant('fd00:42::/56')),
    serviceCIDR: ofFamilies(fc.constantFrom('10.43.0.0/16', '10.53.0.0/16'), fc.constant('fd00:43::/112')),
    serviceNodePortRange: fc.constantFrom('30000-32767', '20000-20100'),
    clusterDNS: ofFamilies(fc.constantFrom('10.43.0.10', '10.53.0.10'), fc.constant('fd00:43::a')),
    clusterDomain: fc.constantFrom('cluster.local', 'lab.example'),
  }),
)

/** Ranges that fit each other. */
function inFamilies(order: readonly AddressFamily[]): Json {
  const pick = (four: string, six: string): readonly string[] => order.map((family) => (family === 4 ? four : six))
  return {
    clusterCIDR: pick('10.42.0.0/16', 'fd00:42::/56'),
    serviceCIDR: pick('10.43.0.0/16', 'fd00:43::/112'),
    clusterDNS: pick('10.43.0.10', 'fd00:43::a'),
  }
}

const flannel = optional({
  backend: fc.constantFrom('vxlan', 'host-gw', 'wireguard-native', 'wireguard', 'ipsec', 'none'),
  directRouting: fc.boolean(),
  interface: interfaceName,
  ipv6Masq: fc.boolean(),
  externalIP: fc.boolean(),
  vxlan: optional({ vni: fc.integer({ min: 1, max: 4096 }), port, mtu: fc.constant(1450), gbp: fc.boolean() }),
  wireguard: optional({
    mode: fc.constantFrom('separate', 'auto', 'ipv4', 'ipv6'),
    listenPort: port,
    persistentKeepaliveInterval: fc.integer({ min: 0, max: 60 }),
  }),
})

const values = fc.dictionary(
  fc.oneof(label, fc.constantFrom('ports', 'service', 'logs', 'on', '1.5')),
  fc.oneof(awkwardText, fc.integer(), fc.boolean(), fc.constant(null), fc.array(awkwardText, { maxLength: 3 })),
  { maxKeys: 4 },
)

const cni = fc.oneof(
  { weight: 3, arbitrary: optional({ flannel }) },
  optional({
    plugin: fc.constantFrom('calico', 'canal', 'cilium', 'none'),
    kubeProxyReplacement: fc.boolean(),
    apiServer: fc.constant({ host: '192.168.1.11' }),
    chart: fc.record({ repository: fc.constant('https://charts.example'), version: fc.constant('1.2.3') }),
    secondary: optional({
      multus: fc.constant({ repository: 'https://rke2-charts.rancher.io' }),
      macvlan: fc.array(
        fc.record({ name: label, interface: interfaceName, subnet: fc.constantFrom('10.9.0.0/24', 'fd00:9::/64') }),
        { maxLength: 2 },
      ),
    }),
  }),
)

const enabled = optional({ enabled: fc.boolean() })
const failurePolicy = fc.constantFrom('reinstall', 'abort', 'retry')
const valuesFrom = fc.array(fc.record({ secretName: label, keys: fc.constant(['values.yaml']) }), { maxLength: 2 })

const components = optional({
  coredns: optional({
    enabled: fc.boolean(),
    custom: fc.dictionary(fc.constantFrom('lan.server', 'log.override', 'other', '1'), awkwardText),
  }),
  traefik: optional({
    enabled: fc.boolean(),
    values,
    valuesFrom,
    failurePolicy,
    dashboard: fc.record({ host: fc.constant('traefik.lan') }),
  }),
  servicelb: optional({ enabled: fc.boolean(), namespace: label }),
  networkPolicy: enabled,
  cloudController: optional({ enabled: fc.boolean(), external: fc.boolean() }),
  helmController: enabled,
  kubeProxy: enabled,
  metricsServer: enabled,
  localStorage: enabled,
})

const scalar = fc.oneof(awkwardText, fc.integer({ min: -9, max: 99_999 }), fc.boolean())
const flags = fc.dictionary(
  fc.oneof(
    fc.constantFrom(...allFlags.flatMap(({ name, aliases }) => [name, ...aliases])),
    fc.constantFrom('flannel-backed', 'to-string', 'i', 'node-ip', 't', 'token'),
  ),
  fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })),
  { maxKeys: 5 },
)

const helmChartConfig = fc
  .tuple(
    fc.record({ name: label, namespace: label }),
    fc.oneof(fc.record({ values }), fc.record({ valuesContent: awkwardText })),
    optional({ valuesFrom, failurePolicy }),
  )
  .map((parts): Json => Object.assign({}, ...parts))

const selector = fc.oneof(
  fc.record({ names: fc.array(label, { minLength: 1, maxLength: 2 }) }),
  fc.record({ matchLabels: fc.dictionary(label, label, { minKeys: 1, maxKeys: 2 }) }),
)

const pool = fc.record({
  name: label,
  nodes: selector,
  services: fc.array(
    fc.record({ namespace: fc.constantFrom('kube-system', 'default'), name: fc.constant('traefik') }),
    {
      maxLength: 2,
    },
  ),
})

const inventoryNode = fc
  .tuple(
    fc.record({ role: fc.constantFrom('server', 'agent') }),
    optional({ labels: fc.dictionary(label, label, { maxKeys: 2 }) }),
  )
  .map((parts): Json => Object.assign({}, ...parts))

const inventory = fc
  .array(inventoryNode, { maxLength: 3 })
  .map((nodes) => nodes.map((one, index): Json => ({ name: `n-${index}`, addresses: [`10.9.8.${index}`], ...one })))

/** `spec` without the release. */
const clusterSpec = (ownFlags: boolean): fc.Arbitrary<Json> =>
  optional({
    nodes: inventory,
    addressing,
    cni,
    components: fc.oneof(components, fc.constant({})),
    ...(ownFlags ? { k3sFlags: optional({ servers: flags, nodes: flags }) } : {}),
    helmChartConfigs: fc.array(helmChartConfig, { maxLength: 2 }),
    loadBalancer: optional({ pools: fc.array(pool, { maxLength: 2 }) }),
  })

const nodeSpec = (ownFlags: boolean): fc.Arbitrary<Json> =>
  fc
    .tuple(
      fc.record({ nodes: fc.oneof(selector, fc.constant({ names: ['n-0', 'n-1'] })) }),
      optional({
        nodeIP: addresses,
        externalIP: addresses,
        flannelInterface: interfaceName,
        ...(ownFlags ? { k3sFlags: flags } : {}),
      }),
    )
    .map((parts): Json => Object.assign({}, ...parts))

/** A cluster with every field of the documents; without flags of its own where a test is about the fields alone. */
export function writtenCluster({ ownFlags }: { readonly ownFlags: boolean }): fc.Arbitrary<WrittenCluster> {
  return fc
    .tuple(anyRelease, clusterSpec(ownFlags), fc.array(nodeSpec(ownFlags), { maxLength: 2 }))
    .map(([k3sVersion, spec, nodes]) => ({
      network: document('ClusterNetwork', 'home', { k3sVersion, ...spec }),
      nodes: nodes.map((one, index) => document('NodeNetwork', `some-${index}`, one)),
    }))
}

export function withRelease({ network, nodes }: WrittenCluster, k3sVersion: string): WrittenCluster {
  return { network: { ...network, spec: { ...specOf(network), k3sVersion } }, nodes }
}

export function specOf(document: Json): Json {
  const { spec } = document
  return typeof spec === 'object' && spec !== null ? { ...spec } : {}
}

function document(kind: string, name: string, spec: Json): Json {
  return { apiVersion: 'fairlead.dev/v1alpha1', kind, metadata: { name }, spec }
}

/** Any of the fields, or none. */
function optional(fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Json> {
  return fc.record(fields, { requiredKeys: [] })
}
