import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { printChains, programPayload } from '../../../src/adapters/iptables/program-payload.ts'
import { printNftTable } from '../../../src/adapters/nft/nft-text.ts'
import type { HostRoutes } from '../../../src/domain/host-routes.ts'
import type { FilterProgram, FilterTable, Hook, PacketMatch } from '../../../src/domain/packet-filter.ts'
import { prepareRouting } from '../../../src/plan/packet-path/node-routing.ts'
import { compileRuleset } from '../../../src/plan/packet-path/ruleset.ts'
import { simulatePacket } from '../../../src/plan/packet-path/simulate-packet.ts'
import { chainOf, familyOf, network, ports, type RuleDraft, setMatch } from '../../lab/filter-programs.ts'
import { type Namespace, newNamespace, whyNoNamespaces } from '../../netns/namespace.ts'
import { link, route, tablesOf } from './recorded-node.ts'
import { type SentPacket, sendPackets } from './send-packets.ts'

const why = await whyNoNamespaces([
  'ip',
  'iptables-nft-restore',
  'iptables-legacy-restore',
  'nft',
  'ipset',
  'conntrack',
])

const clients = ['10.9.0.11', '10.9.0.12', '10.9.0.77']
const destinations = ['10.9.0.1', '10.9.0.2', '10.42.0.7', '10.42.0.8']
const interestingPorts = [22, 53, 80, 443, 30_080, 30_081]
const sets = new Map([['ALLOWED', ['10.9.0.8/29', '10.42.0.7/32']]])

const node: HostRoutes = {
  links: [link('lo', ['127.0.0.1/8']), link('eth0', ['10.9.0.1/24', '10.9.0.2/24']), link('pod0', ['10.42.0.1/24'])],
  rules: [],
  routes: [route('10.9.0.0/24', { dev: 'eth0' }), route('10.42.0.0/24', { dev: 'pod0' })],
}

const address = fc
  .constantFrom(...clients, '10.9.0.0/28', '10.9.0.64/26', '10.42.0.0/24', ...destinations)
  .map((text) => (text.includes('/') ? text : `${text}/32`))
const port = fc.constantFrom(...interestingPorts)
const portRange = fc.tuple(port, fc.boolean()).map(([first, wide]) => (wide ? ([first, first + 400] as const) : first))

/** Every match of ours that a first packet over tcp or udp can tell apart. */
const match: fc.Arbitrary<PacketMatch> = fc
  .record(
    {
      source: fc.oneof(
        fc.tuple(address, fc.boolean()).map(([cidr, negated]) => network(cidr, negated)),
        fc.boolean().map((negated) => setMatch('FAIRLEAD4-A', negated)),
      ),
      destination: fc.tuple(address, fc.boolean()).map(([cidr, negated]) => network(cidr, negated)),
      inInterface: fc.record({
        name: fc.constantFrom('eth', 'pod'),
        isPrefix: fc.constant(true),
        negated: fc.boolean(),
      }),
      protocol: fc.constantFrom('tcp' as const, 'udp' as const),
      destinationPorts: fc
        .tuple(fc.array(portRange, { minLength: 1, maxLength: 3 }), fc.boolean())
        .map(([list, negated]) => ports(list, negated)),
      originalDestinationPorts: port.map((one) => ports(one)),
      states: fc.constantFrom(['NEW'] as const, ['ESTABLISHED', 'RELATED'] as const, ['NEW', 'UNTRACKED'] as const),
      mark: fc.record({ value: fc.constantFrom(0x10, 0x20), mask: fc.constant(0xf0), negated: fc.boolean() }),
      destinationIsLocal: fc.constant(true as const),
    },
    { requiredKeys: [] },
  )
  .map(({ protocol, ...rest }) => {
    const { destinationPorts, originalDestinationPorts, ...plain } = rest
    return protocol === undefined
      ? plain
      : {
          ...plain,
          protocol,
          ...(destinationPorts === undefined ? {} : { destinationPorts }),
          ...(originalDestinationPorts === undefined ? {} : { originalDestinationPorts }),
        }
  })

function rulesFor(table: FilterTable): fc.Arbitrary<readonly RuleDraft[]> {
  const common = ['accept', 'drop', 'return'] as const
  const actions = [
    ...common.map((kind) => ({ kind })),
    ...(table === 'filter' ? [{ kind: 'reject' as const, with: 'port-unreachable' as const }] : []),
    ...(table === 'mangle' ? [{ kind: 'mark' as const, value: 0x10, mask: 0xf0 }] : []),
    ...(table === 'raw' ? [{ kind: 'notrack' as const }] : []),
  ]
  return fc.array(fc.record({ match, action: fc.constantFrom(...actions) }), { minLength: 1, maxLength: 6 })
}

