import { describe, expect, test } from 'vitest'
import { ruleLines } from '../../../src/adapters/iptables/rule-line.ts'
import { Failure } from '../../../src/domain/failure.ts'
import type { PacketAction, PacketMatch } from '../../../src/domain/packet-filter.ts'
import { accept, drop, network, ports, setMatch } from '../../lab/filter-programs.ts'

function lines(match: PacketMatch, action: PacketAction = accept, family: 4 | 6 = 4): readonly string[] {
  const origin = { kind: 'document', file: 'n1.yaml', path: 'spec.firewall.input[0]', name: 'one' } as const
  return ruleLines({ id: 'abcdefghijkl', match, action, origin }, 'FAIRLEAD-INPUT', family).map((line) =>
    line.replace('-A FAIRLEAD-INPUT ', '').replace('-m comment --comment fairlead:abcdefghijkl ', ''),
  )
}

const cases: readonly { readonly match: PacketMatch; readonly family?: 4 | 6; readonly expected: readonly string[] }[] =
  [
    { match: {}, expected: ['-j ACCEPT'] },
    { match: { source: network('0.0.0.0/0') }, expected: ['-j ACCEPT'] },
    { match: { source: network('10.0.0.0/8', true) }, expected: ['! -s 10.0.0.0/8 -j ACCEPT'] },
    {
      match: { source: setMatch('FAIRLEAD4-A'), destination: setMatch('FAIRLEAD4-B', true) },
      expected: ['-m set --match-set FAIRLEAD4-A src -m set ! --match-set FAIRLEAD4-B dst -j ACCEPT'],
    },
    {
      match: { inInterface: { name: 'cni', isPrefix: true, negated: true } },
      expected: ['! -i cni+ -j ACCEPT'],
    },
    {
      match: { protocol: 'tcp', sourcePorts: ports(1), destinationPorts: ports([2, [3, 4]]), tcpSyn: true },
      expected: ['-p tcp -m tcp --sport 1 --tcp-flags SYN,RST SYN -m multiport --dports 2,3:4 -j ACCEPT'],
    },
    {
      match: { originalDestinationPorts: ports([80, [30_000, 32_767]]) },
      expected: ['-m conntrack --ctorigdstport 80 -j ACCEPT', '-m conntrack --ctorigdstport 30000:32767 -j ACCEPT'],
    },
    {
      match: { originalDestinationPorts: ports([80, 443], true) },
      expected: ['-m conntrack ! --ctorigdstport 80 -m conntrack ! --ctorigdstport 443 -j ACCEPT'],
    },
    {
      match: { protocol: 'icmpv6', icmp: { type: 1, code: 4 } },
      family: 6,
      expected: ['-p ipv6-icmp -m icmp6 --icmpv6-type 1/4 -j ACCEPT'],
    },
    { match: { protocol: 'ah' }, family: 6, expected: ['-m ah -j ACCEPT'] },
    { match: { protocol: 51 }, family: 4, expected: ['-p 51 -j ACCEPT'] },
    {
      match: { mark: { value: 0x8000_0000, mask: 0xffff_ffff, negated: true } },
      expected: ['-m mark ! --mark 0x80000000/0xffffffff -j ACCEPT'],
    },
    {
      match: { limit: { packets: 20, per: 'second', burst: 40, perSource: true } },
      expected: [
        '-m hashlimit --hashlimit-upto 20/sec --hashlimit-burst 40 --hashlimit-mode srcip --hashlimit-name flabcdefghijkl -j ACCEPT',
      ],
    },
  ]

describe('a rule as lines for iptables-restore', () => {
  test.each(cases)('$expected', ({ match, family, expected }) => {
    expect(lines(match, accept, family)).toEqual(expected)
  })

  test.each([
    [{ kind: 'reject', with: 'admin-prohibited' }, '-j REJECT --reject-with icmp-admin-prohibited', 4],
    [{ kind: 'reject', with: 'admin-prohibited' }, '-j REJECT --reject-with icmp6-adm-prohibited', 6],
    [{ kind: 'log', prefix: 'no: ', level: 'error' }, '-j LOG --log-prefix "no: " --log-level 3', 4],
    [{ kind: 'clampMss', to: 'pmtu' }, '-j TCPMSS --clamp-mss-to-pmtu', 4],
    [{ kind: 'dscp', value: 8 }, '-j DSCP --set-dscp 0x08', 4],
    [{ kind: 'mark', value: 16, mask: 0xf0 }, '-j MARK --set-xmark 0x10/0xf0', 4],
    [{ kind: 'keepSource' }, '-j ACCEPT', 4],
    [{ kind: 'notrack' }, '-j CT --notrack', 6],
    [{ kind: 'jump', chain: 'FAIRLEAD-MORE' }, '-j FAIRLEAD-MORE', 4],
  ] as const)('%j', (action, expected, family) => {
    expect(lines({}, action, family)).toEqual([expected])
  })

  test.each([
    ['everything, negated', { source: network('0.0.0.0/0', true) }],
    ['protocol 0, which is every protocol', { protocol: 0 }],
    ['ports without a protocol that has some', { protocol: 'gre', destinationPorts: ports(80) }],
    ['ICMP type 255, which is every type', { protocol: 'icmp', icmp: { type: 255 } }],
  ] satisfies [string, PacketMatch][])('what iptables would read as something else is refused: %s', (_, match) => {
    const attempt = (): unknown => lines(match, drop)
    expect(attempt).toThrow(Failure)
    expect(attempt).toThrow(
      expect.objectContaining({ detail: expect.objectContaining({ where: 'n1.yaml spec.firewall.input[0]' }) }),
    )
  })
})
