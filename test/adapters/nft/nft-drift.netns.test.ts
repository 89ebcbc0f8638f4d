import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openNft } from '../../../src/adapters/nft/nft-filter.ts'
import type { FilterProgram } from '../../../src/domain/packet-filter.ts'
import type { PacketFilterPort } from '../../../src/ports/packet-filter-port.ts'
import { runInverse } from '../../contract/run-inverse.ts'
import {
  accept,
  anchor,
  chainOf,
  drop,
  everythingProgram,
  longProgram,
  ports,
  programOf,
  setProgram,
} from '../../lab/filter-programs.ts'
import { type Namespace, newNamespace, whyNoNamespaces } from '../../netns/namespace.ts'

const nft = '/usr/sbin/nft'
const signal = new AbortController().signal
const reason = await whyNoNamespaces(['ip', 'nft', 'unshare', 'iptables-nft'])

const program = programOf([
  anchor,
  chainOf(
    'FAIRLEAD-INPUT',
    'filter',
    [
      { match: { protocol: 'tcp', destinationPorts: ports(22) }, action: accept },
      { match: { protocol: 'tcp', destinationPorts: ports(9999) }, action: drop },
    ],
    { hook: 'INPUT' },
  ),
])
const [input, hook] = ['filter4_FAIRLEAD-INPUT', 'hook_filter_INPUT']

