import { describe, expect, test } from 'vitest'
import { assumedFacts } from '../../../src/domain/facts.ts'
import type { HostInterface, HostNetwork, HostReading } from '../../../src/domain/host.ts'
import { parseK3sVersion } from '../../../src/k3s/version/k3s-version.ts'
import { addressingRules } from '../../../src/lint/addressing/addressing-rules.ts'
import { nodeRules } from '../../../src/lint/node-identity/node-rules.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import type { LintSubject, NodeSubject } from '../../../src/lint/subject.ts'
import { node, subject } from '../../lab/lint-subject.ts'
import { testRules } from './rule-cases.ts'

type Values = Readonly<Record<string, string | number | boolean | readonly string[]>>
type NodeLiteral = NonNullable<Parameters<typeof node>[0]>

function told(settings: Values, extra: NodeLiteral = {}, version = 'v1.33.4+k3s1'): LintSubject {
  const parsed = parseK3sVersion(version)
  return subject({
    version,
    nodes: [node({ settings, ...(parsed === undefined ? {} : { version: parsed }), ...extra })],
  })
}

/** A server that is told the ranges, and an agent that is told the rest. */
function joined(ranges: Values, agent: Values, version = 'v1.33.4+k3s1'): LintSubject {
  const parsed = parseK3sVersion(version)
  const own = parsed === undefined ? {} : { version: parsed }
  const server = node({ settings: { ...ranges, 'node-ip': addressesFor(ranges) }, ...own })
  return subject({ version, nodes: [server, node({ name: 'pi-2', role: 'agent', settings: agent, ...own })] })
}

function addressesFor(ranges: Values): readonly string[] {
  return [ranges['cluster-cidr'] ?? '10.42.0.0/16']
    .flat()
    .map((text) => (String(text).includes(':') ? 'fd00:1::1' : '192.168.1.1'))
}

function nic(name: string, ...addresses: readonly string[]): HostInterface {
  return { name, isUp: true, mtuBytes: 1500, addresses }
}

function machine(
  interfaces: readonly HostInterface[],
  settings: Values = {},
  network: Partial<HostNetwork> = {},
): LintSubject {
  const defaultRoutes = [{ family: 4, device: 'eth0' }] as const
  const host: HostReading = { files: new Map(), unreadable: [], network: { interfaces, defaultRoutes, ...network } }
  return subject({ scope: 'machine', nodes: [node({ host, settings: { 'tls-san': 'k3s.lan', ...settings } })] })
}

function withResolver(text: string, path = '/etc/dns.conf'): LintSubject {
  const file = { path, type: 'file', mode: 0o644, ownerUid: 0, modifiedAtMs: 0, sizeBytes: text.length, text } as const
  const host: HostReading = { files: new Map([[path, file]]), unreadable: [] }
  return told({ 'resolv-conf': '/etc/dns.conf' }, { host })
}

function named(hostName: string, settings: Values = {}): LintSubject {
  return told(settings, { host: { files: new Map(), unreadable: [], hostName } })
}

function pair(first: NodeLiteral, second: NodeLiteral, server: Values = {}): LintSubject {
  return subject({
    nodes: [
      node({ settings: server, facts: { externalAddresses: ['203.0.113.1'] } }),
      node({ name: 'pi-2', role: 'agent', ...first }),
      node({ name: 'pi-3', role: 'agent', ...second }),
    ],
  })
}

const external = { facts: { externalAddresses: ['203.0.113.9'] } }
const internal = { facts: { externalAddresses: [] } }
const dual = { 'cluster-cidr': ['10.42.0.0/16', 'fd00:42::/56'], 'service-cidr': ['10.43.0.0/16', 'fd00:43::/112'] }
const ipv6First = {
  'cluster-cidr': ['fd00:42::/56', '10.42.0.0/16'],
  'service-cidr': ['fd00:43::/112', '10.43.0.0/16'],
}
const etcd = { facts: { labels: { 'node-role.kubernetes.io/etcd': 'true' }, addresses: ['192.168.1.5'] } }
const eth0 = nic('eth0', '192.168.1.5/24', 'fe80::1/64')
const both = nic('eth0', '192.168.1.5/24', '2001:db8::5/64')
const label = (text: string): Values => ({ 'node-label': [text] })
const before = (of: LintSubject): { readonly before: LintSubject } => ({ before: { ...of, scope: 'machine' } })

