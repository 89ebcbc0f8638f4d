import { describe, expect, test } from 'vitest'
import { renderFirewall } from '../../../src/render/firewall/render-firewall.ts'
import { agent, cluster, compiled, type Json, server } from './documents.ts'
import { printFilter } from './print-filter.ts'

/** One chain of a program as text, without the failsafes that begin it. */
function chainText(firewall: Json, name: string, table: string, family: 4 | 6 = 4): readonly string[] {
  const filter = compiled(firewall, family)
  const chains = filter.chains.filter((one) => one.name === name && one.table === table)
  const own = chains.map((one) => ({ ...one, rules: one.rules.filter(({ origin }) => origin.kind === 'document') }))
  return printFilter({ sets: [], chains: own })
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
}

const input = (rules: readonly Json[], family: 4 | 6 = 4) =>
  chainText({ input: rules }, 'FAIRLEAD-INPUT', 'mangle', family)
const rest = { name: 'rest', action: 'Drop' }

test('nothing asked, nothing in the packet path', () => {
  expect(
    renderFirewall(cluster([{ firewall: { management: { from: ['10.0.0.1'] } } }]), server, undefined).filter,
  ).toBeUndefined()
})

test('a whole program', () => {
  const firewall = {
    management: { from: ['10.9.0.0/24'] },
    input: [
      { name: 'ping', protocol: 'icmp', icmpType: 'echo-request', limit: { rate: '10/second' }, action: 'Accept' },
      { name: 'no-web', protocol: 'tcp', ports: [80], action: 'Reject' },
      rest,
    ],
  }
  expect(printFilter(compiled(firewall))).toBe(`FAIRLEAD-ANCHOR mangle (not called)
  conntrack-anchor: NEW -> return
FAIRLEAD-INPUT filter INPUT after KUBE-ROUTER-INPUT,KUBE-FIREWALL
  loopback: in lo -> accept
  ssh: from 10.9.0.0/24 tcp dport 22 -> accept
  kubernetes-api: from 10.42.0.0/16 tcp dport 6443 -> accept
  kubernetes-api: from 10.9.0.0/24 tcp dport 6443 -> accept
  kubernetes-api: from 192.168.1.5/32 tcp dport 6443 -> accept
  kubernetes-api: from 192.168.1.6/32 tcp dport 6443 -> accept
  kubelet: from 10.42.0.0/16 tcp dport 10250 -> accept
  kubelet: from 192.168.1.5/32 tcp dport 10250 -> accept
  kubelet: from 192.168.1.6/32 tcp dport 10250 -> accept
  overlay: from 192.168.1.5/32 udp dport 8472 -> accept
  overlay: from 192.168.1.6/32 udp dport 8472 -> accept
  dhcp: udp dport 68 -> accept
  icmp-errors: icmp type 3 -> accept
  icmp-errors: icmp type 11 -> accept
  established: ESTABLISHED,RELATED -> accept
  ping: icmp type 8 10/second burst 5 -> accept
  no-web: tcp dport 80 -> reject tcp-reset
FAIRLEAD-INPUT mangle INPUT
  loopback: in lo -> return
  ssh: from 10.9.0.0/24 tcp dport 22 -> return
  kubernetes-api: from 10.42.0.0/16 tcp dport 6443 -> return
  kubernetes-api: from 10.9.0.0/24 tcp dport 6443 -> return
  kubernetes-api: from 192.168.1.5/32 tcp dport 6443 -> return
  kubernetes-api: from 192.168.1.6/32 tcp dport 6443 -> return
  kubelet: from 10.42.0.0/16 tcp dport 10250 -> return
  kubelet: from 192.168.1.5/32 tcp dport 10250 -> return
  kubelet: from 192.168.1.6/32 tcp dport 10250 -> return
  overlay: from 192.168.1.5/32 udp dport 8472 -> return
  overlay: from 192.168.1.6/32 udp dport 8472 -> return
  dhcp: udp dport 68 -> return
  icmp-errors: icmp type 3 -> return
  icmp-errors: icmp type 11 -> return
  established: ESTABLISHED,RELATED -> return
  ping: icmp type 8 10/second burst 5 -> return
  no-web: tcp dport 80 -> return
  rest: -> drop`)
})

