import { routeRules } from '../../../src/lint/routes/route-rules.ts'
import type { LintSubject } from '../../../src/lint/subject.ts'
import { node, subject } from '../../lab/lint-subject.ts'
import { nodeNetwork } from '../../lab/node-network.ts'
import { testRules } from '../rules/rule-cases.ts'

type Spec = Readonly<Record<string, unknown>>

/** One node that these documents select. */
function wants(...specs: readonly Spec[]): LintSubject {
  const networks = specs.map((spec, index) => nodeNetwork(`n${index}`, { nodes: { names: ['pi-1'] }, ...spec }))
  return subject({ nodes: [node({ networks })] })
}

const routes = (...list: readonly Spec[]): LintSubject => wants({ routes: list })
const rules = (...list: readonly Spec[]): LintSubject => wants({ routingRules: list })
const egress = (...list: readonly Spec[]): LintSubject => wants({ egress: list })
const ways = (count: number): readonly Spec[] =>
  Array.from({ length: count }, (_, index) => ({ name: `w${index}`, dev: 'eth1', from: [`10.42.${index}.0/24`] }))
const many = (count: number): readonly Spec[] =>
  Array.from({ length: count }, (_, index) => ({ from: `10.${index}.0.0/16`, table: 7150 }))

testRules(routeRules, {
  'rt-family': {
    fails: [
      routes({ to: '10.0.0.0/8', via: 'fd00::1' }),
      routes({ to: '10.0.0.0/8', dev: 'eth0', source: 'fd00::1' }),
      routes({ to: 'default', nextHops: [{ via: '1.1.1.1' }, { via: 'fd00::1' }] }),
      rules({ from: '10.0.0.0/8', to: 'fd00::/64', table: 7150 }),
      rules({ from: '10.0.0.0/8', families: ['IPv6'], table: 7150 }),
    ],
    passes: [
      routes({ to: 'default', via: 'fd00::1' }, { to: '::/0', via: 'fe80::1', dev: 'eth0', table: 7150 }),
      rules({ from: '10.0.0.0/8', to: '10.1.0.0/16', families: ['IPv4'], table: 7150 }),
    ],
  },
  'rt-way': {
    fails: [
      routes({ to: '10.0.0.0/8', type: 'Blackhole', via: '1.1.1.1' }),
      routes({ to: '10.0.0.0/8', type: 'Unicast' }),
      routes({ to: '10.0.0.0/8', via: '1.1.1.1', onlink: true }),
      routes({ to: '10.0.0.0/8', nextHops: [{ via: '1.1.1.1', onlink: true }] }),
      rules({ from: '10.0.0.0/8', action: 'Lookup' }),
      rules({ from: '10.0.0.0/8', action: 'Prohibit', table: 7150 }),
    ],
    passes: [
      routes({ to: '10.0.0.0/8', type: 'Blackhole' }, { to: '10.1.0.0/16', via: '1.1.1.1', dev: 'eth0', onlink: true }),
      rules({ from: '10.0.0.0/8', table: 7150 }, { to: '10.0.0.0/8', action: 'Unreachable' }),
    ],
  },
  'rt-twice': {
    fails: [
      routes({ to: '10.0.0.0/8', via: '1.1.1.1' }, { to: '10.0.0.0/8', via: '1.1.1.2', metric: 0 }),
      routes({ to: 'default', via: '1.1.1.1' }, { to: '0.0.0.0/0', via: '1.1.1.2', table: 254 }),
      routes({ to: '::/0', via: 'fd00::1' }, { to: '::/0', via: 'fd00::2', metric: 1024 }),
      wants({ routes: [{ to: '10.0.0.0/8', dev: 'a' }] }, { routes: [{ to: '10.0.0.0/8', dev: 'b' }] }),
    ],
    passes: [
      routes(
        { to: '10.0.0.0/8', via: '1.1.1.1' },
        { to: '10.0.0.0/8', via: '1.1.1.2', metric: 10 },
        { to: '10.0.0.0/8', via: '1.1.1.2', table: 7150 },
        { to: 'default', via: '1.1.1.1' },
        { to: 'default', via: 'fd00::1' },
      ),
    ],
  },
  'rt-priority': {
    fails: [
      rules({ from: '10.0.0.0/8', table: 7150, priority: 100 }),
      rules({ from: '10.0.0.0/8', table: 7150, priority: 5400 }),
    ],
    passes: [rules({ from: '10.0.0.0/8', table: 7150, priority: 5399 }, { to: '10.0.0.0/8', table: 7150 })],
  },
  'rt-local-table': {
    fails: [routes({ to: '10.0.0.5/32', dev: 'lo', table: 255 })],
    passes: [routes({ to: '10.0.0.5/32', dev: 'lo' })],
  },
  'rt-room': { fails: [rules(...many(81))], passes: [rules(...many(80))] },
  'rt-egress-room': { fails: [egress(...ways(16))], passes: [egress(...ways(15))] },
  'rt-egress-overlap': {
    fails: [
      egress({ name: 'a', dev: 'eth1' }, { name: 'b', dev: 'eth2', from: ['10.42.1.0/24'] }),
      egress({ name: 'a', dev: 'eth1', from: ['10.42.1.0/24'] }, { name: 'b', dev: 'eth2', from: ['10.42.0.0/16'] }),
    ],
    passes: [
      egress({ name: 'a', dev: 'eth1', from: ['10.42.1.0/24'] }, { name: 'b', dev: 'eth2', from: ['10.42.2.0/24'] }),
    ],
  },
  'rt-egress-table': {
    fails: [egress({ name: 'a', dev: 'eth1', table: 7101 }, { name: 'b', dev: 'eth2', table: 7101 })],
    passes: [egress({ name: 'a', dev: 'eth1', table: 7101 }, { name: 'b', dev: 'eth2', table: 7102 })],
  },
  'rt-egress-gateway': {
    fails: [egress({ name: 'a', dev: 'eth1', via: ['fd00::1'] })],
    passes: [
      egress({ name: 'a', dev: 'eth1', via: ['192.168.2.1'] }),
      egress({ name: 'a', dev: 'ppp0' }),
      egress({
        name: 'a',
        dev: 'eth1',
        via: ['192.168.2.1'],
        from: ['10.42.0.0/16', 'fd00:42::/56'],
        families: ['IPv4'],
      }),
    ],
  },
  'rt-egress-strict': {
    fails: [wants({ egress: [{ name: 'a', dev: 'eth1.7' }], sysctls: { 'net.ipv4.conf.eth1.7.rp_filter': '1' } })],
    passes: [
      wants({ egress: [{ name: 'a', dev: 'eth1' }], sysctls: { 'net.ipv4.conf.eth1.rp_filter': '2' } }),
      wants({ egress: [{ name: 'a', dev: 'eth1' }], sysctls: { 'net.ipv4.conf.all.rp_filter': '1' } }),
    ],
  },
  'rt-egress-sources': {
    fails: [egress({ name: 'a', dev: 'eth1', from: ['10.42.1.0/24', '10.99.0.0/16'] })],
    passes: [egress({ name: 'a', dev: 'eth1', from: ['10.42.1.0/24'] }, { name: 'b', dev: 'eth2' })],
  },
  'sys-forwarding': {
    fails: [
      wants({ sysctls: { 'net.ipv4.ip_forward': '0' } }),
      wants({ sysctls: { 'net.ipv4.conf.all.forwarding': ' 0 ' } }),
      wants({ sysctls: { 'net.bridge.bridge-nf-call-iptables': '0' } }),
    ],
    passes: [
      wants({ sysctls: { 'net.ipv4.ip_forward': '1', 'net.bridge.bridge-nf-call-iptables': '1' } }),
      // Of one interface, and of a family that the cluster does not have.
      wants({ sysctls: { 'net.ipv4.conf.eth9.forwarding': '0', 'net.ipv6.conf.all.forwarding': '0' } }),
      wants({ sysctls: { 'net.bridge.bridge-nf-call-ip6tables': '0' } }),
    ],
  },
  'sys-managed': {
    fails: [
      wants({ sysctls: { 'net.ipv4.route.flush': '1' } }),
      wants({ sysctls: { 'net.ipv6.conf.eth0.stable_secret': 'x' } }),
    ],
    passes: [wants({ sysctls: { 'net.ipv4.conf.flannel.1.rp_filter': '2', 'net.netfilter.nf_conntrack_max': '9' } })],
  },
  'sys-twice': {
    fails: [
      wants(
        { sysctls: { 'net.ipv4.conf.eth0/1.rp_filter': '2' } },
        { sysctls: { 'net.ipv4.conf.eth0.1.rp_filter': '1' } },
      ),
    ],
    passes: [wants({ sysctls: { 'net.ipv4.ip_forward': '1' } }, { sysctls: { 'net.ipv4.ip_forward': '1' } })],
  },
})
