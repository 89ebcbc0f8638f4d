import { describe, expect, test } from 'vitest'
import { misplacedAction } from '../../../src/adapters/nft/misplaced-action.ts'
import { printAction } from '../../../src/adapters/nft/nft-action.ts'
import { limitMemorySeconds, printMatch } from '../../../src/adapters/nft/nft-match.ts'
import { baseChainName, ownChainName, readChainName } from '../../../src/adapters/nft/nft-names.ts'
import { printNftTable, printSetChange } from '../../../src/adapters/nft/nft-text.ts'
import type { FilterTable, PacketAction, PacketMatch } from '../../../src/domain/packet-filter.ts'
import {
  anchor,
  chainOf,
  drop,
  everythingProgram,
  network,
  ports,
  programOf,
  setMatch,
  setProgram,
} from '../../lab/filter-programs.ts'

const id = 'abcdefghijkl'
const v4 = (match: PacketMatch): string => printMatch(match, { family: 'v4', id }).join(' ')
const v6 = (match: PacketMatch): string => printMatch(match, { family: 'v6', id }).join(' ')

describe('a match in the words of nft', () => {
  test.each<readonly [string, string]>([
    [v4({}), ''],
    [
      v4({ source: network('192.0.2.0/24'), destination: network('10.0.0.0/8', true) }),
      'ip saddr 192.0.2.0/24 ip daddr != 10.0.0.0/8',
    ],
    [v6({ source: setMatch('FAIRLEAD6-X', true) }), 'ip6 saddr != @FAIRLEAD6-X'],
    [v4({ inInterface: { name: 'cni', isPrefix: true, negated: true } }), 'iifname != "cni*"'],
    [v4({ outInterface: { name: 'abcdefghijklmno', isPrefix: true, negated: false } }), 'oifname "abcdefghijklmno"'],
    [v4({ protocol: 'tcp', destinationPorts: ports(22) }), 'meta l4proto tcp tcp dport 22'],
    [v4({ protocol: 'udp', sourcePorts: ports([53, [60, 69]], true) }), 'meta l4proto udp udp sport != { 53, 60-69 }'],
    [
      v4({ protocol: 'tcp', originalDestinationPorts: ports([[30_000, 32_767]]) }),
      'meta l4proto tcp ct original proto-dst 30000-32767',
    ],
    [
      v6({ protocol: 'tcp', originalDestinationPorts: ports([1, 3]) }),
      `meta l4proto tcp ct original proto-dst @ports6_${id}`,
    ],
    [
      v4({ protocol: 'tcp', originalDestinationPorts: ports([1, [3, 4]], true) }),
      'meta l4proto tcp ct original proto-dst != 1 ct original proto-dst != 3-4',
    ],
    [
      v4({ protocol: 'tcp', sourcePorts: ports([7, 7]), destinationPorts: ports([9, [5, 6], [6, 8], 11]) }),
      'meta l4proto tcp tcp sport 7 tcp dport { 5-9, 11 }',
    ],
    [v6({ protocol: 'icmpv6', icmp: { type: 1, code: 4 } }), 'meta l4proto ipv6-icmp icmpv6 type 1 icmpv6 code 4'],
    [v4({ protocol: 47 }), 'meta l4proto 47'],
    [v4({ states: ['ESTABLISHED', 'UNTRACKED'] }), 'ct state established,untracked'],
    [v4({ mark: { value: 0x10, mask: 0xf0, negated: true } }), 'meta mark & 0xf0 != 0x10'],
    [v4({ destinationIsLocal: true }), 'fib daddr type local'],
    [v4({ protocol: 'tcp', tcpSyn: true }), 'meta l4proto tcp tcp flags & (syn | rst) == syn'],
    [v4({ limit: { packets: 3, per: 'hour', burst: 9, perSource: false } }), 'limit rate 3/hour burst 9 packets'],
    [
      v6({ limit: { packets: 3, per: 'hour', burst: 9, perSource: true }, states: ['NEW'] }),
      `ct state new update @limit6_${id} { ip6 saddr limit rate 3/hour burst 9 packets }`,
    ],
  ])('%#: %s', (printed, expected) => {
    expect(printed).toBe(expected)
  })

  test('a source is remembered until its allowance is full again, and for a minute at least', () => {
    expect(limitMemorySeconds({ packets: 10, per: 'second', burst: 5, perSource: true })).toBe(60)
    expect(limitMemorySeconds({ packets: 2, per: 'hour', burst: 5, perSource: true })).toBe(9_000)
  })
})