testRules(nodeRules, {
  'node-ip-parse': {
    fails: [
      told({ 'node-ip': ['pi-1.lan'] }),
      told({ 'node-ip': ['192.168.1.5/24'] }),
      told({ 'node-external-ip': ['203.0.113.1, 203.0.113.2'] }),
      told({ 'node-ip': [''] }),
    ],
    passes: [subject(), told({ 'node-ip': ['192.168.1.5', 'fd00::5'], 'node-external-ip': '203.0.113.1' })],
  },
  'node-ip-families': {
    fails: [
      joined(dual, { 'node-ip': ['192.168.1.2'] }),
      joined({}, { 'node-ip': ['fd00::2'] }),
      joined(dual, {}, 'v1.23.10+k3s1'),
    ],
    passes: [
      subject(),
      joined(dual, { 'node-ip': ['192.168.1.2', 'fd00::2'] }),
      joined({}, { 'node-ip': ['192.168.1.2', 'fd00::2'] }),
      joined(dual, {}),
      joined(dual, { 'flannel-iface': 'eth0' }, 'v1.23.10+k3s1'),
    ],
  },
  'node-ip-order': {
    fails: [
      joined(dual, { 'node-ip': ['fd00::2', '192.168.1.2'] }),
      joined(dual, { 'node-ip': ['fd00::2', '192.168.1.2'] }, 'v1.29.2+k3s1'),
    ],
    passes: [
      joined(dual, { 'node-ip': ['192.168.1.2', 'fd00::2'] }),
      joined(dual, {}),
      joined(ipv6First, { 'node-ip': ['fd00::2', '192.168.1.2'] }),
    ],
  },
  'node-ip-explicit-v6first': {
    fails: [
      joined(ipv6First, {}),
      subject({
        nodes: assumedFacts.nodes.map(({ name, role }) =>
          node({ name, role, settings: role === 'server' ? ipv6First : {} }),
        ),
      }),
    ],
    passes: [
      joined(ipv6First, { 'node-ip': ['fd00::2', '192.168.1.2'] }),
      joined(dual, {}),
      joined({ 'cluster-cidr': ['fd00:42::/56'], 'service-cidr': ['fd00:43::/112'] }, {}),
    ],
  },
  'node-ip-dup': {
    fails: [
      pair({ settings: { 'node-ip': ['192.168.1.9'] } }, { settings: { 'node-ip': ['192.168.1.9'] } }),
      pair({ settings: { 'node-ip': ['fd00:0::9'] } }, { facts: { addresses: ['fd00::9'] } }),
      pair(
        { settings: { 'node-external-ip': ['203.0.113.9'] } },
        { settings: { 'node-external-ip': ['203.0.113.9'] } },
      ),
    ],
    passes: [
      subject(),
      pair(
        { settings: { 'node-ip': ['192.168.1.9'] } },
        { settings: { 'node-ip': ['192.168.1.8'], 'node-external-ip': ['192.168.1.9'] } },
      ),
    ],
  },
  'node-ip-loopback': {
    fails: ['127.0.0.1', '::1', '0.0.0.0', '169.254.7.7', 'fe80::5', '224.0.0.1', 'ff02::1'].map((text) =>
      told({ 'node-ip': [text] }),
    ),
    passes: ['192.168.1.5', '10.0.0.5', 'fd00::5', '100.64.0.5', '2001:db8::5'].map((text) =>
      told({ 'node-ip': [text] }),
    ),
  },
  'node-ip-server-change': {
    fails: [
      told({ 'node-ip': ['192.168.1.6'] }, etcd),
      { ...told({ 'node-ip': ['192.168.1.6'] }, etcd), ...before(told({ 'node-ip': ['192.168.1.5'] })) },
      told({ 'node-ip': ['10.0.0.6'] }, { facts: { annotations: { 'etcd.k3s.cattle.io/node-address': '10.0.0.5' } } }),
      {
        ...told({ 'node-ip': ['10.0.0.6'], 'cluster-init': true }),
        ...before(told({ 'node-ip': ['10.0.0.5'], 'cluster-init': true })),
      },
    ],
    passes: [
      told({ 'node-ip': ['192.168.1.5'] }, etcd),
      told({ 'node-ip': ['fd00::5', '192.168.1.5'] }, etcd),
      told({}, etcd),
      told({ 'node-ip': ['192.168.1.6'] }, { facts: { addresses: ['192.168.1.5'] } }),
      told(
        { 'node-ip': ['192.168.1.6'], 'cluster-init': true, 'datastore-endpoint': 'x' },
        { facts: { addresses: ['192.168.1.5'] } },
      ),
    ],
  },
  'node-external-comma': {
    fails: [
      told({ 'node-external-ip': ['203.0.113.1,2001:db8::1'] }),
      told({ 'node-external-ip': '203.0.113.1,2001:db8::1' }, {}, 'v1.35.3+k3s1'),
    ],
    passes: [
      told({ 'node-external-ip': ['203.0.113.1', '2001:db8::1'] }),
      told({ 'node-external-ip': '203.0.113.1,2001:db8::1' }, {}, 'v1.34.7+k3s1'),
      told({ 'node-external-ip': '203.0.113.1,2001:db8::1' }, {}, 'v1.35.4+k3s1'),
    ],
  },
  'node-external-removed': {
    fails: [
      {
        ...told({ 'tls-san': 'k3s.lan' }, { facts: { annotations: { 'k3s.io/external-ip': '203.0.113.1' } } }),
        scope: 'machine',
      },
      { ...told({}), before: managed(told({ 'node-external-ip': ['203.0.113.1'] })) },
    ],
    passes: [
      told({}, { facts: { annotations: { 'k3s.io/external-ip': '203.0.113.1' } } }),
      {
        ...told(
          { 'node-external-ip': ['203.0.113.1'] },
          { facts: { annotations: { 'k3s.io/external-ip': '203.0.113.1' } } },
        ),
        scope: 'machine',
      },
      { ...told({}), ...before(told({ 'node-external-ip': ['203.0.113.1'] })) },
      {
        ...told(
          { 'disable-cloud-controller': true },
          { facts: { annotations: { 'k3s.io/external-ip': '203.0.113.1' } } },
        ),
        scope: 'machine',
      },
    ],
  },
  'node-external-partial': {
    fails: [pair(external, internal), pair(internal, internal), pair(external, { ...internal, settings: {} })],
    passes: [
      subject(),
      pair(external, external),
      pair(external, { settings: { 'node-external-ip': ['203.0.113.3'] } }),
      pair(external, {}),
      pair(external, internal, { disable: ['servicelb'] }),
      subject({
        nodes: [
          node({
            facts: { externalAddresses: ['203.0.113.1'], labels: { 'svccontroller.k3s.cattle.io/enablelb': 'true' } },
          }),
          node({ name: 'pi-2', ...internal }),
        ],
      }),
      pair(external, { facts: { externalAddresses: [], labels: { 'svccontroller.k3s.cattle.io/lbpool': 'lan' } } }),
    ],
  },
  'node-name-valid': {
    fails: [
      ...['pi_1', '-pi', 'pi.', 'p'.repeat(64), 'localhost'].map((text) => told({ 'node-name': text })),
      told({ 'node-name': 'p'.repeat(60), 'with-node-id': true }),
      named('localhost'),
      named('my_pi'),
      named(''),
    ],
    passes: [
      subject(),
      told({ 'node-name': 'Pi-1' }),
      told({ 'node-name': 'pi-1.example.org' }),
      named('localhost', { 'with-node-id': true }),
      named('my_pi', { 'node-name': 'pi' }),
    ],
  },
  'node-name-unique': {
    fails: [
      pair({ settings: { 'node-name': 'web' } }, { settings: { 'node-name': 'WEB' } }),
      pair({ settings: { 'node-name': 'pi-3' } }, {}),
    ],
    passes: [
      subject(),
      pair({}, {}),
      pair(
        { settings: { 'node-name': 'web', 'with-node-id': true } },
        { settings: { 'node-name': 'web', 'with-node-id': true } },
      ),
    ],
  },
  'node-name-change': {
    fails: [told({ 'node-name': 'web' })],
    passes: [
      subject(),
      told({ 'node-name': 'PI-1' }),
      told({ 'node-name': 'web', 'with-node-id': true }, { name: 'web-0a1b2c3d' }),
      { ...told({ 'node-name': 'web' }), facts: { ...told({}).facts, origin: 'inventory' } },
    ],
  },
  'node-label-protected': {
    fails: [
      told(label('node-role.kubernetes.io/worker=true')),
      told(label('kubernetes.io/role=web')),
      told(label('node-restriction.kubernetes.io/zone=a')),
      told(label('app.k8s.io/name=x')),
      told({ 'kubelet-arg': ['node-labels=a=b,node-role.kubernetes.io/edge='] }),
    ],
    passes: [
      subject(),
      told(label('role=edge')),
      told(label('svccontroller.k3s.cattle.io/enablelb=true')),
      told(label('topology.kubernetes.io/zone=a')),
      told(label('node.kubernetes.io/exclude-from-external-load-balancers=true')),
      told(label('x.kubelet.kubernetes.io/y=z')),
      told(label('notkubernetes.io/y=z')),
    ],
  },
  'node-label-removal': {
    fails: [
      {
        ...told(label('a=1'), { facts: { labels: { a: '1', b: '2' } } }),
        ...before(told({ 'node-label': ['a=1', 'b=2'] })),
      },
      { ...told({}, { facts: { labels: { b: '2' } } }), before: managed(told(label('b=2'))) },
    ],
    passes: [
      told(label('a=1')),
      { ...told(label('a=2'), { facts: { labels: { a: '1' } } }), ...before(told(label('a=1'))) },
      { ...told(label('a=1'), { facts: { labels: { a: '1' } } }), ...before(told({ 'node-label': ['a=1', 'b=2'] })) },
      { ...told({}, { facts: { labels: { b: '2' } } }), ...before(told(label('b=2'))) },
    ],
  },
  'node-taint-late': {
    fails: [
      told({ 'node-taint': ['edge=true:NoExecute'] }, { facts: { taints: [] } }),
      {
        ...told(
          { 'node-taint': ['a:NoSchedule'] },
          {
            facts: {
              taints: [
                { key: 'a', effect: 'NoSchedule' },
                { key: 'b', effect: 'NoSchedule' },
              ],
            },
          },
        ),
        ...before(told({ 'node-taint': ['a:NoSchedule', 'b:NoSchedule'] })),
      },
    ],
    passes: [
      told({ 'node-taint': ['edge=true:NoExecute'] }),
      told(
        { 'node-taint': ['edge=true:NoExecute'] },
        { facts: { taints: [{ key: 'edge', value: 'true', effect: 'NoExecute' }] } },
      ),
      told({ 'node-taint': ['edge=:NoExecute'] }, { facts: { taints: [{ key: 'edge', effect: 'NoExecute' }] } }),
      told({}, { facts: { taints: [{ key: 'edge', effect: 'NoExecute' }] } }),
    ],
  },
  'node-resolv': {
    fails: ['nameserver 127.0.0.53\n', 'search lan\n', 'nameserver 192.168.1.1\nnameserver fe80::1%eth0\n', ''].map(
      (text) => withResolver(text),
    ),
    passes: [
      subject(),
      withResolver('nameserver 192.168.1.1\nnameserver 2001:db8::53\n'),
      withResolver('nameserver 169.254.169.254\n'),
      withResolver('nameserver 127.0.0.53\n', '/etc/other.conf'),
    ],
  },
  'node-flannel-iface-exists': {
    fails: [
      machine([eth0], { 'flannel-iface': 'eth1' }),
      machine([{ ...eth0, isUp: false }], { 'flannel-iface': 'eth0' }),
      machine([eth0], { 'flannel-iface': 'eth0', ...dual }),
      machine([eth0], { 'flannel-iface': 'eth1', 'flannel-backend': 'none' }),
    ],
    passes: [
      machine([eth0], { 'flannel-iface': 'eth0' }),
      machine([both], { 'flannel-iface': 'eth0', ...dual }),
      machine([eth0], { 'flannel-iface': 'eth1', 'flannel-backend': 'none', 'node-ip': ['192.168.1.5'] }),
      told({ 'flannel-iface': 'eth1' }),
    ],
  },
  'node-flannel-iface-multi': {
    fails: [machine([nic('eth0', '192.168.1.5/24', '10.0.0.5/24')], { 'flannel-iface': 'eth0' })],
    passes: [
      machine([both], { 'flannel-iface': 'eth0' }),
      machine([nic('eth0', '192.168.1.5/24', '10.0.0.5/24')], { 'flannel-iface': 'eth0', 'node-ip': ['10.0.0.5'] }),
      machine([nic('eth0', '192.168.1.5/24', '169.254.1.1/16')], { 'flannel-iface': 'eth0' }),
    ],
  },
  'node-iface-ip-mismatch': {
    fails: [machine([eth0, nic('eth1', '10.0.0.5/24')], { 'flannel-iface': 'eth1', 'node-ip': ['192.168.1.5'] })],
    passes: [
      machine([eth0, nic('eth1', '10.0.0.5/24')], { 'flannel-iface': 'eth1', 'node-ip': ['10.0.0.5'] }),
      machine([eth0], { 'node-ip': ['10.0.0.5'] }),
    ],
  },
  'node-no-default-route': {
    fails: [
      machine([eth0], {}, { defaultRoutes: [] }),
      machine([both], dual, { defaultRoutes: [{ family: 6, device: 'eth0' }] }),
    ],
    passes: [
      machine([eth0]),
      machine([eth0], { 'flannel-iface': 'eth0' }, { defaultRoutes: [] }),
      machine([eth0], { 'flannel-backend': 'none' }, { defaultRoutes: [] }),
      machine([both], { 'cluster-cidr': ['fd00:42::/56'] }, { defaultRoutes: [{ family: 6, device: 'eth0' }] }),
    ],
  },
  'node-docker': {
    fails: [told({ docker: true }), told({ docker: true, 'embedded-registry': true })],
    passes: [subject(), told({ docker: false }), told({ docker: true }, {}, 'v1.23.10+k3s1')],
  },
  'host-interfaces-ambiguous': {
    fails: [
      machine([eth0, nic('wlan0', '192.168.2.5/24')]),
      machine([eth0, { ...nic('eth0.10', '10.0.10.5/24'), type: 'vlan' }]),
    ],
    passes: [
      subject(),
      machine([
        eth0,
        nic('lo', '127.0.0.1/8'),
        nic('docker0', '172.17.0.1/16'),
        nic('cni0', '10.42.0.1/24'),
        nic('tailscale0', '100.64.0.5/32'),
      ]),
      machine([eth0, { ...nic('wlan0', '192.168.2.5/24'), isUp: false }]),
      machine([eth0, nic('wlan0', '192.168.2.5/24')], { 'node-ip': ['192.168.1.5'] }),
      machine([eth0, nic('wlan0', '192.168.2.5/24')], { 'flannel-iface': 'eth0' }),
    ],
  },
})