test('IPv6 keeps what addresses are found out with', () => {
  expect(printFilter(compiled({ input: [rest] }, 6))).toBe(`FAIRLEAD-ANCHOR mangle (not called)
  conntrack-anchor: NEW -> return
FAIRLEAD-INPUT mangle INPUT
  loopback: in lo -> return
  ssh: tcp dport 22 -> return
  kubernetes-api: tcp dport 6443 -> return
  dhcp: udp dport 546 -> return
  icmpv6-errors: icmpv6 type 1 -> return
  icmpv6-errors: icmpv6 type 2 -> return
  icmpv6-errors: icmpv6 type 3 -> return
  icmpv6-errors: icmpv6 type 4 -> return
  icmpv6-neighbour: icmpv6 type 133 -> return
  icmpv6-neighbour: icmpv6 type 134 -> return
  icmpv6-neighbour: icmpv6 type 135 -> return
  icmpv6-neighbour: icmpv6 type 136 -> return
  icmpv6-neighbour: icmpv6 type 137 -> return
  icmpv6-multicast: icmpv6 type 130 -> return
  icmpv6-multicast: icmpv6 type 131 -> return
  icmpv6-multicast: icmpv6 type 132 -> return
  icmpv6-multicast: icmpv6 type 143 -> return
  established: ESTABLISHED,RELATED -> return
  rest: -> drop`)
})

describe('one rule of a document', () => {
  const cases: { name: string; rule: Json; v4: string[]; v6: string[] }[] = [
    {
      name: 'few networks are rules of their own, each family its own',
      rule: { from: ['10.1.0.0/16', '10.1.2.0/24', '10.9.0.1', 'fd00::/64'] },
      v4: ['from 10.1.0.0/16 -> drop', 'from 10.9.0.1/32 -> drop'],
      v6: ['from fd00::/64 -> drop'],
    },
    {
      name: 'every source but IPv4 ones holds every IPv6 one',
      rule: { notFrom: ['10.0.0.0/8'], protocol: 'tcp', ports: [80] },
      v4: ['not from 10.0.0.0/8 tcp dport 80 -> drop'],
      v6: ['tcp dport 80 -> drop'],
    },
    {
      name: 'more than 15 ports are several rules',
      rule: { protocol: 'tcp', ports: Array.from({ length: 20 }, (_, index) => 2 * index + 1), families: ['IPv4'] },
      v4: ['tcp dport 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29 -> drop', 'tcp dport 31,33,35,37,39 -> drop'],
      v6: [],
    },
    {
      name: 'interfaces, states and marks',
      rule: { inInterface: 'wg+', states: ['Untracked', 'New'], mark: { value: 0x10, mask: 0xf0 }, families: ['IPv6'] },
      v4: [],
      v6: ['in wg+ NEW,UNTRACKED mark 0x10/0xf0 -> drop'],
    },
    {
      name: 'a protocol number that has a name',
      rule: { protocol: 50, from: ['10.0.0.1'] },
      v4: ['from 10.0.0.1/32 esp -> drop'],
      v6: [],
    },
    {
      name: 'a line in the log comes first, and not for every packet',
      rule: { protocol: 'icmpv6', icmpType: '1/4', log: { level: 'notice' } },
      v4: [],
      v6: ['icmpv6 type 1/4 10/minute burst 5 -> log notice "fairlead deny: "', 'icmpv6 type 1/4 -> drop'],
    },
    {
      name: 'everybody by a range is everybody',
      rule: { from: ['0.0.0.0/0'], protocol: 'udp', ports: [53] },
      v4: ['udp dport 53 -> drop'],
      v6: [],
    },
    {
      name: 'a slow rate has the burst that the kernel can count',
      rule: { limit: { rate: '1/day', perSource: true }, families: ['IPv4'] },
      v4: ['1/day burst 1 per source -> drop'],
      v6: [],
    },
  ]
  test.each(cases)('$name', ({ rule, v4, v6 }) => {
    const rules = [{ name: 'deny', ...rule, action: 'Drop' }]
    expect(input(rules)).toEqual(v4.map((line) => `deny: ${line}`))
    expect(input(rules, 6)).toEqual(v6.map((line) => `deny: ${line}`))
  })
})

test('ids tell rules apart, and stay when other rules come', () => {
  const rule = { name: 'twice', protocol: 'tcp', ports: [80], action: 'Drop' }
  const idsOf = (rules: readonly Json[]) =>
    compiled({ input: rules })
      .chains.flatMap(({ rules: all }) => all)
      .filter(({ origin }) => origin.name === 'twice')
      .map(({ id }) => id)
  const [first, second] = idsOf([rule, rule])
  expect(first).not.toBe(second)
  expect(idsOf([rest, rule])).toEqual([first])
})