const places: readonly (readonly [string, FilterTable, Hook])[] = [
  ['FAIRLEAD-RAW', 'raw', 'PREROUTING'],
  ['FAIRLEAD-SERVICES', 'mangle', 'PREROUTING'],
  ['FAIRLEAD-INPUT', 'mangle', 'INPUT'],
  ['FAIRLEAD-INPUT', 'filter', 'INPUT'],
  ['FAIRLEAD-FORWARD', 'filter', 'FORWARD'],
]

const program: fc.Arbitrary<FilterProgram> = fc.tuple(...places.map(([, table]) => rulesFor(table))).map((drafts) => ({
  v4: familyOf(
    places.map(([name, table, hook], index) =>
      chainOf(name, table, (drafts[index] ?? []).filter(isPlaced(hook)), { hook }),
    ),
    [{ name: 'FAIRLEAD4-A', family: 4, members: ['10.9.0.12/32', '10.9.0.64/26'] }],
  ),
  v6: familyOf([]),
}))

/** Before conntrack there are no states and no original ports. */
function isPlaced(hook: Hook): (draft: RuleDraft) => boolean {
  return ({ match: one }) =>
    hook !== 'PREROUTING' || (one?.states === undefined && one?.originalDestinationPorts === undefined)
}

/** What others may have loaded: translations, marks, sets, jumps, gotos and policies. */
const foreign = fc
  .record({
    policy: fc.constantFrom('ACCEPT', 'DROP'),
    allowed: fc.constantFrom(
      '-s 10.9.0.8/29',
      '! -s 10.9.0.12/32',
      '-m set --match-set ALLOWED src',
      '-i eth+ -m state --state NEW',
    ),
    port: fc.constantFrom(
      '-p tcp -m multiport --dports 22,80:90',
      '-p udp -m udp ! --dport 53',
      '-m mark --mark 0x10/0xf0',
    ),
    verdict: fc.constantFrom('ACCEPT', 'DROP', 'RETURN', 'REJECT --reject-with icmp-port-unreachable'),
    jump: fc.constantFrom('-j', '-g'),
    translated: port,
  })
  .map(
    ({ policy, allowed, port: wanted, verdict, jump, translated }) => `*mangle
:PREROUTING ACCEPT [0:0]
-A PREROUTING ${allowed} -j MARK --set-xmark 0x20/0xf0
-A PREROUTING -m mark --mark 0x20/0x20 -j CONNMARK --save-mark --nfmask 0xf0 --ctmask 0xf0
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:SERVICES - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j SERVICES
-A SERVICES -p tcp -m tcp --dport 30080 -j DNAT --to-destination 10.42.0.7:80
-A SERVICES -p udp -m udp --dport ${translated} -j REDIRECT --to-ports 5353
COMMIT
*filter
:INPUT ${policy} [0:0]
:FORWARD ACCEPT [0:0]
:A - [0:0]
:B - [0:0]
-A INPUT ${allowed} ${jump} A
-A INPUT ${wanted} -j ACCEPT
-A FORWARD -m connmark --mark 0x20/0xf0 -j B
-A FORWARD -d 10.42.0.8/32 -j DROP
-A A ${wanted} -j B
-A B -m conntrack --ctstate NEW -m comment --comment "-j DROP" -j ${verdict}
-A B -m conntrack --ctstate DNAT -j DROP
COMMIT
`,
  )

const protocols = ['tcp', 'udp'] as const
const packets: readonly SentPacket[] = protocols.flatMap((protocol) =>
  clients.flatMap((from, which) =>
    destinations.flatMap((to, where) =>
      interestingPorts.map((destinationPort, index) => ({
        protocol,
        from,
        to,
        destinationPort,
        sourcePort: 2000 + which * 100 + where * 10 + index,
      })),
    ),
  ),
)

const watch = `table ip watch {
  set seen { type ipv4_addr . inet_proto . inet_service; }
  chain in { type filter hook input priority 400; iifname eth0 add @seen { ip saddr . meta l4proto . th sport }; }
  chain out { type filter hook postrouting priority 50; oifname pod0 add @seen { ip saddr . meta l4proto . th sport }; }
}
`

const worlds = [
  { plane: 'iptables', backend: 'nft' },
  { plane: 'iptables', backend: 'legacy' },
  { plane: 'nft', backend: 'nft' },
] as const