/** As it was written by Fairlead. */
function managed(of: LintSubject): LintSubject {
  const nodes = of.nodes.map((one): NodeSubject => {
    const settings = [...one.settings].map(([key, setting]) => {
      const values = setting.values.map((value) => ({ ...value, origin: 'repository' as const }))
      return [key, { ...setting, values }] as const
    })
    return { ...one, settings: new Map(settings) }
  })
  return { ...of, nodes }
}

describe('families of cluster-cidr and node-ip', () => {
  const pods = {
    4: ['10.42.0.0/16'],
    6: ['fd00:42::/56'],
    46: ['10.42.0.0/16', 'fd00:42::/56'],
    64: ['fd00:42::/56', '10.42.0.0/16'],
  }
  const addresses = {
    4: ['192.168.1.2'],
    6: ['fd00::2'],
    46: ['192.168.1.2', 'fd00::2'],
    64: ['fd00::2', '192.168.1.2'],
  }
  /** From k3s-io/k3s pkg/agent/run.go: a node of two families fits every cluster, in either order. */
  const expected: Readonly<Record<string, readonly string[]>> = {
    '4 4': [],
    '4 6': ['NODE_IP_FAMILIES'],
    '4 46': [],
    '4 64': ['NODE_IP_ORDER'],
    '6 4': ['NODE_IP_FAMILIES'],
    '6 6': [],
    '6 46': ['NODE_IP_ORDER'],
    '6 64': [],
    '46 4': ['NODE_IP_FAMILIES'],
    '46 6': ['NODE_IP_FAMILIES'],
    '46 46': [],
    '46 64': ['NODE_IP_ORDER'],
    '64 4': ['NODE_IP_FAMILIES'],
    '64 6': ['NODE_IP_FAMILIES'],
    '64 46': ['NODE_IP_ORDER'],
    '64 64': [],
  }
  for (const [podFamilies, cluster] of Object.entries(pods)) {
    for (const [nodeFamilies, nodeIp] of Object.entries(addresses)) {
      const name = `${podFamilies} ${nodeFamilies}`
      test(`${name}: ${expected[name]?.join() || 'nothing'}`, () => {
        const of = joined({ 'cluster-cidr': cluster }, { 'node-ip': nodeIp })
        expect(runRules(nodeRules.rules, of).map(({ code }) => code)).toEqual(expected[name])
      })
    }
  }
})

