import { describe, expect, test } from 'vitest'
import type { FailsafeFlow, Plane } from '../../../src/domain/network-program.ts'
import type { FilterProgram } from '../../../src/domain/packet-filter.ts'
import type { SavedTables } from '../../../src/domain/saved-tables.ts'
import type { GuardResult } from '../../../src/plan/packet-path/guard-findings.ts'
import { guardProgram } from '../../../src/plan/packet-path/guard-program.ts'
import {
  accept,
  chainOf,
  drop,
  familyOf,
  network,
  ports,
  programOf,
  type RuleDraft,
  setMatch,
  typicalProgram,
} from '../../lab/filter-programs.ts'
import { noTables, recordedTables, serverRoutes, tablesOf } from './recorded-node.ts'

const ssh: FailsafeFlow = {
  name: 'ssh',
  direction: 'input',
  family: 4,
  protocol: 'tcp',
  peers: ['192.168.0.0/16'],
  port: 22,
}
const api: FailsafeFlow = {
  name: 'kubernetes-api',
  direction: 'input',
  family: 4,
  protocol: 'tcp',
  peers: [],
  port: 6443,
}
const dns: FailsafeFlow = {
  name: 'dns',
  direction: 'output',
  family: 4,
  protocol: 'udp',
  peers: ['9.9.9.9/32'],
  port: 53,
}

function guard(
  program: FilterProgram,
  {
    flows = [ssh, api, dns],
    tables = noTables,
    plane = 'iptables' as Plane,
  }: { flows?: readonly FailsafeFlow[]; tables?: SavedTables; plane?: Plane } = {},
): GuardResult {
  return guardProgram({ program, failsafe: { flows }, plane, tables, hostRoutes: serverRoutes })
}

const v4Input = (drafts: readonly RuleDraft[]): FilterProgram => ({
  v4: familyOf([chainOf('FAIRLEAD-INPUT', 'mangle', drafts, { hook: 'INPUT' })]),
  v6: familyOf([]),
})

const short = ({ refusals }: GuardResult): readonly string[] =>
  refusals.map(({ code, flow, packet, origin }) =>
    [code, flow?.name, packet?.from, origin?.kind === 'document' ? origin.path : '-'].filter(Boolean).join(' '),
  )

describe('what our own rules would drop', () => {
  test('a program that drops nothing of them passes, on the recorded server as well', () => {
    expect(guard(typicalProgram(), { tables: recordedTables() })).toEqual({
      refusals: [],
      warnings: [],
      incomplete: [],
    })
  })

  test('a deny of one address inside a peer network is found, and named by its document', () => {
    const found = guard(v4Input([{ match: { source: network('192.168.77.5/32') }, action: drop }]), { flows: [ssh] })
    expect(short(found)).toContain('FAILSAFE_DROPPED ssh 192.168.77.5 spec.firewall.test[0]')
    expect(short(found)).toContain('FAILSAFE_DROPPED established 192.168.77.5 spec.firewall.test[0]')
  })

  test('a deny beside every peer is none', () => {
    const program = v4Input([
      {
        match: { protocol: 'tcp', destinationPorts: ports(22), source: network('192.168.0.0/16', true) },
        action: drop,
      },
    ])
    const flows = [ssh]
    expect(short(guard(program, { flows })).filter((line) => !line.includes('established'))).toEqual([])
  })

  test('the members of a set are looked at one by one', () => {
    const program: FilterProgram = {
      v4: familyOf(
        [
          chainOf(
            'FAIRLEAD-INPUT',
            'filter',
            [
              {
                match: { source: setMatch('FAIRLEAD4-A'), protocol: 'tcp', destinationPorts: ports(22) },
                action: drop,
              },
            ],
            { hook: 'INPUT' },
          ),
        ],
        [{ name: 'FAIRLEAD4-A', family: 4, members: ['10.0.0.0/8', '192.168.3.4/32'] }],
      ),
      v6: familyOf([]),
    }
    expect(guard(program, { flows: [ssh] }).refusals[0]?.packet?.from).toBe('192.168.3.4')
  })

  test('a deny by source port or by interface is found', () => {
    for (const match of [
      { protocol: 'tcp', sourcePorts: ports(50_000) },
      { inInterface: { name: 'eth0', isPrefix: false, negated: false } },
    ] as const) {
      expect(guard(v4Input([{ match, action: drop }]), { flows: [ssh] }).refusals[0]?.flow?.name).toBe('ssh')
    }
  })

  test('what a node sends counts as well', () => {
    const program: FilterProgram = {
      v4: familyOf([
        chainOf(
          'FAIRLEAD-OUTPUT',
          'mangle',
          [{ match: { protocol: 'udp', destinationPorts: ports(53) }, action: drop }],
          { hook: 'OUTPUT' },
        ),
      ]),
      v6: familyOf([]),
    }
    expect(short(guard(program))).toEqual(['FAILSAFE_DROPPED dns 172.30.0.2 spec.firewall.test[0]'])
  })

  test('accepted in the first rules, all may be denied', () => {
    const safe: readonly RuleDraft[] = [
      { match: { protocol: 'tcp', destinationPorts: ports([22, 6443]) }, action: accept },
      { match: { protocol: 'icmp' }, action: accept },
      { match: { protocol: 'udp', destinationPorts: ports(68) }, action: accept },
      { match: { states: ['ESTABLISHED', 'RELATED'] }, action: accept },
    ]
    const found = guard(
      v4Input([...safe, { match: { protocol: 'tcp' }, action: drop }, { match: { protocol: 'udp' }, action: drop }]),
    )
    expect(short(found)).toEqual([])
  })

  test('a deny of everything without any failsafe before it is refused in each family', () => {
    const found = guard(programOf([chainOf('FAIRLEAD-INPUT', 'mangle', [{ action: drop }], { hook: 'INPUT' })]), {
      flows: [],
    })
    expect(found.refusals.filter(({ code }) => code === 'DENY_WITHOUT_FAILSAFE')).toHaveLength(2)
  })

  test('neighbour discovery is protected although no flow names it', () => {
    const program: FilterProgram = {
      v4: familyOf([]),
      v6: familyOf([
        chainOf('FAIRLEAD-INPUT', 'mangle', [{ match: { protocol: 'icmpv6' }, action: drop }], { hook: 'INPUT' }),
      ]),
    }
    const names = guard(program, { flows: [] }).refusals.map(({ flow }) => flow?.name)
    expect(names).toEqual(
      expect.arrayContaining([
        'icmpv6-neighbour-solicitation',
        'icmpv6-neighbour-advertisement',
        'icmpv6-packet-too-big',
      ]),
    )
  })

  test('a deny that a rate decides about is refused, as one that may drop', () => {
    const limit = { packets: 1, per: 'second', burst: 5, perSource: false } as const
    const program = v4Input([
      { match: { protocol: 'tcp', destinationPorts: ports(22), limit }, action: accept },
      { match: { protocol: 'tcp', destinationPorts: ports(22), states: ['NEW'] }, action: drop },
    ])
    expect(guard(program, { flows: [ssh] }).refusals[0]).toMatchObject({ code: 'FAILSAFE_DROPPED', isCertain: false })
  })
})

