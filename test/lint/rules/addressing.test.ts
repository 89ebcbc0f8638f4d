import { describe, expect, test } from 'vitest'
import type { HostNetwork, HostReading } from '../../../src/domain/host.ts'
import { addressingRules } from '../../../src/lint/addressing/addressing-rules.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import type { LintSubject } from '../../../src/lint/subject.ts'
import { desiredState } from '../../lab/desired-state.ts'
import { node, object, service, subject } from '../../lab/lint-subject.ts'
import { testRules } from './rule-cases.ts'

type Values = Readonly<Record<string, string | number | boolean | readonly string[]>>

/** One server that is told this. */
function told(values: Values, version = 'v1.33.4+k3s1'): LintSubject {
  const parsed = subject({ version }).version
  return subject({ version, nodes: [node({ settings: values, ...(parsed === undefined ? {} : { version: parsed }) })] })
}

function machine(
  network: Partial<HostNetwork>,
  values: Values = {},
  sysctls: Record<string, string> = {},
): LintSubject {
  const host: HostReading = {
    files: new Map(),
    unreadable: [],
    network: { interfaces: [], defaultRoutes: [], ...network },
    sysctls,
  }
  return subject({
    scope: 'machine',
    nodes: [node({ settings: { 'tls-san': ['k3s.lan'], ...values }, facts: { addresses: ['192.168.1.5'] }, host })],
  })
}

function nic(name: string, ...addresses: string[]): HostNetwork['interfaces'][number] {
  return { name, isUp: true, mtuBytes: 1500, addresses }
}

function nodes(count: number, values: Values = {}): LintSubject {
  const facts = { addresses: ['192.168.1.5'] }
  const agents = Array.from({ length: count - 1 }, (_, index) => node({ name: `pi-${index + 2}`, role: 'agent' }))
  return subject({ nodes: [node({ settings: values, facts }), ...agents] })
}

const dual = { 'cluster-cidr': ['10.42.0.0/16', 'fd00:42::/56'], 'service-cidr': ['10.43.0.0/16', 'fd00:43::/112'] }
const ipv6 = { 'cluster-cidr': ['fd00:42::/56'], 'service-cidr': ['fd00:43::/112'] }
const lan = [nic('eth0', '192.168.1.5/24')]
const route = { family: 6, device: 'eth0', protocol: 'ra' } as const
const range = (text: string): Values => ({ 'service-node-port-range': text })
const mask = (text: string): Values => ({ 'kube-controller-manager-arg': [text] })
const podMode = { 'egress-selector-mode': 'pod' }
const withPort = (nodePort: number, settings: Values): LintSubject =>
  subject({
    nodes: [node({ settings })],
    services: [service('web', { ports: [{ protocol: 'TCP', port: 80, nodePort }] })],
  })

/** A Service of the manifests, and what servers are told. */
function writes(
  spec: Readonly<Record<string, unknown>>,
  settings: Values = {},
  origin: 'repository' | 'live' = 'repository',
  version = 'v1.33.4+k3s1',
): LintSubject {
  const web = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec }
  return subject({ version, nodes: [node({ settings })], objects: [object(web, origin)] })
}

