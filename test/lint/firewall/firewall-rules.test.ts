import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { NodeFacts, ServiceFacts } from '../../../src/domain/facts.ts'
import type { HostFirewall, HostReading } from '../../../src/domain/host.ts'
import { firewallRules } from '../../../src/lint/firewall/firewall-rules.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import type { LintSubject } from '../../../src/lint/subject.ts'
import type { NodeNetwork } from '../../../src/schema/documents.ts'
import { desiredState } from '../../lab/desired-state.ts'
import { node, service, subject } from '../../lab/lint-subject.ts'
import { nodeNetwork } from '../../lab/node-network.ts'
import { testRules } from '../rules/rule-cases.ts'

const recording = (name: string) => readFileSync(new URL(`../../fixtures/k3s-v1.21.2/${name}`, import.meta.url), 'utf8')

type Settings = Readonly<Record<string, string | boolean>>
type WrittenRules = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>

function network(firewall: WrittenRules): NodeNetwork {
  const named = Object.entries(firewall).map(([list, rules]) => [
    list,
    rules.map((rule, index) => ({ name: `rule-${index}`, ...rule })),
  ])
  return nodeNetwork('all', { nodes: { names: ['pi-1', 'pi-2'] }, firewall: Object.fromEntries(named) })
}

type Fields = Readonly<Record<string, unknown>>

function document(name: string, firewall: Fields): NodeNetwork {
  return nodeNetwork(name, { nodes: { names: ['pi-1'] }, firewall })
}

/** A node with these documents, each with its `spec.firewall`. */
function differing(...firewalls: readonly Fields[]): LintSubject {
  const networks = firewalls.map((firewall, index) => document(`n-${index}`, firewall))
  return subject({ desired: desiredState(), nodes: [node({ networks })] })
}

function managed(management: Fields, rules: readonly Fields[]): LintSubject {
  return differing({ management, input: rules.map((rule, index) => ({ name: `rule-${index}`, ...rule })) })
}

function marked(plugin: string, mask: number): LintSubject {
  const networks = [document('n', { marks: [{ name: 'a', value: 0, mask }] })]
  return subject({ desired: desiredState({ cni: { plugin } }), nodes: [node({ networks })] })
}

const addresses = { 'pi-1': ['192.168.1.5'], 'pi-2': ['192.168.1.6'] }

/** A server and an agent, both with these rules. */
function ruled(
  firewall: WrittenRules,
  settings: Settings = {},
  extra: Readonly<Record<string, unknown>> = {},
): LintSubject {
  const networks = [network(firewall)]
  const labels = { 'node-role.kubernetes.io/etcd': 'true' }
  return subject({
    desired: desiredState(),
    nodes: [
      node({ networks, settings, facts: { addresses: addresses['pi-1'], labels } }),
      node({ name: 'pi-2', role: 'agent', networks, facts: { addresses: addresses['pi-2'] } }),
    ],
    ...extra,
  })
}

const input = (...rules: readonly Readonly<Record<string, unknown>>[]) => ruled({ input: rules })
const drop = (port: number, protocol = 'tcp') => ({ action: 'Drop', protocol, ports: [port] })
const accept = (port: number, protocol = 'tcp') => ({ action: 'Accept', protocol, ports: [port] })
const nodes = ['192.168.1.0/24']
const rest = { action: 'Drop' }
const everyone = ['0.0.0.0/0', '::/0']

function machine(
  host: Partial<HostReading>,
  settings: Settings = {},
  peers: readonly Partial<NodeFacts>[] = [],
): LintSubject {
  const facts = peers.map((peer, index) => ({
    name: `peer-${index}`,
    role: 'server' as const,
    labels: {},
    addresses: [],
    ...peer,
  }))
  const own = node({
    settings,
    host: { files: new Map(), unreadable: [], ...host },
    facts: { addresses: ['192.168.1.5'] },
  })
  return subject({ scope: 'machine', nodes: [own], facts: { nodes: [own.facts, ...facts] } })
}

const agentPeer = [{ role: 'agent' as const, addresses: ['192.168.1.6'] }]
const etcdPeer = [{ addresses: ['192.168.1.6'], labels: { 'node-role.kubernetes.io/etcd': 'true' } }]