describe('what others drop', () => {
  const closed = tablesOf('*filter\n:INPUT DROP [0:0]\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\nCOMMIT\n')

  test('before and after alike is a warning', () => {
    const found = guard(typicalProgram(), { flows: [api], tables: closed, plane: 'nft' })
    expect(short(found)).toEqual([])
    expect(found.warnings[0]).toMatchObject({
      flow: { name: 'kubernetes-api' },
      chain: 'filter INPUT',
      rule: 'policy DROP',
    })
  })

  test('what only the combination drops is a refusal', () => {
    const untracked: FilterProgram = {
      v4: familyOf([
        chainOf(
          'FAIRLEAD-RAW',
          'raw',
          [{ match: { protocol: 'tcp', destinationPorts: ports(22) }, action: { kind: 'notrack' } }],
          { hook: 'PREROUTING' },
        ),
      ]),
      v6: familyOf([]),
    }
    const tables = tablesOf(
      '*filter\n:INPUT DROP [0:0]\n-A INPUT -m conntrack --ctstate NEW,ESTABLISHED,RELATED -j ACCEPT\nCOMMIT\n',
    )
    expect(short(guard(untracked, { flows: [ssh], tables }))).toEqual(['FAILSAFE_FLIPPED ssh 192.168.0.0 -'])
  })
})

test('no program takes nothing from anybody', () => {
  expect(
    guardProgram({
      program: undefined,
      failsafe: { flows: [ssh] },
      plane: 'nft',
      tables: noTables,
      hostRoutes: serverRoutes,
    }),
  ).toEqual({
    refusals: [],
    warnings: [],
    incomplete: [],
  })
})

test('a program with more different packets than can be tried says which flows were not tried whole', () => {
  const rules: readonly RuleDraft[] = Array.from({ length: 2500 }, (_, index) => ({
    match: { source: network(`10.${index >> 8}.${index & 255}.1/32`), protocol: 'tcp', destinationPorts: ports(22) },
    action: accept,
  }))
  const found = guard(v4Input(rules), { flows: [{ ...ssh, peers: [] }] })
  expect(found.refusals).toEqual([])
  expect(found.incomplete).toEqual(['ssh'])
})

test('a node without addresses cannot be judged, and that is said of every flow', () => {
  const hostRoutes = { ...serverRoutes, links: [] }
  const failsafe = { flows: [ssh] }
  const found = guardProgram({ program: typicalProgram(), failsafe, plane: 'iptables', tables: noTables, hostRoutes })
  expect(found.incomplete).toEqual(expect.arrayContaining(['ssh', 'established', 'dhcp']))
})