describe('an action in the words of nft', () => {
  test.each<readonly [PacketAction, FilterTable, 'v4' | 'v6', string]>([
    [{ kind: 'reject', with: 'port-unreachable' }, 'filter', 'v4', 'reject with icmp port-unreachable'],
    [{ kind: 'reject', with: 'admin-prohibited' }, 'filter', 'v6', 'reject with icmpv6 admin-prohibited'],
    [{ kind: 'reject', with: 'tcp-reset' }, 'filter', 'v6', 'reject with tcp reset'],
    [{ kind: 'log', prefix: 'no: ', level: 'error' }, 'filter', 'v4', 'log prefix "no: " level err'],
    [{ kind: 'clampMss', to: 'pmtu' }, 'mangle', 'v4', 'tcp option maxseg size set rt mtu'],
    [{ kind: 'clampMss', to: 1360 }, 'mangle', 'v6', 'tcp option maxseg size set 1360'],
    [{ kind: 'dscp', value: 46 }, 'mangle', 'v6', 'ip6 dscp set 46'],
    [{ kind: 'mark', value: 0x10, mask: 0xf0 }, 'mangle', 'v4', 'meta mark set meta mark & 0xffffff0f | 0x10'],
    [{ kind: 'mark', value: 7, mask: 0xffff_ffff }, 'mangle', 'v4', 'meta mark set 0x7'],
    [{ kind: 'keepSource' }, 'nat', 'v6', 'snat ip6 to ip6 saddr'],
    [{ kind: 'jump', chain: 'FAIRLEAD-X' }, 'mangle', 'v6', 'jump mangle6_FAIRLEAD-X'],
  ])('%j', (action, table, family, expected) => {
    expect(printAction(action, table, family)).toBe(expected)
  })

  test.each<readonly [PacketAction, FilterTable]>([
    [{ kind: 'reject', with: 'tcp-reset' }, 'nat'],
    [{ kind: 'reject', with: 'tcp-reset' }, 'mangle'],
    [{ kind: 'masquerade' }, 'filter'],
    [{ kind: 'keepSource' }, 'mangle'],
    [{ kind: 'notrack' }, 'filter'],
    [{ kind: 'dscp', value: 1 }, 'filter'],
    [{ kind: 'clampMss', to: 1 }, 'filter'],
    [drop, 'nat'],
    [{ kind: 'log', prefix: 'costs $1', level: 'info' }, 'filter'],
  ])('%j has no place in %s', (action, table) => {
    const found = misplacedAction(programOf([chainOf('FAIRLEAD-X', table, [{ match: {}, action }])]))
    expect(found?.rule.action).toEqual(action)
  })

  test('nothing of a program with every action is misplaced', () => {
    expect(misplacedAction(everythingProgram())).toBeUndefined()
  })
})

describe('the table', () => {
  const lines = (text: string): readonly string[] => text.trimEnd().split('\n')

  test('takes the place of the one before, whether there is one or not', () => {
    expect(lines(printNftTable(programOf([anchor])).text).slice(0, 3)).toEqual([
      'table inet fairlead {}',
      'delete table inet fairlead',
      'table inet fairlead {',
    ])
  })

  test('is entered by each family at the place of its chain, with accept as policy', () => {
    const { text } = printNftTable(
      programOf([chainOf('FAIRLEAD-SERVICES', 'mangle', [{ action: drop }], { hook: 'PREROUTING' })]),
    )
    const at = lines(text).indexOf('chain hook_mangle_PREROUTING {')
    expect(lines(text).slice(at, at + 5)).toEqual([
      'chain hook_mangle_PREROUTING {',
      'type filter hook prerouting priority mangle - 10; policy accept;',
      'meta nfproto ipv4 jump mangle4_FAIRLEAD-SERVICES',
      'meta nfproto ipv6 jump mangle6_FAIRLEAD-SERVICES',
      '}',
    ])
  })

  test('translates addresses, were it of nothing, so that live translations do not end with the last rule', () => {
    expect(printNftTable(programOf([anchor])).text).toContain(
      'chain hook_nat_POSTROUTING {\ntype nat hook postrouting priority srcnat - 10; policy accept;\n}',
    )
  })

  test('each line of a rule is known by its number, and bears its id and nothing else', () => {
    const program = everythingProgram()
    const { text, rules } = printNftTable(program)
    const all = [...program.v4.chains, ...program.v6.chains].flatMap((chain) => chain.rules)
    expect([...rules.values()]).toEqual(all)
    for (const [number, rule] of rules) {
      expect(lines(text)[number - 1]).toMatch(new RegExp(` comment "fairlead:${rule.id}"$`))
    }
  })

  test('a hook that its table does not have is our mistake', () => {
    const wrong = programOf([chainOf('FAIRLEAD-X', 'filter', [], { hook: 'PREROUTING' })])
    expect(() => printNftTable(wrong)).toThrow('table filter has no hook PREROUTING')
  })

  test('a character that could end a line never gets into it', () => {
    const wrong = programOf([
      chainOf('FAIRLEAD-X', 'filter', [{ action: { kind: 'log', prefix: 'x"\nflush ruleset\n#', level: 'info' } }]),
    ])
    expect(() => printNftTable(wrong)).toThrow('holds a character that no nft rule may have')
  })

  test('sets are filled anew in place, an empty one by being emptied', () => {
    const [set] = setProgram(['192.0.2.0/24', '198.51.100.0/24']).v4.sets
    if (set === undefined) throw new Error('no set')
    expect(printSetChange([set, { ...set, members: [] }])).toBe(
      'flush set inet fairlead FAIRLEAD4-BLOCKED\n' +
        'add element inet fairlead FAIRLEAD4-BLOCKED { 192.0.2.0/24, 198.51.100.0/24 }\n' +
        'flush set inet fairlead FAIRLEAD4-BLOCKED\n',
    )
  })
})

describe('names', () => {
  test('of chains lead back to what they stand for', () => {
    expect(readChainName(ownChainName('mangle', 'v6', 'FAIRLEAD-X-2'))).toEqual({
      kind: 'own',
      table: 'mangle',
      family: 'v6',
      name: 'FAIRLEAD-X-2',
    })
    expect(readChainName(baseChainName('nat', 'POSTROUTING'))).toEqual({
      kind: 'base',
      table: 'nat',
      hook: 'POSTROUTING',
    })
  })

  test.each(['input', 'hook_other_INPUT', 'other4_FAIRLEAD-X', ''])('%j is none of ours', (name) => {
    expect(readChainName(name)).toBeUndefined()
  })
})