function filter(policy: 'ACCEPT' | 'DROP', rules: readonly string[], forward = 'ACCEPT'): HostFirewall {
  const ipv4 = [
    '*filter',
    `:INPUT ${policy} [0:0]`,
    `:FORWARD ${forward} [0:0]`,
    ':OUTPUT ACCEPT [0:0]',
    ...rules,
    'COMMIT',
    '',
  ]
  return { saved: { ipv4: ipv4.join('\n') } }
}

const fromNodes = '-A INPUT -s 192.168.1.0/24 -j ACCEPT'
const fromPods = '-A INPUT -s 10.42.0.0/16 -j ACCEPT'
const closedMachine = (...rules: readonly string[]) => machine({ firewall: filter('DROP', rules) }, {}, agentPeer)

const dual = { 'cluster-cidr': '10.42.0.0/16,fd00:42::/56', 'flannel-backend': 'wireguard-native' }
const dualRuled = (...rules: readonly Readonly<Record<string, unknown>>[]) => ruled({ input: rules }, dual)
/** A machine of two families whose IPv4 is open, and whose IPv6 drops what these rules do not accept. */
const dualMachine = (...rules: readonly string[]) => {
  const { saved } = filter('DROP', rules)
  const given: HostFirewall = { saved: { ...filter('ACCEPT', []).saved, ipv6: saved?.ipv4 ?? '' } }
  return machine({ firewall: given }, dual, [{ role: 'agent', addresses: ['192.168.1.6', 'fd00:1::6'] }])
}
const registryMachine = (...rules: readonly string[]) =>
  machine({ firewall: filter('DROP', rules) }, { 'embedded-registry': true }, agentPeer)
const lbOn = (port: number): ServiceFacts =>
  service('web', { ports: [{ protocol: 'TCP', port }], statusAddresses: ['192.168.1.5'] })
const offered = (...rules: readonly Readonly<Record<string, unknown>>[]) =>
  ruled({ services: rules }, {}, { services: [lbOn(443)] })

/** A server without rules, and an agent with this one. */
function ruledAgent(rule: Fields, settings: Settings = {}): LintSubject {
  const networks = [nodeNetwork('agent', { nodes: { names: ['pi-2'] }, firewall: { input: [{ name: 'a', ...rule }] } })]
  return subject({
    desired: desiredState(),
    nodes: [node({ settings }), node({ name: 'pi-2', role: 'agent', networks })],
  })
}

const recorded: HostFirewall = {
  saved: { ipv4: recording('iptables-save.txt'), ipv6: recording('ip6tables-save.txt') },
}
const sets = [...recording('ipset-save-policy-disabled.txt').matchAll(/^create (\S+)/gm)].map((match) => match[1] ?? '')
const leftovers: HostFirewall = { saved: { ipv4: recording('iptables-save-policy-disabled.txt') }, ipsets: sets }

function links(...names: readonly string[]): Partial<HostReading> {
  const interfaces = names.map((name) => ({ name, isUp: true, mtuBytes: 1500, addresses: [] }))
  return { network: { interfaces, defaultRoutes: [] } }
}

function zone(xml: string): HostReading['files'] {
  const path = '/etc/firewalld/zones/trusted.xml'
  return new Map([
    [path, { path, type: 'file', mode: 0o644, ownerUid: 0, modifiedAtMs: 0, sizeBytes: xml.length, text: xml }],
  ])
}

const standard = subject()
const untouched = machine({ firewall: recorded }, {}, agentPeer)