describe('severity of a wrong order', () => {
  const cases = [
    { version: 'v1.29.2+k3s1', severity: 'error' },
    { version: 'v1.29.3+k3s1', severity: 'warning' },
    { version: 'v1.26.15+k3s1', severity: 'warning' },
    { version: 'v1.25.16+k3s1', severity: 'error' },
  ]
  for (const { version, severity } of cases) {
    test(`${version}: ${severity}`, () => {
      const found = runRules(nodeRules.rules, joined(dual, { 'node-ip': ['fd00::2', '192.168.1.2'] }, version))
      expect(found.filter(({ code }) => code === 'NODE_IP_ORDER').map((one) => one.severity)).toEqual([severity])
    })
  }
})

test('nodes that nobody named need no node-ip where others have theirs', () => {
  const nameless = assumedFacts.nodes.map(({ name, role }) =>
    node({ name, role, settings: role === 'server' ? ipv6First : {} }),
  )
  const own = node({ name: 'pi-1', settings: { ...ipv6First, 'node-ip': ['fd00::5', '192.168.1.5'] } })
  expect(runRules(nodeRules.rules, subject({ nodes: [...nameless, own], facts: assumedFacts }))).toEqual([])
})

test('a node of which nobody knows the role is not taken for a server that announces the API', () => {
  const nameless = assumedFacts.nodes.map(({ name, role }) => node({ name, role }))
  const edge = node({
    name: 'edge',
    settings: { 'node-external-ip': '2001:db8::1,203.0.113.1', 'service-cidr': ['10.43.0.0/16'] },
  })
  const rules = [...addressingRules.rules, ...nodeRules.rules]
  expect(runRules(rules, subject({ nodes: [...nameless, edge], facts: assumedFacts }))).toEqual([])
  expect(runRules(rules, subject({ nodes: [edge] })).map(({ code }) => code)).toEqual(['NET_ADVERTISE_FAMILY'])
})
