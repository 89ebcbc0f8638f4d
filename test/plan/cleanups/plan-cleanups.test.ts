import { describe, expect, test } from 'vitest'
import type { CleanupKind } from '../../../src/domain/cleanup.ts'
import type { Leftovers } from '../../../src/domain/leftovers.ts'
import { artefactOf, chainsOf, leftoversOf, planOf, recording, tablesOf } from './sample-leftovers.ts'

const recorded = tablesOf(recording('iptables-save-policy-disabled.txt'))
const setNames = [
  'KUBE-DST-WTMWGDBTH27LNUZX',
  'KUBE-SRC-WTMWGDBTH27LNUZX',
  'KUBE-CLUSTER-IP',
  'inet6:KUBE-SRC-A',
  'blocked',
]
const policyOff = ['server', '--disable-network-policy=true']
const afterPolicy = leftoversOf({
  tables: recorded,
  sets: setNames.map((name) => ({ name, type: 'hash:ip' })),
  k3sArguments: policyOff,
})

describe('network policy rules of a K3s 1.21 that was restarted with --disable-network-policy', () => {
  test('go with their jumps and their sets, and nothing else does', () => {
    const plan = planOf('network-policy', afterPolicy)
    expect(chainsOf(plan)).toMatchObject([
      {
        table: 'filter',
        chains: ['KUBE-NWPLCY-DCTI6PKUD35IYWK2', 'KUBE-ROUTER-FORWARD', 'KUBE-ROUTER-INPUT', 'KUBE-ROUTER-OUTPUT'],
        rules: [
          ['INPUT', '-m', 'comment', '--comment', 'kube-router netpol - 4IA2OSFRMVNDXBVV', '-j', 'KUBE-ROUTER-INPUT'],
          [
            'FORWARD',
            '-m',
            'comment',
            '--comment',
            'kube-router netpol - TEMCG2JMHZYE7H7T',
            '-j',
            'KUBE-ROUTER-FORWARD',
          ],
          ['OUTPUT', '-m', 'comment', '--comment', 'kube-router netpol - VEAAIY32XVBHCSCY', '-j', 'KUBE-ROUTER-OUTPUT'],
        ],
        widensAccess: true,
      },
    ])
    expect(plan.removals.find(({ kind }) => kind === 'sets')).toMatchObject({
      names: ['KUBE-DST-WTMWGDBTH27LNUZX', 'KUBE-SRC-WTMWGDBTH27LNUZX', 'inet6:KUBE-SRC-A'],
    })
  })

  const acceptance = 'KUBE-ROUTER rule to explicitly ACCEPT traffic that comply to network policies'
  const accepts = (mark: string, target: string, comment = acceptance): Leftovers =>
    leftoversOf({
      k3sArguments: policyOff,
      tables: tablesOf(
        `*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m comment --comment "${comment}" -m mark --mark ${mark} -j ${target}\nCOMMIT\n`,
      ),
    })

  test.each([
    { name: 'its accept in a built-in chain', leftovers: accepts('0x20000/0x20000', 'ACCEPT'), goes: 1 },
    { name: 'the same with another mark', leftovers: accepts('0x10000/0x10000', 'ACCEPT'), goes: 0 },
    { name: 'the same with another target', leftovers: accepts('0x20000/0x20000', 'DROP'), goes: 0 },
    {
      name: 'a comment that only holds the words',
      leftovers: accepts('0x20000/0x20000', 'ACCEPT', `not ${acceptance}`),
      goes: 0,
    },
  ])('of rules in chains of others: $name', ({ leftovers, goes }) => {
    expect(chainsOf(planOf('network-policy', leftovers)).flatMap(({ rules }) => rules)).toHaveLength(goes)
  })

  test('a user rule that only mentions KUBE-ROUTER stays', () => {
    const text =
      '*filter\n:INPUT ACCEPT [0:0]\n:MY-KUBE-ROUTER-X - [0:0]\n-A INPUT -m comment --comment "before KUBE-ROUTER-INPUT" -j ACCEPT\nCOMMIT\n'
    expect(planOf('network-policy', leftoversOf({ k3sArguments: policyOff, tables: tablesOf(text) })).removals).toEqual(
      [],
    )
  })

  test.each([
    ['K3s runs without the flag', { k3sArguments: ['server'] }, /^still-active: .*--disable-network-policy/],
    ['the flag is off', { k3sArguments: ['server', '--disable-network-policy=false'] }, /^still-active/],
    ['kube-router runs', { programs: ['kube-router'] }, /^still-active: kube-router/],
    ['nobody knows what K3s was started with', { k3sArguments: undefined }, /^unknown/],
    ['it is an agent', { k3sArguments: ['agent', '--node-ip=10.0.0.1'] }, /^unknown: this is an agent/],
  ] as const)('stay, with the reason, while %s', (_, changes, reason) => {
    const plan = planOf('network-policy', { ...afterPolicy, ...changes })
    expect(plan.removals).toEqual([])
    expect(plan.kept.map((kept) => kept.reason)).toEqual([expect.stringMatching(reason), expect.stringMatching(reason)])
  })

  test('a word given for an unknown setting counts, and not against what is seen', () => {
    const vouched = new Set<CleanupKind>(['network-policy'])
    const agent = { ...afterPolicy, k3sArguments: ['agent'] }
    expect(planOf('network-policy', agent, { vouched }).removals).toHaveLength(2)
    expect(planOf('network-policy', { ...afterPolicy, k3sArguments: ['server'] }, { vouched }).removals).toEqual([])
  })

  test('stay until a yes, because what they blocked may flow afterwards', () => {
    const plan = planOf('network-policy', afterPolicy, { allowWidening: false })
    expect(plan.removals).toEqual([])
    expect(plan.kept[0]?.reason).toMatch(/^needs a yes/)
  })

  test.each([undefined, 0, 59_999])('stay while they have been silent for %s ms only', (silence) => {
    expect(planOf('network-policy', afterPolicy, { silentForMs: () => silence }).removals).toEqual([])
  })

  test('a table that iptables cannot show is told of and left alone', () => {
    const tables = [{ backend: 'nft' as const, family: 'v4' as const, tables: [], incompatible: ['filter'] }]
    const plan = planOf('network-policy', leftoversOf({ tables, k3sArguments: policyOff }))
    expect(plan).toMatchObject({ removals: [], kept: [{ what: 'table filter (nft, v4)' }] })
  })
})

test('what is not there needs no reason to stay', () => {
  const kinds: CleanupKind[] = [
    'network-policy',
    'vxlan-devices',
    'flannel',
    'calico',
    'cilium',
    'kube-proxy',
    'servicelb',
  ]
  for (const kind of kinds) expect(planOf(artefactOf(kind), leftoversOf())).toEqual({ removals: [], kept: [] })
})