testRules(firewallRules, {
  'fw-backend-port': {
    fails: [
      closedMachine('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT'),
      machine(
        { firewall: filter('ACCEPT', ['-A INPUT -p udp -m udp --dport 51820 -j REJECT']) },
        { 'flannel-backend': 'wireguard-native' },
        agentPeer,
      ),
      machine({ firewall: filter('ACCEPT', ['-A INPUT -s 192.168.1.6/32 -j DROP']) }, {}, agentPeer),
    ],
    passes: [
      standard,
      untouched,
      input(drop(8472, 'udp')),
      input({ ...accept(8472, 'udp'), from: ['192.168.1.5'] }, rest),
      ruled({ input: [drop(51820, 'udp')] }, { 'flannel-backend': 'wireguard-native' }),
      machine({ firewall: filter('ACCEPT', ['-A INPUT -p udp -m udp --dport 51820 -j REJECT']) }, {}, agentPeer),
      machine({ firewall: filter('DROP', []) }, { 'flannel-backend': 'host-gw' }, agentPeer),
      machine({ firewall: filter('ACCEPT', ['-A INPUT -s 192.168.1.7/32 -j DROP']) }, {}, agentPeer),
      machine({ firewall: filter('DROP', []) }),
      closedMachine('-A INPUT -p udp -m udp --dport 8472 -j ACCEPT'),
      closedMachine('-A INPUT -m set --match-set peers src -j ACCEPT'),
    ],
  },
  'fw-wg-v6': {
    fails: [dualMachine('-A INPUT -p udp -m udp --dport 51820 -j ACCEPT')],
    passes: [
      dualMachine('-A INPUT -p udp -m multiport --dports 51820,51821 -j ACCEPT'),
      dualRuled(accept(51820, 'udp'), drop(51821, 'udp')),
      closedMachine(),
    ],
  },
  'fw-api-port': {
    fails: [closedMachine('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT')],
    passes: [standard, untouched, input(drop(6443)), input(rest), closedMachine(fromNodes)],
  },
  'fw-etcd': {
    fails: [
      machine({ firewall: filter('DROP', []) }, { 'cluster-init': true }, etcdPeer),
      input({ action: 'Accept', protocol: 'tcp', ports: [2379], from: everyone }),
    ],
    passes: [
      standard,
      untouched,
      input({ action: 'Drop', protocol: 'tcp', ports: ['2379-2380'] }),
      input({ ...accept(2379), from: nodes }),
      machine({ firewall: filter('DROP', [fromNodes]) }, { 'cluster-init': true }, etcdPeer),
      machine({ firewall: filter('DROP', []) }, { 'cluster-init': true }, agentPeer),
      closedMachine('-A INPUT -p tcp -m tcp --dport 2379 -j ACCEPT'),
    ],
  },
  'fw-kubelet': {
    fails: [closedMachine('-A INPUT -p tcp -m multiport --dports 22,6443 -j ACCEPT')],
    passes: [
      standard,
      untouched,
      input(drop(10250)),
      input({ ...accept(10250), from: nodes }, drop(10250)),
      closedMachine('-A INPUT -p tcp -m multiport --dports 22,10000:10300 -j ACCEPT'),
    ],
  },
  'fw-registry': {
    fails: [registryMachine('-A INPUT -p tcp -m tcp --dport 6443 -j ACCEPT')],
    passes: [
      closedMachine('-A INPUT -p tcp -m tcp --dport 6443 -j ACCEPT'),
      ruled({ input: [drop(5001)] }, { 'embedded-registry': true }),
      registryMachine('-A INPUT -p tcp -m multiport --dports 5001,6443 -j ACCEPT'),
      { ...registryMachine('-A INPUT -p tcp -m tcp --dport 6443 -j ACCEPT'), ...subjectVersion('v1.28.5+k3s1') },
    ],
  },
  'fw-vxlan-public': {
    fails: [
      input(accept(8472, 'udp')),
      input({ ...accept(8472, 'udp'), from: ['0.0.0.0/0'] }),
      input({ action: 'Accept' }),
      closedMachine('-A INPUT -p udp -m udp --dport 8472 -j ACCEPT'),
    ],
    passes: [
      standard,
      untouched,
      input({ ...accept(8472, 'udp'), from: nodes }),
      input({ ...drop(8472, 'udp'), notFrom: nodes }, accept(8472, 'udp')),
      closedMachine('-A INPUT -s 192.168.1.0/24 -p udp -m udp --dport 8472 -j ACCEPT'),
    ],
  },
  'fw-exposure': {
    fails: [
      input(accept(22)),
      input({ action: 'Accept', protocol: 'tcp', ports: ['10000-11000'], from: ['::/0'] }),
      closedMachine('-A INPUT -p tcp -m tcp --dport 10250 -j ACCEPT'),
    ],
    passes: [
      standard,
      untouched,
      input({ ...accept(22), from: nodes }),
      input(accept(443)),
      closedMachine('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT'),
    ],
  },
  'fw-failsafe': {
    fails: [
      input(drop(22)),
      input({ ...drop(6443), from: everyone }),
      managed({ sshPorts: [2222] }, [drop(2222)]),
      ruledAgent({ ...drop(6443) }, { 'embedded-registry': true }),
    ],
    passes: [
      standard,
      input(rest),
      input({ action: 'Drop', states: ['New'] }),
      input({ action: 'Accept', from: nodes }, rest),
      managed({ from: ['10.9.0.0/24'] }, [drop(22)]),
      managed({ sshPorts: [2222] }, [drop(22)]),
      ruledAgent({ ...drop(6443) }),
      input({ ...drop(10250), from: everyone }),
      input({ ...drop(22), notFrom: nodes }),
      input({ action: 'Drop', protocol: 'udp' }),
    ],
  },
  'fw-slb-ports': {
    fails: [offered(drop(443)), offered(rest), ruled({ services: [drop(10250)] }, {}, { services: [lbOn(10250)] })],
    passes: [
      standard,
      ruled({ services: [drop(22)] }, {}, { services: [lbOn(22)] }),
      ruled({ services: [rest] }, {}, { services: [lbOn(6443)] }),
      offered({ ...accept(443), from: nodes }, drop(443)),
      offered({ ...drop(443), notFrom: nodes }),
      offered(drop(80)),
    ],
  },
  'fw-no-effect': {
    fails: [
      input({ ...drop(22), notFrom: nodes }),
      input({ action: 'Reject', protocol: 'tcp', ports: [6443], from: ['203.0.113.0/24'] }),
      managed({ sshPorts: [2222] }, [{ ...drop(2222), notFrom: nodes }]),
    ],
    passes: [
      standard,
      managed({ from: ['10.9.0.0/24'] }, [{ ...drop(22), notFrom: nodes }]),
      managed({ sshPorts: [2222] }, [{ ...drop(22), notFrom: nodes }]),
      input(accept(22)),
      input(rest),
      input(drop(23)),
    ],
  },
  'fw-shadowed': {
    fails: [
      input(rest, accept(80)),
      input(drop(80), { ...accept(80), from: nodes }),
      input(
        { action: 'Drop', protocol: 'tcp', ports: ['1-1024'], from: nodes },
        { ...accept(80), from: ['192.168.1.6'] },
      ),
      input({ ...drop(80), inInterface: 'eth0' }, { ...accept(80), inInterface: 'eth0', states: ['New'] }),
    ],
    passes: [
      standard,
      input(accept(80), rest),
      input({ ...drop(80), from: nodes }, accept(80)),
      input({ ...drop(80), inInterface: 'eth0' }, accept(80)),
      input({ ...drop(80), limit: { rate: '1/second' } }, accept(80)),
      input({ ...drop(80), notFrom: nodes }, { ...accept(80), from: nodes }),
      ruled({ input: [rest], forward: [{ action: 'Accept', from: ['10.42.0.0/16'] }] }),
    ],
  },
  'fw-nodeport-list': {
    fails: [
      input({ ...drop(30080), notFrom: nodes }),
      ruled({ forward: [drop(30080)] }),
      ruled({ input: [drop(20080)] }, { 'service-node-port-range': '20000-20100' }),
    ],
    passes: [
      standard,
      input(drop(80)),
      input(accept(30080)),
      input(rest),
      ruled({ services: [drop(30080)] }),
      ruled({ input: [drop(30080)] }, { 'service-node-port-range': '20000-20100' }),
    ],
  },
  'fw-nodeport-range': {
    fails: [
      ruled(
        { services: [{ action: 'Drop', protocol: 'tcp', ports: ['30000-32767'] }] },
        { 'service-node-port-range': '20000-20100' },
      ),
    ],
    passes: [
      standard,
      ruled({ services: [{ action: 'Drop', protocol: 'tcp', ports: ['30000-32767', 80] }] }),
      ruled({ services: [{ action: 'Drop', protocol: 'tcp', ports: ['20000-20010'] }] }),
      input({ action: 'Drop', protocol: 'tcp', ports: ['1-1024'] }),
    ],
  },
  'fw-services-all': {
    fails: [ruled({ services: [accept(443), rest], input: [accept(80)] })],
    passes: [
      standard,
      ruled({ services: [rest] }),
      ruled({ services: [drop(443)], input: [accept(80)] }),
      ruled({ services: [{ action: 'Drop', from: ['203.0.113.0/24'] }], input: [accept(80)] }),
    ],
  },
  'fw-plane-differs': {
    fails: [differing({ plane: 'nft' }, { plane: 'iptables' }), differing({ backend: 'nft' }, { backend: 'legacy' })],
    passes: [standard, differing({ plane: 'nft' }, {}), differing({ plane: 'nft' }, { plane: 'nft', backend: 'nft' })],
  },
  'fw-mark-overlap': {
    fails: [
      differing({ marks: [{ name: 'a', value: 0x4000, mask: 0xffff }] }),
      differing({ marks: [{ name: 'a', value: 0x10000, mask: 0x10000 }] }),
      marked('cilium', 0xf00),
      marked('calico', 0x8000_0000),
    ],
    passes: [
      standard,
      differing({ marks: [{ name: 'a', value: 0x10 }] }),
      marked('flannel', 0xf00),
      marked('flannel', 0x8000_0000),
      marked('cilium', 0xf0),
    ],
  },
  'fw-clamp-all': {
    fails: [differing({ clampMSS: [{ name: 'a' }] })],
    passes: [
      standard,
      differing({
        clampMSS: [
          { name: 'a', outInterface: 'wg0' },
          { name: 'b', to: ['10.9.0.0/24'] },
        ],
      }),
    ],
  },
  'fw-podcidr': {
    fails: [
      machine({ firewall: { managers: ['firewalld'] } }),
      machine({ firewall: { managers: ['firewalld'] }, files: zone('<zone><source address="10.42.0.0/16"/></zone>') }),
      machine({ firewall: { managers: ['ufw'], ...filter('DROP', [fromPods]) } }),
    ],
    passes: [
      standard,
      untouched,
      machine({ firewall: { managers: ['firewalld'] }, files: zone('<zone><source address="10.42.0.0/15"/></zone>') }),
      machine({ firewall: { managers: ['ufw'], ...filter('DROP', [fromPods, '-A INPUT -s 10.43.0.0/16 -j ACCEPT']) } }),
    ],
  },
  'host-default-deny-without-pods': {
    fails: [
      closedMachine(fromNodes),
      machine({ firewall: filter('ACCEPT', [], 'DROP') }),
      ruled({ forward: [rest] }),
      ruled({ forward: [{ action: 'Reject', protocol: 'udp' }] }),
    ],
    passes: [
      standard,
      untouched,
      input({ ...accept(6443), from: nodes }, rest),
      ruled({ forward: [drop(6443)] }),
      closedMachine(fromPods),
      machine({ firewall: filter('ACCEPT', ['-A FORWARD -s 10.42.0.0/16 -j ACCEPT'], 'DROP') }),
      input({ action: 'Accept', from: [...nodes, '10.42.0.0/16'] }, rest),
      ruled({ forward: [{ action: 'Accept', from: ['10.42.0.0/16'] }, rest] }),
    ],
  },
  'host-both-backends': {
    fails: [machine({ firewall: { kubernetesRules: { nft: 40, legacy: 12 } } })],
    passes: [standard, untouched, machine({ firewall: { kubernetesRules: { nft: 40, legacy: 0 } } })],
  },
  'host-duplicate-rules': {
    fails: [machine({ firewall: filter('ACCEPT', ['-A INPUT -j KUBE-FIREWALL', '-A INPUT -j KUBE-FIREWALL']) })],
    passes: [
      standard,
      untouched,
      machine({ firewall: leftovers }),
      machine({ firewall: filter('ACCEPT', ['-A INPUT -j LOG', '-A INPUT -j LOG']) }),
      machine({
        firewall: {
          saved: { ipv4: '*filter\n-A OUTPUT -j KUBE-SERVICES\nCOMMIT\n*nat\n-A OUTPUT -j KUBE-SERVICES\nCOMMIT\n' },
        },
      }),
    ],
  },
  'host-npc-leftovers': {
    fails: [
      machine({ firewall: leftovers }, { 'disable-network-policy': true }),
      machine({ firewall: { chains: [], ipsets: ['inet6:KUBE-DST-ABC'] } }, { 'disable-network-policy': true }),
    ],
    passes: [
      untouched,
      machine({ firewall: leftovers }),
      machine(
        { firewall: { chains: ['KUBE-SERVICES'], ipsets: ['KUBE-LOOP-BACK'] } },
        { 'disable-network-policy': true },
      ),
    ],
  },
  'host-vxlan-offload': {
    fails: [{ ...machine({ kernelRelease: '5.4.0-42-generic' }), ...subjectVersion('v1.18.5+k3s1') }],
    passes: [
      machine({ kernelRelease: '5.4.0-42-generic' }),
      { ...machine({ kernelRelease: '5.7.0' }), ...subjectVersion('v1.18.5+k3s1') },
      { ...machine({ kernelRelease: '5.4.0' }), ...subjectVersion('v1.18.6+k3s1') },
      { ...machine({ kernelRelease: '5.4.0' }, { 'flannel-backend': 'host-gw' }), ...subjectVersion('v1.18.5+k3s1') },
    ],
  },
  'host-leftover-interfaces': {
    fails: [
      machine(links('flannel.1', 'eth0'), { 'flannel-backend': 'host-gw' }),
      machine(links('flannel-wg', 'flannel.1', 'cni0')),
      machine(links('cni0'), { 'flannel-backend': 'none' }),
    ],
    passes: [
      machine(links('flannel.1', 'cni0', 'eth0')),
      machine(links('flannel-wg', 'cni0'), { 'flannel-backend': 'wireguard-native' }),
      machine(links('flannel.1'), { 'flannel-backend': 'wireguard' }),
      machine(links('flannel.1', 'cali12345'), { 'flannel-backend': 'none' }),
    ],
  },
})

