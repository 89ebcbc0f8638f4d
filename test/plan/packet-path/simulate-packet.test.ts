import { describe, expect, test } from 'vitest'
import type { Plane } from '../../../src/domain/network-program.ts'
import type { FilterProgram } from '../../../src/domain/packet-filter.ts'
import type { SavedTables } from '../../../src/domain/saved-tables.ts'
import { prepareRouting } from '../../../src/plan/packet-path/node-routing.ts'
import type { Packet } from '../../../src/plan/packet-path/packet.ts'
import { compileRuleset } from '../../../src/plan/packet-path/ruleset.ts'
import { addressText, type Simulation, simulatePacket } from '../../../src/plan/packet-path/simulate-packet.ts'
import { accept, chainOf, drop, network, ports, programOf, typicalProgram } from '../../lab/filter-programs.ts'
import { noTables, recordedTables, serverRoutes, tablesOf } from './recorded-node.ts'

const client: Packet = {
  family: 4,
  from: '192.168.7.9',
  to: '172.30.0.2',
  protocol: 'tcp',
  sourcePort: 40_000,
  destinationPort: 22,
  inInterface: 'eth0',
  state: 'NEW',
}

function simulate(
  packet: Packet,
  {
    program,
    tables = noTables,
    plane = 'iptables',
  }: { program?: FilterProgram; tables?: SavedTables; plane?: Plane } = {},
): Simulation {
  const routing = prepareRouting(serverRoutes)
  return simulatePacket(compileRuleset({ program, tables, plane, routing }, packet.family), routing, packet)
}

/** `accepted delivered`, `dropped filter INPUT`, `uncertain`. */
function shortVerdict({ verdict }: Simulation): string {
  if (verdict.kind === 'accepted') return `accepted ${verdict.way}`
  if (verdict.kind === 'uncertain') {
    return `uncertain ${verdict.possible.map(({ outcome, chain }) => `${outcome} ${chain}`).join(', ')}`
  }
  return `${verdict.kind} ${verdict.by.table ?? 'routing'} ${verdict.by.chain ?? ''}`.trimEnd()
}

const tables = recordedTables()

describe('on the recorded server', () => {
  const cases: readonly [string, Partial<Packet>, string][] = [
    ['ssh reaches the node', {}, 'accepted delivered'],
    [
      'the ClusterIP of the API is translated to the node itself',
      { to: '10.43.0.1', destinationPort: 443 },
      'accepted delivered',
    ],
    [
      'a Service without endpoints is rejected on the way',
      { to: '10.43.57.97', destinationPort: 443 },
      'rejected filter KUBE-SERVICES',
    ],
    [
      'a NodePort without endpoints is rejected on the node',
      { destinationPort: 30_081 },
      'rejected filter KUBE-EXTERNAL-SERVICES',
    ],
    ['a packet that kube-proxy marked for dropping is dropped', { mark: 0x8000 }, 'dropped filter KUBE-FIREWALL'],
    [
      'the pods of another node are reached through the overlay',
      { to: '10.42.1.7', destinationPort: 80 },
      'accepted forwarded',
    ],
    ['loopback addresses from outside are dropped', { to: '127.0.0.1' }, 'dropped filter KUBE-FIREWALL'],
    [
      'what belongs to no connection is not forwarded',
      { to: '10.42.1.7', state: 'INVALID' },
      'dropped filter KUBE-FORWARD',
    ],
  ]
  for (const [name, change, expected] of cases) {
    test(name, () => {
      expect(shortVerdict(simulate({ ...client, ...change }, { tables }))).toBe(expected)
    })
  }

  test('a Service packet is marked for masquerading, and leaves with the address of the node', () => {
    const { packet, steps } = simulate({ ...client, to: '10.43.0.1', destinationPort: 443 }, { tables })
    expect(addressText(packet, 'to')).toBe('172.30.0.2')
    expect(packet.values.destinationPort).toBe(6443n)
    expect(packet.mark).toBe(0x4000)
    expect(steps.map(({ chain }) => chain)).toContain('KUBE-SEP-4OCHKLSQSO5FBXFV')
  })

  test('a pod that talks to the internet is masqueraded by flannel', () => {
    const out = simulate({ ...client, from: '10.42.0.7', to: '1.1.1.1', inInterface: 'cni0' }, { tables })
    expect(shortVerdict(out)).toBe('accepted forwarded')
    expect(addressText(out.packet, 'from')).toBe('172.30.0.2')
  })

  test('what the node sends to the ClusterIP of the API comes back to it by lo', () => {
    const { inInterface: _, ...own } = client
    const sent = simulate({ ...own, from: '172.30.0.2', to: '10.43.0.1', destinationPort: 443 }, { tables })
    expect(shortVerdict(sent)).toBe('accepted delivered')
    expect(sent.packet.values.destinationPort).toBe(6443n)
  })
})