testRules(addressingRules, {
  'net-argument-bypass': {
    fails: [
      told({ 'kube-apiserver-arg': ['service-cluster-ip-range=10.99.0.0/16'] }),
      told({ 'kube-apiserver-arg': ['--service-node-port-range=20000-22000'] }),
      told({ 'kube-controller-manager-arg': ['cluster-cidr=10.99.0.0/16'] }),
      told({ 'kube-proxy-arg': ['cluster-cidr=10.99.0.0/16'] }),
      told({ 'kubelet-arg': ['cluster-dns=10.43.0.53'] }),
      told({ 'kubelet-arg': ['cluster-domain=lab.example'] }),
    ],
    passes: [
      told({ 'kube-apiserver-arg': ['service-cluster-ip-range=10.43.0.0/16', 'v=2'] }),
      told({ 'service-cidr': ['10.99.0.0/16'], 'kube-apiserver-arg': ['service-cluster-ip-range=10.99.0.0/16'] }),
      // A DNS cache on every node.
      told({ 'kubelet-arg': ['cluster-dns=169.254.20.10', 'max-pods=50'] }),
    ],
  },
  'net-cidr-parse': {
    fails: [
      told({ 'cluster-cidr': ['10.42.0.0'] }),
      told({ 'service-cidr': ['10.43.0.0/33'] }),
      told({ 'cluster-cidr': ['10.42.0.0/16, fd00:42::/56'] }),
      told({ 'cluster-cidr': [''] }),
    ],
    passes: [subject(), told(dual), told({ 'cluster-cidr': '10.42.0.0/16,fd00:42::/56' })],
  },
  'net-cidr-hostbits': {
    fails: [told({ 'cluster-cidr': ['192.168.200.0/16'] }), told({ 'service-cidr': ['fd00:43::1/112'] })],
    passes: [subject(), told(dual)],
  },
  'net-cidr-count': {
    fails: [
      told({ 'cluster-cidr': ['10.42.0.0/16', '10.44.0.0/16'] }),
      told({ 'service-cidr': ['10.43.0.0/16', 'fd00:43::/112', 'fd00:44::/112'] }),
    ],
    passes: [subject(), told(dual)],
  },
  'net-family-match': {
    fails: [
      told({ 'cluster-cidr': dual['cluster-cidr'] }),
      told({ ...dual, 'service-cidr': ['fd00:43::/112', '10.43.0.0/16'] }),
    ],
    passes: [subject(), told(dual), told(ipv6), told({ 'cluster-cidr': ['fd00:42::/56'] })],
  },
  'net-dualstack-gate': {
    fails: [
      told(dual, 'v1.20.15+k3s1'),
      told(dual, 'v1.22.1+k3s1'),
      told(dual, 'v1.23.6+k3s1'),
      told(ipv6, 'v1.22.8+k3s1'),
      told(ipv6, 'v1.23.5+k3s1'),
    ],
    passes: [
      told(dual),
      told(dual, 'v1.23.7+k3s1'),
      told({}, 'v1.20.15+k3s1'),
      told(ipv6, 'v1.22.9+k3s1'),
      told(ipv6, 'v1.23.6+k3s1'),
    ],
  },
  'net-overlap': {
    fails: [
      told({ 'service-cidr': ['10.42.128.0/20'] }),
      told({ 'service-cidr': ['10.32.0.0/11'] }),
      told({ 'cluster-cidr': ['10.43.0.0/17'] }),
      machine({ interfaces: [nic('eth0', '10.42.7.5/24')] }),
      machine({ interfaces: [nic('docker0', '10.43.0.1/16')] }),
      machine({ interfaces: [nic('wg0', '10.0.0.2/8')] }),
      machine(
        { interfaces: [nic('eth0', '10.42.7.5/24')], defaultRoutes: [{ family: 4, device: 'eth0' }] },
        { 'flannel-backend': 'none' },
      ),
    ],
    passes: [
      subject(),
      told({ 'cluster-cidr': ['10.42.0.0/17'], 'service-cidr': ['10.42.128.0/17'] }),
      machine({
        interfaces: [
          ...lan,
          nic('cni0', '10.42.0.1/24'),
          nic('flannel.1', '10.42.0.0/32'),
          nic('kube-ipvs0', '10.43.0.10/32'),
        ],
      }),
      machine({ interfaces: [...lan, nic('somecni', '10.42.0.1/24')] }, { 'flannel-backend': 'none' }),
    ],
  },
  'net-nodeip-in-cidr': {
    fails: [told({ 'node-ip': ['10.42.3.4'] }), subject({ nodes: [node({ facts: { addresses: ['10.43.0.9'] } })] })],
    passes: [
      subject(),
      told({ 'node-ip': ['192.168.1.5'] }),
      told({ 'node-ip': ['10.42.3.4'], 'cluster-cidr': ['10.50.0.0/16'] }),
    ],
  },
  'net-cluster-capacity': {
    fails: [nodes(3, { 'cluster-cidr': ['10.42.0.0/23'] }), nodes(2, { 'cluster-cidr': ['10.42.0.0/23'] }), nodes(257)],
    passes: [nodes(3), nodes(204), nodes(3, { 'cluster-cidr': ['10.42.0.0/23'], 'flannel-backend': 'none' })],
  },
  'net-node-mask': {
    fails: [
      told({ 'cluster-cidr': ['10.42.0.0/25'] }),
      told(mask('node-cidr-mask-size=12')),
      told(mask('node-cidr-mask-size=40')),
      told({ 'cluster-cidr': ['fd00:42::/47'], 'service-cidr': ['fd00:43::/112'] }),
    ],
    passes: [subject(), told(dual), told({ 'cluster-cidr': ['fd00:42::/48'], 'service-cidr': ['fd00:43::/112'] })],
  },
  'net-node-mask-flag': {
    fails: [
      told({ ...dual, ...mask('node-cidr-mask-size=25') }),
      told({ 'cluster-cidr': ['10.42.0.0/16'], 'kube-controller-manager-arg': ['node-cidr-mask-size-ipv6=64'] }),
      told({
        'cluster-cidr': ['10.42.0.0/16'],
        'kube-controller-manager-arg': ['node-cidr-mask-size=25', 'node-cidr-mask-size-ipv4=25'],
      }),
      told({ ...ipv6, 'kube-controller-arg': ['node-cidr-mask-size-ipv4=25'] }),
    ],
    passes: [
      subject(),
      told(mask('node-cidr-mask-size=25')),
      told({ ...dual, 'kube-controller-manager-arg': ['node-cidr-mask-size-ipv4=25', 'node-cidr-mask-size-ipv6=72'] }),
      told({ ...dual, ...mask('node-cidr-mask-size=0') }),
    ],
  },
  'net-maxpods-mask': {
    fails: [told({ 'kubelet-arg': ['max-pods=254'] }), told(mask('node-cidr-mask-size=26'))],
    passes: [
      subject(),
      told({ 'kubelet-arg': ['max-pods=250'] }),
      told({ 'kubelet-arg': ['max-pods=500'], ...mask('node-cidr-mask-size=22') }),
      told({ ...ipv6, 'kubelet-arg': ['max-pods=500'] }),
    ],
  },
  'net-service-size': {
    fails: [
      told({ 'service-cidr': ['10.0.0.0/8'] }),
      told({ 'service-cidr': ['fd00::/64'] }),
      told({ 'service-cidr': ['fd00::/110'] }),
    ],
    passes: [subject(), told(dual), told({ 'service-cidr': ['10.96.0.0/12'] })],
  },
  'net-service-small': {
    fails: [told({ 'service-cidr': ['10.43.0.0/25'] }), told({ 'service-cidr': ['fd00:43::/121'] })],
    passes: [subject(), told({ 'service-cidr': ['10.43.0.0/24'] })],
  },
  'net-dns-in-service': {
    fails: [
      told({ 'cluster-dns': ['10.44.0.10'] }),
      told({ 'cluster-dns': ['10.43.0.0'] }),
      told({ 'cluster-dns': ['10.43.0.1'] }),
      told({ 'cluster-dns': ['10.43.255.255'] }),
      told({ ...dual, 'cluster-dns': ['10.43.0.10', 'fd00:44::a'] }),
    ],
    passes: [
      subject(),
      told({ 'cluster-dns': ['10.43.0.53'] }),
      told({ ...dual, 'cluster-dns': ['10.43.0.10', 'fd00:43::a'] }),
      told({ 'cluster-dns': ['fd00:43::a'] }),
    ],
  },
  'net-dns-family': {
    fails: [
      told({ ...dual, 'cluster-dns': ['10.43.0.10'] }),
      told({ ...dual, 'cluster-dns': ['fd00:43::a', '10.43.0.10'] }),
      told({ 'service-cidr': ['10.43.0.0/16'], 'cluster-dns': ['10.43.0.10', '10.43.0.11'] }),
    ],
    passes: [subject(), told(dual), told({ ...dual, 'cluster-dns': ['10.43.0.10', 'fd00:43::a'] })],
  },
  'net-dns-parse': {
    fails: [told({ 'cluster-dns': ['dns.lan'] }), told({ 'cluster-dns': ['10.43.0.10/16'] })],
    passes: [subject(), told({ 'cluster-dns': ['10.43.0.10'] })],
  },
  'net-domain': {
    fails: ['cluster.local.', 'Cluster.Local', 'my_cluster', '', 'home.local'].map((text) =>
      told({ 'cluster-domain': text }),
    ),
    passes: [
      subject(),
      ...['cluster.local', 'k3s.example.org', 'localhost4'].map((text) => told({ 'cluster-domain': text })),
    ],
  },
  'net-nodeport-range': {
    fails: ['30000-20000', '0-100', '30000-70000', 'all', '30000:32767', '-'].map((text) => told(range(text))),
    passes: [subject(), ...['30000-32767', '30000+2767', '30000'].map((text) => told(range(text)))],
  },
  'net-nodeport-reserved': {
    fails: [
      told(range('6000-7000')),
      told(range('8000-12000')),
      told(range('30000-40000')),
      told(range('80-500')),
      told({ ...range('7000-7500'), 'https-listen-port': 7443 }),
      told({ ...range('2000-2400'), 'cluster-init': true }),
    ],
    passes: [
      subject(),
      told(range('30000-32767')),
      told(range('2000-2400')),
      told({ ...range('80-500'), disable: ['servicelb'] }),
      machine({}, range('30000-40000'), { 'net.ipv4.ip_local_port_range': '40001\t60999' }),
    ],
  },
  'net-nodeport-shrink': {
    fails: [
      withPort(32_000, range('30000-31000')),
      { ...withPort(20_000, { 'tls-san': 'k3s.lan' }), scope: 'machine' },
    ],
    passes: [withPort(30_500, range('30000-31000')), withPort(20_000, {}), withPort(0, range('30000-31000'))],
  },
  'net-advertise-family': {
    fails: [
      told({ ...dual, 'advertise-address': 'fd00::5' }),
      told({ ...dual, 'node-external-ip': ['2001:db8::5', '203.0.113.5'] }),
      told({ ...dual, 'node-ip': ['fd00::5', '192.168.1.5'] }),
      told({ 'advertise-address': 'k3s.lan' }),
    ],
    passes: [
      subject(),
      told({ ...dual, 'advertise-address': '192.168.1.5', 'node-ip': ['fd00::5', '192.168.1.5'] }),
      told({ ...dual, 'node-ip': ['192.168.1.5', 'fd00::5'] }),
      told({ ...dual, 'node-ip': ['fd00::5', '192.168.1.5'], 'vpn-auth-file': '/etc/vpn' }),
    ],
  },
  'net-egress-enum': {
    fails: [told({ 'egress-selector-mode': 'pods' }), told({ 'egress-selector-mode': '' })],
    passes: [subject(), told(podMode), told({ 'egress-selector-mode': 'pods' }, 'v1.22.9+k3s1')],
  },
  'net-egress-pod-cni': {
    fails: [
      {
        ...told(podMode),
        desired: desiredState({ cni: { plugin: 'cilium', chart: { repository: 'https://helm.cilium.io' } } }),
      },
      {
        ...told(podMode),
        objects: [
          object({
            apiVersion: 'operator.tigera.io/v1',
            kind: 'Installation',
            metadata: { name: 'default' },
            spec: {},
          }),
        ],
      },
      {
        ...told(podMode),
        objects: [
          object({
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: 'cilium-config' },
            data: { ipam: 'cluster-pool' },
          }),
        ],
      },
    ],
    passes: [
      told(podMode),
      {
        ...told(podMode),
        desired: desiredState({
          cni: {
            plugin: 'cilium',
            chart: { repository: 'https://helm.cilium.io', values: { ipam: { mode: 'kubernetes' } } },
          },
        }),
      },
      {
        ...subject(),
        desired: desiredState({ cni: { plugin: 'cilium', chart: { repository: 'https://helm.cilium.io' } } }),
      },
    ],
  },
  'net-egress-agentless': {
    fails: [told({ 'disable-agent': true }), told({ 'disable-agent': true, 'egress-selector-mode': 'disabled' })],
    passes: [subject(), told({ 'disable-agent': true, 'egress-selector-mode': 'cluster' })],
  },
  'net-ipv6-ula-masq': {
    fails: [told(dual), told(ipv6)],
    passes: [
      subject(),
      told({ ...dual, 'flannel-ipv6-masq': true }),
      told({ ...dual, 'flannel-backend': 'none' }),
      told({ ...dual, 'cluster-cidr': ['10.42.0.0/16', '2001:db8:42::/56'] }),
      told(dual, 'v1.22.5+k3s1'),
    ],
  },
  'net-ipv6-masq-noop': {
    fails: [
      told({ 'flannel-ipv6-masq': true, 'cluster-cidr': ['10.42.0.0/16'] }),
      told({ ...dual, 'flannel-ipv6-masq': true, 'flannel-backend': 'none' }),
    ],
    passes: [subject(), told({ ...dual, 'flannel-ipv6-masq': true }), told({ 'flannel-ipv6-masq': false })],
  },
  'net-accept-ra': {
    fails: [
      machine({ defaultRoutes: [route] }, dual, { 'net.ipv6.conf.eth0.accept_ra': '1' }),
      machine({ defaultRoutes: [{ ...route, device: 'eth0.10' }] }, dual, { 'net.ipv6.conf.eth0/10.accept_ra': '1' }),
    ],
    passes: [
      machine({ defaultRoutes: [route] }, dual, { 'net.ipv6.conf.eth0.accept_ra': '2' }),
      machine({ defaultRoutes: [route] }, dual, { 'net.ipv6.conf.eth0.accept_ra': '0' }),
      machine({ defaultRoutes: [route] }, dual),
      machine({ defaultRoutes: [route] }, {}, { 'net.ipv6.conf.eth0.accept_ra': '1' }),
      machine({ defaultRoutes: [{ family: 6, device: 'eth0' }] }, dual, { 'net.ipv6.conf.eth0.accept_ra': '1' }),
    ],
  },
  'net-ipv6-windows': {
    fails: [
      subject({
        nodes: [node({ settings: dual }), node({ name: 'win', role: 'agent', facts: { operatingSystem: 'windows' } })],
      }),
    ],
    passes: [
      subject({ nodes: [node(), node({ name: 'win', role: 'agent', facts: { operatingSystem: 'windows' } })] }),
      told(dual),
    ],
  },
  'net-service-nodeport': {
    fails: [
      writes({ ports: [{ port: 80 }, { port: 443, nodePort: 443 }] }),
      writes({ ports: [{ port: 80, nodePort: 30_080 }] }, range('31000-31999')),
      writes({ healthCheckNodePort: 8080 }),
    ],
    passes: [
      subject(),
      writes({ ports: [{ port: 80 }, { port: 443, nodePort: 30_443 }], healthCheckNodePort: 32_767 }),
      writes({ ports: [{ port: 80, nodePort: 0 }] }),
      writes({ ports: [{ port: 80, nodePort: 8080 }] }, range('8000-9000')),
      writes({ ports: [{ port: 80, nodePort: 8080 }] }, range('none')),
      writes(
        { ports: [{ port: 80, nodePort: 8080 }] },
        { 'kube-apiserver-arg': ['service-node-port-range=8000-9000'] },
      ),
      writes({ ports: 'none' }),
      // The API server took it: a range that shrank is the finding of net-nodeport-shrink.
      writes({ ports: [{ port: 80, nodePort: 443 }] }, {}, 'live'),
    ],
  },
  'net-service-families': {
    fails: [
      writes({ ipFamilyPolicy: 'RequireDualStack' }),
      writes({ ipFamilyPolicy: 'RequireDualStack' }, { 'service-cidr': ['fd00:43::/112'] }),
    ],
    passes: [
      subject(),
      writes({ ipFamilyPolicy: 'RequireDualStack' }, dual),
      writes({ ipFamilyPolicy: 'RequireDualStack' }, { 'service-cidr': ['10.43.0.0/16,fd00:43::/112'] }),
      writes({ ipFamilyPolicy: 'PreferDualStack' }),
      writes({ ipFamilyPolicy: 'RequireDualStack', type: 'ExternalName' }),
      writes({ ipFamilyPolicy: 'RequireDualStack' }, {}, 'live'),
      { ...writes({ ipFamilyPolicy: 'RequireDualStack' }), nodes: [] },
      writes({ ipFamilyPolicy: 'RequireDualStack' }, {}, 'repository', 'v1.20.15+k3s1'),
    ],
  },
  'net-wide-default': {
    fails: [told({ 'cluster-cidr': ['192.168.0.0/16'] }), told({ 'service-cidr': ['172.16.0.0/12'] })],
    passes: [subject(), told(dual), told({ 'cluster-cidr': ['10.50.0.0/16'] })],
  },
})