function subjectVersion(version: string): Pick<LintSubject, 'version'> {
  const { version: parsed } = subject({ version })
  return parsed === undefined ? {} : { version: parsed }
}

test('a K3s of v1.21.2 as it installs itself has no finding', () => {
  const given = machine(
    { firewall: { ...recorded, kubernetesRules: { nft: 60, legacy: 0 } }, ...links('eth0', 'flannel.1', 'cni0') },
    {},
    agentPeer,
  )
  expect(runRules(firewallRules.rules, { ...given, ...subjectVersion('v1.21.2+k3s1') })).toEqual([])
})

test('a firewall that accepts the nodes and the pods and drops the rest has no finding', () => {
  const given = ruled({
    input: [{ action: 'Accept', from: [...nodes, '10.42.0.0/16'] }, rest],
    forward: [{ action: 'Accept', from: ['10.42.0.0/16'] }, { action: 'Accept', to: ['10.42.0.0/16'] }, rest],
  })
  expect(runRules(firewallRules.rules, given)).toEqual([])
})

/** What the rules of this id say. */
function told(id: string, given: LintSubject): readonly string[] {
  const rules = firewallRules.rules.filter((rule) => rule.id === id)
  return runRules(rules, given).map(({ severity, place, what }) => `${severity} ${place.file}: ${what}`)
}