describe('what stands in chains of its own', () => {
  const cases: { name: string; firewall: Json; chain: [string, string]; expected: string[] }[] = [
    {
      name: 'services go on, and are never accepted for good',
      firewall: {
        services: [
          { name: 'web', protocol: 'tcp', ports: [80, 443], action: 'Accept' },
          { name: 'lan', notFrom: ['10.0.0.0/8'], protocol: 'tcp', ports: ['30000-32767'], action: 'Drop' },
          { name: 'late', action: 'Accept' },
        ],
      },
      chain: ['FAIRLEAD-SERVICES', 'mangle'],
      expected: [
        'web: tcp dport 80,443 local -> return',
        'lan: not from 10.0.0.0/8 tcp dport 30000-32767 local -> drop',
      ],
    },
    {
      name: 'accepts of what is passed on stand behind network policies',
      firewall: { forward: [{ name: 'out', inInterface: 'cni0', notOutInterface: 'eth0', action: 'Accept' }] },
      chain: ['FAIRLEAD-FORWARD', 'filter'],
      expected: ['out: in cni0 not out eth0 -> accept'],
    },
    {
      name: 'segment sizes, of what is passed on',
      firewall: { clampMSS: [{ name: 'vpn', inInterface: 'eth0', outInterface: 'wg0' }] },
      chain: ['FAIRLEAD-MSS', 'mangle'],
      expected: ['vpn: in eth0 out wg0 tcp syn -> clamp pmtu'],
    },
    {
      name: 'segment sizes of what the node itself sends',
      firewall: {
        clampMSS: [
          { name: 'in', inInterface: 'wg0' },
          { name: 'out', outInterface: 'wg0', mss: 1380 },
        ],
      },
      chain: ['FAIRLEAD-MSS-OUTPUT', 'mangle'],
      expected: ['out: out wg0 tcp syn -> clamp 1380'],
    },
    {
      name: 'code points by name and number',
      firewall: {
        dscp: [
          { name: 'v', protocol: 'udp', ports: [5060], class: 'EF' },
          { name: 'n', value: 8 },
        ],
      },
      chain: ['FAIRLEAD-DSCP', 'mangle'],
      expected: ['v: udp dport 5060 -> dscp 46', 'n: -> dscp 8'],
    },
    {
      name: 'marks',
      firewall: { marks: [{ name: 'm', from: ['10.42.7.0/24'], value: 0x10 }] },
      chain: ['FAIRLEAD-MARKS', 'mangle'],
      expected: ['m: from 10.42.7.0/24 -> mark 0x10/0xf0'],
    },
    {
      name: 'what is not tracked',
      firewall: { notrack: [{ name: 'n', protocol: 'udp', ports: [8472], inInterface: 'eth0' }] },
      chain: ['FAIRLEAD-NOTRACK', 'raw'],
      expected: ['n: in eth0 udp dport 8472 -> notrack'],
    },
  ]
  test.each(cases)('$name', ({ firewall, chain: [name, table], expected }) => {
    expect(chainText(firewall, name, table)).toEqual(expected)
  })
})

test('pods keep their address, and what came through a Service does not', () => {
  const desired = cluster([{ masqueradeExemptions: [{ name: 'office', from: ['10.42.0.0/16'], to: ['10.9.0.0/24'] }] }])
  const filter = renderFirewall(desired, server, [server, agent]).filter
  expect(filter && printFilter(filter.v4)).toContain(
    'FAIRLEAD-POSTROUTING nat POSTROUTING before FLANNEL-POSTRTG after CNI-HOSTPORT-MASQ\n' +
      '  office: from 10.42.0.0/16 to 10.9.0.0/24 not mark 0x4000/0x4000 -> keepSource',
  )
  expect(filter?.v6.chains.map(({ name }) => name)).toEqual(['FAIRLEAD-ANCHOR'])
})

test('lists of several documents follow each other, and every rule knows who wrote it', () => {
  const rule = (name: string) => ({ name, protocol: 'tcp', ports: [80], action: 'Drop' })
  const desired = cluster([{ firewall: { input: [rule('a')] } }, { firewall: { input: [rule('b'), rule('c')] } }])
  const rules = renderFirewall(desired, server, undefined).filter?.v4.chains.flatMap((chain) => chain.rules) ?? []
  expect(rules.map(({ origin }) => origin).filter(({ kind }) => kind === 'document')).toEqual([
    { kind: 'document', file: 'n-0#spec', path: 'spec.firewall.input[0]', name: 'a' },
    { kind: 'document', file: 'n-1#spec', path: 'spec.firewall.input[0]', name: 'b' },
    { kind: 'document', file: 'n-1#spec', path: 'spec.firewall.input[1]', name: 'c' },
  ])
})

test('rules of others are in their chain, behind those that are written', () => {
  const origin = { kind: 'document', file: 'a.yaml', path: 'spec.egress[0]', name: 'uplink' } as const
  const extra = [
    { family: 4, chain: 'marks', match: {}, action: { kind: 'mark', value: 0x20, mask: 0xf0 }, origin },
    { family: 6, chain: 'postrouting', match: {}, action: { kind: 'masquerade' }, origin },
  ] as const
  const filter = renderFirewall(
    cluster([{ firewall: { marks: [{ name: 'm', value: 0x10 }] } }]),
    server,
    undefined,
    extra,
  ).filter
  const lines = (family: 'v4' | 'v6') => (filter === undefined ? '' : printFilter(filter[family]))
  expect(lines('v4')).toContain('  m: -> mark 0x10/0xf0\n  uplink: -> mark 0x20/0xf0')
  expect(lines('v4')).not.toContain('masquerade')
  expect(lines('v6')).toContain('  uplink: -> masquerade')
})
