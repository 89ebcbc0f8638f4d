import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { NodeFacts, ServiceFacts } from '../../../src/domain/facts.ts'
import type { HostFirewall, HostReading } from '../../../src/domain/host.ts'
import { firewallRules } from '../../../src/lint/firewall/firewall-rules.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import type { LintSubject } from '../../../src/lint/subject.ts'
import type { NodeNetwork } from '../../../src/schema/documents.ts'
import { nodeNetworkSchema } from '../../../src/schema/node-network.ts'
import { desiredState } from '../../lab/desired-state.ts'
import { node, service, subject } from '../../lab/lint-subject.ts'
import { testRules } from '../rules/rule-cases.ts'

const recording = (name: string) => readFileSync(new URL(`../../fixtures/k3s-v1.21.2/${name}`, import.meta.url), 'utf8')

type Settings = Readonly<Record<string, string | boolean>>
type WrittenRules = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>

function network(firewall: WrittenRules): NodeNetwork {
  const named = Object.entries(firewall).map(([list, rules]) => [
    list,
    rules.map((rule, index) => ({ name: `rule-${index}`, ...rule })),
  ])
  return nodeNetworkSchema.parse({
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'NodeNetwork',
    metadata: { name: 'all' },
    spec: { nodes: { names: ['pi-1', 'pi-2'] }, firewall: Object.fromEntries(named) },
  })
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
const lb: ServiceFacts = service('web', { ports: [{ protocol: 'TCP', port: 443 }], statusAddresses: ['192.168.1.5'] })
const offered = (...rules: readonly Readonly<Record<string, unknown>>[]) => {
  const given = ruled({ services: rules }, {}, { services: [lb] })
  return given
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
      input(drop(8472, 'udp')),
      input({ ...accept(8472, 'udp'), from: ['192.168.1.5'] }, rest),
      ruled({ input: [drop(51820, 'udp')] }, { 'flannel-backend': 'wireguard-native' }),
      closedMachine('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT'),
    ],
    passes: [
      standard,
      untouched,
      input({ ...accept(8472, 'udp'), from: nodes }, rest),
      input({ ...drop(8472, 'udp'), notFrom: nodes }),
      ruled({ input: [drop(8472, 'udp')] }, { 'flannel-backend': 'host-gw' }),
      closedMachine('-A INPUT -p udp -m udp --dport 8472 -j ACCEPT'),
      closedMachine('-A INPUT -m set --match-set peers src -j ACCEPT'),
    ],
  },
  'fw-wg-v6': {
    fails: [dualRuled(accept(51820, 'udp'), drop(51821, 'udp'))],
    passes: [dualRuled({ action: 'Accept', protocol: 'udp', ports: ['51820-51821'] }, rest), input(drop(51821, 'udp'))],
  },
  'fw-api-port': {
    fails: [input(drop(6443)), closedMachine('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT')],
    passes: [standard, untouched, input({ ...accept(6443), from: nodes }, rest), closedMachine(fromNodes)],
  },
  'fw-etcd': {
    fails: [
      input({ action: 'Drop', protocol: 'tcp', ports: ['2379-2380'] }),
      input({ action: 'Accept', protocol: 'tcp', ports: [2379], from: everyone }),
    ],
    passes: [
      standard,
      untouched,
      input({ ...accept(2379), from: nodes }),
      closedMachine('-A INPUT -p tcp -m tcp --dport 2379 -j ACCEPT'),
    ],
  },
  'fw-kubelet': {
    fails: [input(drop(10250)), closedMachine('-A INPUT -p tcp -m multiport --dports 22,6443 -j ACCEPT')],
    passes: [
      standard,
      untouched,
      input({ ...accept(10250), from: nodes }, drop(10250)),
      closedMachine('-A INPUT -p tcp -m multiport --dports 22,10000:10300 -j ACCEPT'),
    ],
  },
  'fw-registry': {
    fails: [ruled({ input: [drop(5001)] }, { 'embedded-registry': true })],
    passes: [
      input(drop(5001)),
      ruled({ input: [{ ...accept(5001), from: nodes }, drop(5001)] }, { 'embedded-registry': true }),
      { ...ruled({ input: [drop(5001)] }, { 'embedded-registry': true }), ...subjectVersion('v1.28.5+k3s1') },
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
    fails: [input(drop(22)), input(rest), input({ ...drop(10250), from: everyone })],
    passes: [
      standard,
      input({ action: 'Accept', from: nodes }, rest),
      input({ ...drop(22), notFrom: nodes }),
      input({ action: 'Drop', protocol: 'udp' }),
    ],
  },
  'fw-slb-ports': {
    fails: [offered(drop(443))],
    passes: [
      standard,
      offered({ ...accept(443), from: nodes }, drop(443)),
      offered({ ...drop(443), notFrom: nodes }),
      offered(drop(80)),
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
      input({ ...accept(6443), from: nodes }, rest),
      ruled({ forward: [rest] }),
    ],
    passes: [
      standard,
      untouched,
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

test('a closed port is told once, at the rule that closes it, with the peer that it stops', () => {
  const given = input({ ...drop(8472, 'udp'), from: ['192.168.1.6'] })
  const found = runRules(firewallRules.rules, given)
  expect(found.map(({ code, place, what }) => ({ code, file: place.file, what }))).toEqual([
    {
      code: 'FW_BACKEND_PORT',
      file: 'all#spec.firewall.input.0',
      what: 'input rule "rule-0" drops UDP 8472 from pi-2 (192.168.1.6)',
    },
  ])
})

test('the last rule of a default-deny list is a warning, a rule that names SSH an error', () => {
  const severities = [input(rest), input(drop(22))].map((given) =>
    runRules(
      firewallRules.rules.filter(({ id }) => id === 'fw-failsafe'),
      given,
    ).map(({ severity }) => severity),
  )
  expect(severities).toEqual([['warning'], ['error']])
})

test('where addresses of the nodes are not known, only what is closed to everybody is told', () => {
  const unknown = (rule: Readonly<Record<string, unknown>>) =>
    subject({
      desired: desiredState(),
      facts: { origin: 'assumed' },
      nodes: [node({ networks: [network({ input: [rule] })] })],
    })
  const ids = (given: LintSubject) =>
    runRules(
      firewallRules.rules.filter(({ id }) => id === 'fw-backend-port'),
      given,
    ).length
  expect(ids(unknown(drop(8472, 'udp')))).toBe(1)
  expect(ids(unknown({ ...drop(8472, 'udp'), from: ['192.168.1.6'] }))).toBe(0)
})