const kubeProxy = `*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-SVC-WEB - [0:0]
:KUBE-SEP-1 - [0:0]
:KUBE-SEP-2 - [0:0]
:CNI-HOSTPORT-DNAT - [0:0]
:CNI-DN-1 - [0:0]
-A PREROUTING -j KUBE-SERVICES
-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-NODEPORTS -p tcp -m tcp --dport 30080 -j KUBE-SVC-WEB
-A KUBE-SVC-WEB -j KUBE-MARK-MASQ
-A KUBE-SVC-WEB -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-1
-A KUBE-SVC-WEB -j KUBE-SEP-2
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-SEP-1 -p tcp -m tcp -j DNAT --to-destination 10.42.1.7:8080
-A KUBE-SEP-2 -p tcp -m tcp -j DNAT --to-destination 10.42.1.8:8080
-A CNI-HOSTPORT-DNAT -p tcp -m multiport --dports 80,443 -j CNI-DN-1
-A CNI-DN-1 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.42.0.9:8000
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:POD-FW - [0:0]
-A FORWARD -d 10.42.1.7/32 -j POD-FW
-A FORWARD -d 10.42.0.0/16 -j ACCEPT
-A POD-FW -m set --match-set ALLOWED src -j RETURN
-A POD-FW -m mark ! --mark 0x10000/0x10000 -j DROP
COMMIT
`

describe('Services and policies', () => {
  const allowed = tablesOf(kubeProxy, new Map([['ALLOWED', ['192.168.7.0/24']]]))
  const nodePort = { ...client, destinationPort: 30_080 }

  test('a NodePort leads to the first endpoint, and says so', () => {
    const found = simulate(nodePort, { tables: allowed })
    expect(shortVerdict(found)).toBe('accepted forwarded')
    expect([addressText(found.packet, 'to'), found.packet.values.destinationPort]).toEqual(['10.42.1.7', 8080n])
    expect(found.notes).toContain('one of several endpoints is chosen at random; the first one is followed')
  })

  test('a hostPort leads to its pod', () => {
    const found = simulate({ ...client, destinationPort: 80 }, { tables: allowed })
    expect([addressText(found.packet, 'to'), found.packet.values.destinationPort]).toEqual(['10.42.0.9', 8000n])
  })

  test('a network policy drops who is not in its set', () => {
    const other = simulate({ ...nodePort, from: '192.168.8.9' }, { tables: allowed })
    expect(shortVerdict(other)).toBe('dropped filter POD-FW')
  })

  test('a set whose members are not known leaves it open', () => {
    expect(shortVerdict(simulate(nodePort, { tables: tablesOf(kubeProxy) }))).toBe('uncertain dropped POD-FW')
  })

  test('what nobody accepts is dropped by the policy of the chain', () => {
    expect(shortVerdict(simulate({ ...client, to: '8.8.8.8' }, { tables: allowed }))).toBe('dropped filter FORWARD')
  })

  test('a deny before translation stops a NodePort, one in INPUT does not', () => {
    const denying = (table: 'filter' | 'mangle', hook: 'INPUT' | 'PREROUTING') =>
      programOf([
        chainOf('FAIRLEAD-X', table, [{ match: { protocol: 'tcp', destinationPorts: ports(30_080) }, action: drop }], {
          hook,
        }),
      ])
    const verdictWith = (program: FilterProgram) => shortVerdict(simulate(nodePort, { program, tables: allowed }))
    expect(verdictWith(denying('filter', 'INPUT'))).toBe('accepted forwarded')
    expect(verdictWith(denying('mangle', 'PREROUTING'))).toBe('dropped mangle FAIRLEAD-X')
  })
})

