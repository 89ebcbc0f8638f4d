import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openNft } from '../../../src/adapters/nft/nft-filter.ts'
import type {
  ConnectionState,
  FamilyFilter,
  NamedProtocol,
  PacketAction,
  PacketMatch,
} from '../../../src/domain/packet-filter.ts'
import { runInverse } from '../../contract/run-inverse.ts'
import { anchor, chainOf, emptyFamily, familyOf } from '../../lab/filter-programs.ts'
import { type Namespace, newNamespace, whyNoNamespaces } from '../../netns/namespace.ts'

const nft = '/usr/sbin/nft'
const signal = new AbortController().signal
const reason = await whyNoNamespaces(['ip', 'nft', 'unshare'])

const port = fc.integer({ min: 1, max: 65_535 })
const range = fc.tuple(port, port).map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }))
const ports = fc.record({
  ranges: fc.array(
    fc.oneof(
      port.map((each) => ({ first: each, last: each })),
      range,
    ),
    { minLength: 1, maxLength: 5 },
  ),
  negated: fc.boolean(),
})
const cidr = (family: 4 | 6): fc.Arbitrary<string> =>
  family === 4
    ? fc
        .tuple(fc.nat(255), fc.nat(255), fc.integer({ min: 8, max: 32 }))
        .map(([a, b, bits]) => (bits < 24 ? `10.0.0.0/8` : `10.${a}.${b}.0/${bits}`))
    : fc
        .tuple(fc.nat(0xffff), fc.integer({ min: 48, max: 128 }))
        .map(([a, bits]) => `fd00:0:${(a || 1).toString(16)}::/${bits}`)
const address = (family: 4 | 6): fc.Arbitrary<NonNullable<PacketMatch['source']>> =>
  fc.oneof(
    fc.record({ kind: fc.constant('network' as const), cidr: cidr(family), negated: fc.boolean() }),
    fc.record({ kind: fc.constant('set' as const), set: fc.constant(`FAIRLEAD${family}-SET`), negated: fc.boolean() }),
  )
const device = fc.record({
  name: fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,14}$/),
  isPrefix: fc.boolean(),
  negated: fc.boolean(),
})
const states = fc
  .uniqueArray(fc.constantFrom<ConnectionState>('ESTABLISHED', 'INVALID', 'NEW', 'RELATED', 'UNTRACKED'), {
    minLength: 1,
  })
  .map((list) => list.toSorted())
const mark = fc
  .tuple(fc.integer({ min: 1, max: 0xffff_ffff }), fc.nat(0xffff_ffff), fc.boolean())
  .map(([mask, value, negated]) => ({
    mask,
    value: (value & mask) >>> 0,
    negated,
  }))
const limit = fc.record({
  packets: fc.integer({ min: 1, max: 1_000 }),
  per: fc.constantFrom('second' as const, 'minute' as const, 'hour' as const, 'day' as const),
  burst: fc.integer({ min: 1, max: 500 }),
  perSource: fc.boolean(),
})
const transport = (family: 4 | 6): fc.Arbitrary<PacketMatch> =>
  fc.oneof(
    fc.record(
      {
        protocol: fc.constantFrom<NamedProtocol>('tcp', 'udp', 'sctp'),
        sourcePorts: ports,
        destinationPorts: ports,
        originalDestinationPorts: ports,
      },
      { requiredKeys: ['protocol'] },
    ),
    fc.record({ protocol: fc.constant('tcp' as const), tcpSyn: fc.constant(true as const) }),
    fc.record({
      protocol: fc.constant(family === 4 ? ('icmp' as const) : ('icmpv6' as const)),
      icmp: fc.record({ type: fc.nat(255), code: fc.nat(255) }, { requiredKeys: ['type'] }),
    }),
    fc.record({
      protocol: fc.oneof(fc.constantFrom<NamedProtocol>('esp', 'ah', 'gre'), fc.integer({ min: 1, max: 255 })),
    }),
    fc.constant({}),
  )
const match = (family: 4 | 6): fc.Arbitrary<PacketMatch> =>
  fc
    .tuple(
      transport(family),
      fc.record(
        {
          source: address(family),
          destination: address(family),
          inInterface: device,
          outInterface: device,
          states,
          mark,
          destinationIsLocal: fc.constant(true as const),
          limit,
        },
        { requiredKeys: [] },
      ),
    )
    .map(([first, second]) => ({ ...first, ...second }))
const action: fc.Arbitrary<PacketAction> = fc.oneof(
  fc.constantFrom<PacketAction>({ kind: 'accept' }, { kind: 'drop' }, { kind: 'return' }, { kind: 'dscp', value: 46 }),
  mark.map(({ value, mask }) => ({ kind: 'mark' as const, value, mask })),
  fc.record({
    kind: fc.constant('log' as const),
    prefix: fc.stringMatching(/^[ !#%-[\]-~]{1,29}$/),
    level: fc.constantFrom('debug' as const, 'info' as const, 'notice' as const, 'warning' as const, 'error' as const),
  }),
)

function familyWith(family: 4 | 6): fc.Arbitrary<FamilyFilter> {
  return fc.array(fc.record({ match: match(family), action }), { minLength: 1, maxLength: 60 }).map((drafts) =>
    familyOf(
      [anchor, chainOf('FAIRLEAD-FORWARD', 'mangle', drafts, { hook: 'FORWARD' })],
      [
        {
          name: `FAIRLEAD${family}-SET`,
          family,
          members: family === 4 ? ['10.0.0.0/25', '10.0.0.128/25'] : ['fd01::/64'],
        },
      ],
    ),
  )
}

describe.skipIf(reason !== undefined)(`laws of the table${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let space: Namespace
  beforeAll(async () => {
    space = await newNamespace('laws')
  })
  afterAll(() => space.down())

  test('whatever is written is settled, and one who never saw it being written can put it back', async () => {
    await fc.assert(
      fc.asyncProperty(familyWith(4), familyWith(6), async (v4, v6) => {
        const filter = openNft({ commands: space.commands })
        await filter.replace({ v4, v6 }, signal)
        expect(await filter.observe({ v4, v6 }, signal)).toEqual({ kind: 'settled' })
        const steps = await openNft({ commands: space.commands }).inverse(signal)
        await filter.replace({ v4: emptyFamily, v6: emptyFamily }, signal)
        expect(await filter.observe({ v4, v6 }, signal)).toMatchObject({ kind: 'drifted' })
        await runInverse(steps, space.commands)
        expect(await filter.observe({ v4, v6 }, signal)).toEqual({ kind: 'settled' })
        await space.run([nft, 'delete', 'table', 'inet', 'fairlead'])
      }),
      { numRuns: 25 },
    )
  })
})