function found(id: string, of: LintSubject): readonly (readonly [string, string])[] {
  return runRules(
    addressingRules.rules.filter((rule) => rule.id === id),
    of,
  ).map(({ severity, what }) => [severity, what])
}

describe('severity', () => {
  const cases: readonly {
    readonly name: string
    readonly id: string
    readonly of: LintSubject
    readonly severities: readonly string[]
  }[] = [
    {
      name: 'too few ranges for the nodes',
      id: 'net-cluster-capacity',
      of: nodes(3, { 'cluster-cidr': ['10.42.0.0/23'] }),
      severities: ['error'],
    },
    {
      name: 'just enough ranges',
      id: 'net-cluster-capacity',
      of: nodes(2, { 'cluster-cidr': ['10.42.0.0/23'] }),
      severities: ['warning'],
    },
    { name: 'one node too many for the defaults', id: 'net-cluster-capacity', of: nodes(257), severities: ['error'] },
    {
      name: 'four fifths of the defaults and one',
      id: 'net-cluster-capacity',
      of: nodes(205),
      severities: ['warning'],
    },
    {
      name: 'a service range that 1.33 refuses',
      id: 'net-service-size',
      of: told({ 'service-cidr': ['10.0.0.0/8'] }),
      severities: ['error'],
    },
    {
      name: 'the same with 1.34',
      id: 'net-service-size',
      of: told({ 'service-cidr': ['10.0.0.0/8'] }, 'v1.34.1+k3s1'),
      severities: ['warning'],
    },
    {
      name: 'an IPv6 range beyond the documentation',
      id: 'net-service-size',
      of: told({ 'service-cidr': ['fd00::/110'] }),
      severities: ['warning'],
    },
    {
      name: 'a .local domain of another name',
      id: 'net-domain',
      of: told({ 'cluster-domain': 'home.local' }),
      severities: ['warning'],
    },
    {
      name: 'a domain with a dot at its end',
      id: 'net-domain',
      of: told({ 'cluster-domain': 'home.lan.' }),
      severities: ['error'],
    },
    {
      name: 'one of two DNS addresses',
      id: 'net-dns-family',
      of: told({ ...dual, 'cluster-dns': ['10.43.0.10'] }),
      severities: ['warning'],
    },
    {
      name: 'DNS addresses in the wrong order',
      id: 'net-dns-family',
      of: told({ ...dual, 'cluster-dns': ['fd00:43::a', '10.43.0.10'] }),
      severities: ['error'],
    },
    {
      name: 'node ports of the kernel',
      id: 'net-nodeport-reserved',
      of: told(range('30000-40000')),
      severities: ['warning'],
    },
    {
      name: 'all node ports',
      id: 'net-nodeport-reserved',
      of: told(range('1-65535')),
      severities: ['error', 'warning', 'warning'],
    },
    {
      name: 'two families before flannel had them',
      id: 'net-dualstack-gate',
      of: told(dual, 'v1.22.1+k3s1'),
      severities: ['error'],
    },
    {
      name: 'IPv6 alone before it is documented',
      id: 'net-dualstack-gate',
      of: told(ipv6, 'v1.22.8+k3s1'),
      severities: ['error'],
    },
    {
      name: 'the same with a node-ip and without the network policy controller',
      id: 'net-dualstack-gate',
      of: told({ ...ipv6, 'node-ip': ['fd00::5'], 'disable-network-policy': true }, 'v1.22.8+k3s1'),
      severities: ['warning'],
    },
    {
      name: 'the same before flannel carries IPv6',
      id: 'net-dualstack-gate',
      of: told({ ...ipv6, 'node-ip': ['fd00::5'], 'disable-network-policy': true }, 'v1.22.1+k3s1'),
      severities: ['error'],
    },
    {
      name: 'the same without flannel',
      id: 'net-dualstack-gate',
      of: told({ ...dual, 'flannel-backend': 'none' }, 'v1.22.1+k3s1'),
      severities: ['warning'],
    },
  ]
  for (const { name, id, of, severities } of cases) {
    test(`${name}: ${severities.join(', ')}`, () => {
      expect(found(id, of).map(([severity]) => severity)).toEqual(severities)
    })
  }
})