for (const { plane, backend } of worlds) {
  describe.skipIf(why !== undefined)(
    `the simulation and a kernel (plane ${plane}, ${backend}${why === undefined ? '' : `; ${why}`})`,
    () => {
      let inside: Namespace
      let client: Namespace

      beforeAll(async () => {
        ;[inside, client] = await Promise.all([newNamespace('sim'), newNamespace('simc')])
        const batch = async (namespace: Namespace, lines: readonly string[]) => {
          for (const line of lines) await namespace.run(['/usr/sbin/ip', ...line.split(' ')])
        }
        await batch(inside, [
          `link add eth0 type veth peer name eth0 netns ${client.name}`,
          'link add pod0 type veth peer name pod1',
          'addr add 10.9.0.1/24 dev eth0',
          'addr add 10.9.0.2/24 dev eth0',
          'addr add 10.42.0.1/24 dev pod0',
          'link set eth0 up',
          'link set pod0 up',
          'link set pod1 up',
          'neigh add 10.42.0.7 lladdr 02:00:00:00:00:07 dev pod0',
          'neigh add 10.42.0.8 lladdr 02:00:00:00:00:08 dev pod0',
        ])
        await inside.run(['/usr/sbin/sysctl', '-qw', 'net.ipv4.ip_forward=1'])
        await batch(client, [
          ...clients.map((one) => `addr add ${one}/24 dev eth0`),
          'link set eth0 up',
          'route add 10.42.0.0/24 via 10.9.0.1',
        ])
        await inside.run(
          ['/usr/sbin/ipset', 'restore'],
          'create ALLOWED hash:net\nadd ALLOWED 10.9.0.8/29\nadd ALLOWED 10.42.0.7/32\ncreate FAIRLEAD4-A hash:net\nadd FAIRLEAD4-A 10.9.0.12\nadd FAIRLEAD4-A 10.9.0.64/26\n',
        )
      })

      afterAll(async () => {
        await Promise.all([inside, client].map((namespace) => namespace.down()))
        await rm(lockFile(), { force: true })
      })

      const lockFile = () => `${tmpdir()}/${inside.name}.lock`

      const restore = async (text: string, ...options: readonly string[]) => {
        const tool = `/usr/sbin/iptables-${backend}-restore`
        await inside.run(['/usr/bin/env', `XTABLES_LOCKFILE=${lockFile()}`, tool, '-w', '5', ...options], text)
      }

      const arrived = async (): Promise<ReadonlySet<string>> => {
        const listed = await inside.run(['/usr/sbin/nft', 'list', 'set', 'ip', 'watch', 'seen'])
        return new Set(
          [...listed.matchAll(/([\d.]+) \. (tcp|udp) \. (\d+)/g)].map(
            ([, from, protocol, at]) => `${protocol} ${from} ${at}`,
          ),
        )
      }

      test('agree about 144 packets each through random programs among random rules of others', async () => {
        const cases = fc.sample(fc.tuple(program, foreign), { numRuns: 15, seed: 20_261 })
        const tried = { accepted: 0, stopped: 0 }
        for (const [ours, theirs] of cases) {
          await restore(theirs)
          // Ours of the program before are in tables that the others do not name.
          await restore('*raw\nCOMMIT\n')
          if (plane === 'iptables') await restore(programPayload(printChains(ours.v4, 4)).text, '--noflush')
          else await inside.run(['/usr/sbin/nft', '-f', '-'], printNftTable(ours).text)
          const tables = tablesOf(await inside.run([`/usr/sbin/iptables-${backend}-save`]), sets)
          await inside.run(['/usr/sbin/conntrack', '-F'])
          await inside.run(['/usr/sbin/nft', '-f', '-'], `table ip watch\ndelete table ip watch\n${watch}`)
          await sendPackets(client, packets)
          const seen = await arrived()

          const routing = prepareRouting(node)
          const ruleset = compileRuleset({ program: ours, plane, tables, routing }, 4)
          for (const packet of packets) {
            const { verdict, steps } = simulatePacket(ruleset, routing, {
              ...packet,
              family: 4,
              inInterface: 'eth0',
              state: 'NEW',
            })
            const came = seen.has(`${packet.protocol} ${packet.from} ${packet.sourcePort}`)
            const path = steps
              .map(({ table, chain, rule, effect }) => `${table} ${chain} ${rule?.text()}: ${effect}`)
              .join('\n')
            expect(verdict.kind === 'accepted', `${JSON.stringify(packet)}\n${path}`).toBe(came)
            tried[came ? 'accepted' : 'stopped'] += 1
          }
        }
        expect(Math.min(tried.accepted, tried.stopped)).toBeGreaterThan(300)
      })
    },
  )
}
