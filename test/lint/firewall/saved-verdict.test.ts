import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseAddress } from '../../../src/domain/cidr.ts'
import { readSavedFilter } from '../../../src/lint/firewall/iptables-save.ts'
import { type FirstPacket, savedVerdict } from '../../../src/lint/firewall/saved-verdict.ts'

const recording = readFileSync(new URL('../../fixtures/k3s-v1.21.2/iptables-save.txt', import.meta.url), 'utf8')

function packet(parts: Partial<FirstPacket> & { readonly from?: string } = {}): FirstPacket {
  const { from = '192.168.1.6', ...rest } = parts
  const source = parseAddress(from)
  return { protocol: 'tcp', port: 22, ...(source === undefined ? {} : { source }), ...rest }
}

function verdict(rules: readonly string[], asked = packet(), policy = 'DROP'): string {
  const text = ['*filter', `:INPUT ${policy} [0:0]`, ...rules, 'COMMIT'].join('\n')
  return savedVerdict(readSavedFilter(text), 'INPUT', asked)
}

const cases = [
  { name: 'the policy decides what no rule does', rules: [], expected: 'drop' },
  { name: 'a port', rules: ['-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT'], expected: 'accept' },
  { name: 'another port', rules: ['-A INPUT -p tcp -m tcp --dport 23 -j ACCEPT'], expected: 'drop' },
  { name: 'another protocol', rules: ['-A INPUT -p udp -m udp --dport 22 -j ACCEPT'], expected: 'drop' },
  {
    name: 'a list with a range',
    rules: ['-A INPUT -p tcp -m multiport --dports 80,20:30 -j ACCEPT'],
    expected: 'accept',
  },
  { name: 'a source', rules: ['-A INPUT -s 192.168.1.0/24 -j ACCEPT'], expected: 'accept' },
  { name: 'every source but one', rules: ['-A INPUT ! -s 192.168.1.6/32 -j ACCEPT'], expected: 'drop' },
  {
    name: 'the first rule counts',
    rules: ['-A INPUT -p tcp -j REJECT', '-A INPUT -p tcp -j ACCEPT'],
    expected: 'drop',
  },
  { name: 'loopback is not the network', rules: ['-A INPUT -i lo -j ACCEPT'], expected: 'drop' },
  { name: 'everything but loopback is', rules: ['-A INPUT ! -i lo -j ACCEPT'], expected: 'accept' },
  {
    name: 'established is not new',
    rules: ['-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'],
    expected: 'drop',
  },
  { name: 'an unmarked packet', rules: ['-A INPUT -m mark --mark 0x20000/0x20000 -j ACCEPT'], expected: 'drop' },
  {
    name: 'logging decides nothing',
    rules: ['-A INPUT -j LOG --log-prefix "x "', '-A INPUT -j ACCEPT'],
    expected: 'accept',
  },
  { name: 'an interface may be this one', rules: ['-A INPUT -i eth1 -j ACCEPT'], expected: 'unknown' },
  {
    name: 'a set may hold the source',
    rules: ['-A INPUT -m set --match-set peers src -j ACCEPT'],
    expected: 'unknown',
  },
  {
    name: 'a set that drops changes nothing under DROP',
    rules: ['-A INPUT -m set --match-set bad src -j DROP'],
    expected: 'drop',
  },
  { name: 'an unknown target may do anything', rules: ['-A INPUT -j NFQUEUE'], expected: 'unknown' },
  { name: 'a name of a property is no target', rules: ['-A INPUT -j constructor'], expected: 'unknown' },
  {
    name: 'a comment with spaces and quotes',
    rules: ['-A INPUT -m comment --comment "let \\"-j DROP\\" in" -j ACCEPT'],
    expected: 'accept',
  },
  {
    name: 'a chain that returns',
    rules: [
      ':own - [0:0]',
      '-A INPUT -j own',
      '-A INPUT -j ACCEPT',
      '-A own -p udp -j DROP',
      '-A own -j RETURN',
      '-A own -j DROP',
    ],
    expected: 'accept',
  },
  {
    name: 'a chain that decides',
    rules: [':own - [0:0]', '-A INPUT -j own', '-A own -p tcp -j ACCEPT'],
    expected: 'accept',
  },
  {
    name: 'a goto does not come back',
    rules: [':own - [0:0]', '-A INPUT -g own', '-A INPUT -j ACCEPT', '-A own -p udp -j DROP'],
    expected: 'unknown',
  },
  { name: 'chains in a circle', rules: [':a - [0:0]', '-A INPUT -j a', '-A a -j a'], expected: 'unknown' },
]

for (const { name, rules, expected } of cases) test(name, () => expect(verdict(rules)).toBe(expected))

test("ufw's chains are followed to their end", () => {
  const ufw = [
    ':ufw-before-input - [0:0]',
    ':ufw-not-local - [0:0]',
    ':ufw-user-input - [0:0]',
    ':ufw-reject-input - [0:0]',
    '-A INPUT -j ufw-before-input',
    '-A INPUT -j ufw-reject-input',
    '-A ufw-before-input -i lo -j ACCEPT',
    '-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A ufw-before-input -p icmp -m icmp --icmp-type 8 -j ACCEPT',
    '-A ufw-before-input -p udp -m udp --sport 67 --dport 68 -j ACCEPT',
    '-A ufw-before-input -j ufw-not-local',
    '-A ufw-before-input -j ufw-user-input',
    '-A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN',
    '-A ufw-not-local -m addrtype --dst-type MULTICAST -j RETURN',
    '-A ufw-not-local -j DROP',
    '-A ufw-user-input -p tcp -m tcp --dport 6443 -j ACCEPT',
  ]
  expect(verdict(ufw, packet({ port: 6443 }))).toBe('accept')
  expect(verdict(ufw, packet({ port: 10250 }))).toBe('drop')
})

test('K3s itself closes nothing between nodes, in INPUT and in FORWARD', () => {
  const filter = readSavedFilter(recording)
  expect([...filter.policies]).toEqual([
    ['INPUT', 'ACCEPT'],
    ['FORWARD', 'ACCEPT'],
    ['OUTPUT', 'ACCEPT'],
  ])
  expect(filter.chains.get('KUBE-ROUTER-INPUT')).toHaveLength(3)
  expect(savedVerdict(filter, 'INPUT', packet({ port: 10250, inInterface: 'eth0' }))).not.toBe('drop')
  const destination = parseAddress('10.42.0.9')
  if (destination === undefined) throw new Error('an address')
  const dns = packet({ protocol: 'udp', port: 53, from: '10.42.1.5', destination, inInterface: 'cni0' })
  expect(savedVerdict(filter, 'FORWARD', dns)).toBe('accept')
})

test('no text makes it throw', () => {
  const word = fc.constantFrom(
    '-A',
    'INPUT',
    '-j',
    '-g',
    'own',
    '!',
    '-s',
    '10.0.0.0/8',
    '--dport',
    '22',
    '"',
    ':own - [0:0]',
    '*filter',
    '\n',
    'COMMIT',
    '::',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(word, fc.string())), (words) => {
      const filter = readSavedFilter(words.join(' '))
      expect(['accept', 'drop', 'unknown']).toContain(savedVerdict(filter, 'INPUT', packet()))
    }),
  )
})