describe('families of cluster-cidr and service-cidr', () => {
  const pods = {
    4: ['10.42.0.0/16'],
    6: ['fd00:42::/56'],
    46: ['10.42.0.0/16', 'fd00:42::/56'],
    64: ['fd00:42::/56', '10.42.0.0/16'],
  }
  const services = {
    4: ['10.43.0.0/16'],
    6: ['fd00:43::/112'],
    46: ['10.43.0.0/16', 'fd00:43::/112'],
    64: ['fd00:43::/112', '10.43.0.0/16'],
  }
  for (const [podFamilies, cluster] of Object.entries(pods)) {
    for (const [serviceFamilies, service] of Object.entries(services)) {
      const isSame = podFamilies === serviceFamilies
      test(`${podFamilies} and ${serviceFamilies} ${isSame ? 'go together' : 'do not'}`, () => {
        const of = told({ 'cluster-cidr': cluster, 'service-cidr': service })
        expect(found('net-family-match', of)).toHaveLength(isSame ? 0 : 1)
      })
    }
  }
})

test('an unknown default of IPv6 or IPv4 is not guessed against what is written', () => {
  expect(found('net-family-match', told({ 'cluster-cidr': ['fd00:42::/56'] }))).toEqual([])
  expect(
    found(
      'net-family-match',
      subject({
        nodes: [node({ settings: { 'cluster-cidr': ['fd00:42::/56'] }, facts: { addresses: ['192.168.1.5'] } })],
      }),
    ),
  ).toEqual([['error', 'cluster-cidr has IPv6 and service-cidr has IPv4']])
})

test('the same mistake of three servers at one place is told once', () => {
  const settings = { 'cluster-cidr': ['10.42.0.1/16'] }
  const of = subject({ nodes: ['pi-1', 'pi-2', 'pi-3'].map((name) => node({ name, settings })) })
  expect(found('net-cidr-hostbits', of)).toEqual([['warning', 'cluster-cidr 10.42.0.1/16 is taken for 10.42.0.0/16']])
})

test('a capture that does not show what a server is told says nothing about defaults', () => {
  const of = subject({ scope: 'capture', nodes: [node({ facts: { addresses: ['10.42.0.5'] } })] })
  expect(runRules(addressingRules.rules, of)).toEqual([])
})