describe('our own program', () => {
  const cases: readonly [string, Partial<Packet>, string][] = [
    ['ssh is accepted', {}, 'accepted delivered'],
    ['a denied port is dropped', { destinationPort: 9999 }, 'dropped filter FAIRLEAD-INPUT'],
    ['an established connection to it goes on', { destinationPort: 9999, state: 'ESTABLISHED' }, 'accepted delivered'],
    ['a NodePort is dropped before its translation', { destinationPort: 30_080 }, 'dropped mangle FAIRLEAD-SERVICES'],
    ['the same port of a pod is not', { destinationPort: 30_080, to: '10.42.1.7' }, 'accepted forwarded'],
  ]
  for (const plane of ['iptables', 'nft'] as const) {
    for (const [name, change, expected] of cases) {
      test(`${name} (${plane})`, () => {
        const found = simulate({ ...client, ...change }, { program: typicalProgram(), plane, tables })
        expect(shortVerdict(found)).toBe(expected)
      })
    }
  }

  const dropping = tablesOf('*filter\n:INPUT DROP [0:0]\nCOMMIT\n')
  test('accepting in iptables ends the table, accepting in a table of our own does not', () => {
    const program = programOf([chainOf('FAIRLEAD-X', 'filter', [{ action: accept }], { hook: 'INPUT' })])
    expect(shortVerdict(simulate(client, { program, tables: dropping }))).toBe('accepted delivered')
    expect(shortVerdict(simulate(client, { program, tables: dropping, plane: 'nft' }))).toBe('dropped filter INPUT')
  })

  test('what is loaded of ours counts for nothing: the program stands in its place', () => {
    const loaded = tablesOf(
      '*filter\n:INPUT ACCEPT [0:0]\n:FAIRLEAD-OLD - [0:0]\n-A INPUT -m comment --comment "fairlead:a" -j FAIRLEAD-OLD\n-A FAIRLEAD-OLD -j DROP\nCOMMIT\n',
    )
    expect(shortVerdict(simulate(client, { tables: loaded }))).toBe('accepted delivered')
  })

  test('an exemption keeps the source only where the packet is not marked for masquerading', () => {
    const program = programOf([
      chainOf(
        'FAIRLEAD-POSTROUTING',
        'nat',
        [
          {
            match: { source: network('10.42.0.0/16'), mark: { value: 0x4000, mask: 0x4000, negated: true } },
            action: { kind: 'keepSource' },
          },
        ],
        { hook: 'POSTROUTING' },
      ),
    ])
    for (const plane of ['iptables', 'nft'] as const) {
      const from = (mark: number) =>
        addressText(
          simulate(
            { ...client, from: '10.42.0.7', to: '1.1.1.1', inInterface: 'cni0', mark },
            { program, tables, plane },
          ).packet,
          'from',
        )
      expect([from(0), from(0x4000)]).toEqual(['10.42.0.7', '172.30.0.2'])
    }
  })

  test('a rate leaves it open whether the rule matches', () => {
    const program = programOf([
      chainOf(
        'FAIRLEAD-X',
        'filter',
        [
          { match: { limit: { packets: 1, per: 'second', burst: 5, perSource: false } }, action: accept },
          { action: drop },
        ],
        { hook: 'INPUT' },
      ),
    ])
    expect(shortVerdict(simulate(client, { program }))).toBe('uncertain dropped FAIRLEAD-X')
  })
})

describe('three answers', () => {
  const verdictOf = (rules: string) =>
    shortVerdict(
      simulate(client, { tables: tablesOf(`*filter\n:INPUT ACCEPT [0:0]\n:A - [0:0]\n:B - [0:0]\n${rules}COMMIT\n`) }),
    )
  const cases: readonly [string, string, string][] = [
    ['a drop that may match', '-A INPUT -m recent --rcheck -j DROP\n', 'uncertain dropped INPUT'],
    [
      'a drop that may match, and one that does',
      '-A INPUT -m recent --rcheck -j DROP\n-A INPUT -j REJECT\n',
      'rejected filter INPUT',
    ],
    [
      'an accept that may match before a drop',
      '-A INPUT -m recent --rcheck -j ACCEPT\n-A INPUT -j DROP\n',
      'uncertain dropped INPUT',
    ],
    [
      'a chain that may be entered and drops',
      '-A INPUT -m recent --rcheck -j A\n-A A -j DROP\n',
      'uncertain dropped A',
    ],
    [
      'a chain that may be left before it drops',
      '-A INPUT -j A\n-A A -m recent --rcheck -j RETURN\n-A A -j DROP\n',
      'uncertain dropped A',
    ],
    ['a return that surely comes first', '-A INPUT -j A\n-A A -j RETURN\n-A A -j DROP\n', 'accepted delivered'],
    ['goto does not come back', '-A INPUT -j A\n-A INPUT -j DROP\n-A A -g B\n-A A -j ACCEPT\n', 'dropped filter INPUT'],
    [
      'a mark that may be set',
      '-A INPUT -m recent --rcheck -j MARK --set-xmark 0x1/0x1\n-A INPUT -m mark --mark 0x1/0x1 -j DROP\n',
      'uncertain dropped INPUT',
    ],
    ['a target that nobody knows', '-A INPUT -j WONDER --much\n', 'uncertain dropped INPUT'],
    [
      'a match that nobody knows beside one that fails',
      '-A INPUT -p udp -m wonder --much -j DROP\n',
      'accepted delivered',
    ],
    ['chains that call each other', '-A INPUT -j A\n-A A -j B\n-A B -j A\n', 'accepted delivered'],
    ['text that looks like options', '-A INPUT -m comment --comment "-j DROP" -j ACCEPT\n', 'accepted delivered'],
  ]
  for (const [name, rules, expected] of cases) {
    test(name, () => {
      expect(verdictOf(rules)).toBe(expected)
    })
  }
})