test.each(['DROP', 'REJECT'])('a port that a machine closes with %s is told with the peer that it stops', (target) => {
  const given = machine(
    { firewall: filter('ACCEPT', [`-A INPUT -s 192.168.1.6/32 -p udp -j ${target}`]) },
    {},
    agentPeer,
  )
  expect(told('fw-backend-port', given)).toEqual([
    'error pi-1: iptables of pi-1 closes UDP 8472 to peer-0 (192.168.1.6)',
  ])
})

test('a rule that names SSH is an error that says what is missing', () => {
  expect(told('fw-failsafe', input(drop(22), drop(6443)))).toEqual([
    'error all#spec.firewall.input.0: input rule "rule-0" would close TCP 22 to everybody, and spec.firewall.management.from names nobody who may still come in',
    'error all#spec.firewall.input.1: input rule "rule-1" would close TCP 6443 to everybody, and spec.firewall.management.from names nobody who may still come in',
  ])
})

test.each(['Drop', 'Reject'])(
  'a %s for all that is passed on closes what pods say to each other, and no more',
  (action) => {
    const given = ruled({ input: [rest], forward: [{ action }] })
    expect(told('host-default-deny-without-pods', given)).toEqual([
      'warning all#spec.firewall.forward.0: forward rule "rule-0" closes what pods (10.42.0.0/16) say to each other',
    ])
  },
)

test('a deny for everything in services spares what the failsafes let through', () => {
  expect(told('fw-services-all', ruled({ services: [rest], input: [accept(80)] }))).toEqual([
    'warning all#spec.firewall.services.0: services rule "rule-0" drops every packet to the node that no failsafe lets through, before input is asked',
  ])
})