describe.skipIf(reason !== undefined)(
  `drift of the table${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    let space: Namespace
    let filter: PacketFilterPort
    beforeAll(async () => {
      space = await newNamespace('nft')
      filter = openNft({ commands: space.commands })
    })
    afterAll(() => space.down())
    beforeEach(async () => {
      await filter.replace(program, signal)
      expect(await filter.observe(program, signal)).toEqual({ kind: 'settled' })
    })

    const handleOf = async (chain: string, text: string): Promise<string> => {
      const listing = await space.run([nft, '-a', 'list', 'chain', 'inet', 'fairlead', chain])
      return new RegExp(`${text}.* # handle (\\d+)`).exec(listing)?.[1] ?? 'none'
    }
    const inTable = (words: string): Promise<string> => space.run([nft, ...words.split(' ')])
    const drifts = async (wanted: FilterProgram | undefined = program): Promise<readonly unknown[]> => {
      const seen = await filter.observe(wanted, signal)
      return seen.kind === 'settled' ? [] : seen.drifts
    }

    const inputDrift = { family: 'v4', table: 'filter', name: 'FAIRLEAD-INPUT' }
    const cases: readonly (readonly [string, () => Promise<unknown>, readonly unknown[]])[] = [
      [
        'a jump that is gone',
        async () => inTable(`delete rule inet fairlead ${hook} handle ${await handleOf(hook, 'ipv4 jump')}`),
        [{ ...inputDrift, kind: 'missing-jump', expected: [`meta nfproto ipv4 jump ${input}`], found: [] }],
      ],
      [
        'a jump that stands twice',
        () => inTable(`add rule inet fairlead ${hook} meta nfproto ipv4 jump ${input}`),
        [
          {
            family: 'v4',
            table: 'filter',
            name: 'INPUT',
            kind: 'duplicate-jump',
            found: [`meta nfproto ipv4 jump ${input}`],
          },
        ],
      ],
      [
        'a rule before the jumps',
        () => inTable(`insert rule inet fairlead ${hook} accept`),
        [{ kind: 'extra-rule', name: 'INPUT', expected: [], found: ['accept'] }],
      ],
      [
        'a rule that says something else',
        async () =>
          inTable(
            `replace rule inet fairlead ${input} handle ${await handleOf(input, 'dport 9999')} tcp dport 9998 drop`,
          ),
        [{ ...inputDrift, kind: 'content', found: ['tcp dport 9998 drop'] }],
      ],
      [
        'rules in another order',
        async () => {
          const id =
            /comment "(fairlead:[a-z2-7]+)"/.exec(await inTable(`list chain inet fairlead ${input}`))?.[1] ?? ''
          await inTable(`delete rule inet fairlead ${input} handle ${await handleOf(input, 'dport 22')}`)
          await inTable(`add rule inet fairlead ${input} tcp dport 22 accept comment "${id}"`)
        },
        [{ ...inputDrift, kind: 'order' }],
      ],
      [
        'a chain of nobody',
        () => inTable('add chain inet fairlead filter4_FAIRLEAD-FOO'),
        [{ kind: 'extra-chain', family: 'v4', table: 'filter', name: 'FAIRLEAD-FOO' }],
      ],
      [
        'a chain that is gone',
        () => inTable('delete chain inet fairlead filter4_FAIRLEAD-ANCHOR'),
        [{ kind: 'missing-chain', name: 'FAIRLEAD-ANCHOR' }],
      ],
      [
        'a table that was put to sleep',
        () => space.run([nft, '-f', '-'], 'add table inet fairlead { flags dormant; }\n'),
        [{ kind: 'content', found: ['flags dormant'] }],
      ],
    ]
    test.each(cases)('%s is told as such, and put right by a write', async (_, tamper, expected) => {
      await tamper()
      expect(await drifts()).toMatchObject(expected)
      expect(await drifts()).toHaveLength(expected.length)
      await filter.replace(program, signal)
      expect(await drifts()).toEqual([])
    })

    test('another spelling of the same rule is no drift', async () => {
      const id = /dport 9999 drop comment "(fairlead:[a-z2-7]+)"/.exec(
        await inTable(`list chain inet fairlead ${input}`),
      )?.[1]
      const handle = await handleOf(input, 'dport 9999')
      await inTable(
        `replace rule inet fairlead ${input} handle ${handle} meta l4proto 6 th dport 0x270f drop comment "${id}"`,
      )
      expect(await drifts()).toEqual([])
    })

    test('case 69: one network of twenty thousand is one change of one set, and no rule is written', async () => {
      const members = Array.from({ length: 20_000 }, (_, at) => `10.${at >> 8}.${at & 255}.0/25`).toSorted()
      const [all, fewer] = [setProgram(members), setProgram(members.slice(0, -1))]
      await filter.replace(all, signal)
      const handles = async (): Promise<string> => await inTable('-a list chain inet fairlead filter4_FAIRLEAD-INPUT')
      const before = await handles()
      expect(await drifts(fewer)).toMatchObject([
        { kind: 'set', family: 'v4', name: 'FAIRLEAD4-BLOCKED', expected: [], found: [members.at(-1)] },
      ])
      await filter.replace(fewer, signal)
      expect(await handles()).toBe(before)
      expect(await drifts(fewer)).toEqual([])
    })

    test('what somebody added goes into the inverse, which leads back to it', async () => {
      await inTable(`insert rule inet fairlead ${input} ip saddr 203.0.113.7 accept`)
      const before = await inTable('-s list table inet fairlead')
      const steps = await filter.inverse(signal)
      await filter.replace(everythingProgram(), signal)
      await runInverse(steps, space.commands)
      expect(await inTable('-s list table inet fairlead')).toBe(before)
    })

    test('a program that is settled is not written, and an absent one is not removed', async () => {
      const generation = async (): Promise<string> => inTable('-a list table inet fairlead')
      const before = await generation()
      await filter.replace(structuredClone(program), signal)
      expect(await generation()).toBe(before)
      await filter.replace(undefined, signal)
      await filter.replace(undefined, signal)
      expect(await filter.observe(undefined, signal)).toEqual({ kind: 'settled' })
    })

    test('case 20: a table of iptables that iptables cannot show keeps nothing of ours from being enforced', async () => {
      await space.run(['/usr/sbin/iptables-nft', '-A', 'FORWARD', '-s', '203.0.113.9', '-j', 'DROP'])
      await space.run(['/usr/sbin/ip6tables-nft', '-A', 'FORWARD', '-s', '2001:db8::9', '-j', 'DROP'])
      await inTable('add rule ip filter FORWARD ct mark set 0x1 ip saddr vmap { 203.0.113.1 : drop }')
      await filter.replace(programOf([anchor]), signal)
      expect(await drifts(programOf([anchor]))).toEqual([])
      const tables = await filter.tables(signal)
      expect(tables.v6.map(({ table }) => table)).toEqual(['filter'])
      await space.run([nft, 'delete', 'table', 'ip', 'filter'])
    })

    test('asking for the tables of iptables makes none', async () => {
      const read = (): Promise<string> => space.run(['/bin/cat', '/proc/net/ip_tables_names'])
      expect(await read()).toBe('')
      await filter.tables(signal)
      expect(await read()).toBe('')
    })

    test('case 5: a rule with no place in its table is refused before the kernel is asked, and named', async () => {
      const refused = programOf([
        chainOf('FAIRLEAD-NAT', 'nat', [{ action: { kind: 'reject', with: 'port-unreachable' }, path: 'spec.x' }], {
          hook: 'POSTROUTING',
        }),
      ])
      await expect(filter.check(refused, signal)).rejects.toMatchObject({
        detail: { code: 'FILTER_REJECTED', where: 'clusters/test/nodes/n1.yaml spec.x' },
      })
    })

    test('case 4: of a long program the one refused rule is found, although the kernel names only the jump', async () => {
      const long = longProgram(200, 'mangle')
      const [first] = long.v4.chains.filter(({ name }) => name === 'FAIRLEAD-INPUT')
      if (first === undefined) throw new Error('no chain')
      const bad = chainOf('FAIRLEAD-BAD', 'mangle', [
        { match: { protocol: 'tcp', tcpSyn: true }, action: { kind: 'clampMss', to: 'pmtu' }, path: 'spec.bad' },
      ])
      const rules = [...first.rules.slice(0, 120), ...bad.rules, ...first.rules.slice(120)]
      const refused: FilterProgram = { ...long, v4: { sets: [], chains: [{ ...first, rules }] } }
      await expect(filter.check(refused, signal)).rejects.toMatchObject({
        detail: { code: 'FILTER_REJECTED', where: 'clusters/test/nodes/n1.yaml spec.bad' },
      })
    })

    test('it says what it is made with', async () => {
      const { tool, unsupported } = await filter.capabilities(signal)
      expect(tool).toMatch(/^nftables v\d+\.\d+\.\d+$/)
      expect(unsupported).toEqual([])
    })
  },
)
