import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RouteArtefact } from '../../../src/domain/host-route.ts'
import type { HostRoutes, ObservedLink, ObservedRoute } from '../../../src/domain/host-routes.ts'
import { routeId } from '../../../src/domain/route-identity.ts'
import type { RouteMemory } from '../../../src/plan/routes/decide-route.ts'
import { planRoutes } from '../../../src/plan/routes/plan-routes.ts'
import { gatewaysFirst } from '../../../src/plan/routes/route-order.ts'

const none: RouteMemory = { written: new Set(), adopted: new Map() }
const eth0: ObservedLink = { name: 'eth0', index: 2, isUp: true, hasCarrier: true, mtuBytes: 1500, addresses: [] }

function route(to: string, more: Partial<RouteArtefact> = {}): RouteArtefact {
  const identity = { family: to.includes(':') ? (6 as const) : (4 as const), table: 254, to, metric: 0, ...more }
  return {
    kind: 'route',
    id: routeId(identity),
    type: 'unicast',
    nextHops: [{ via: '192.168.1.1' }],
    onConflict: 'Refuse',
    origin: 'test',
    ...identity,
  }
}

function observed(wanted: RouteArtefact, more: Partial<ObservedRoute> = {}): ObservedRoute {
  return { ...wanted, protocol: 201, flags: [], ...more }
}

function host(routes: readonly ObservedRoute[], links: readonly ObservedLink[] = [eth0]): HostRoutes {
  return { routes, rules: [], links }
}

const plan = (wanted: readonly RouteArtefact[], now: HostRoutes, memory = none) =>
  planRoutes({ routes: wanted, routingRules: [] }, now, memory)

describe('a plan of routes', () => {
  const one = route('10.60.0.0/16')

  test('does not care for what the kernel says of links, nor for an interface that nobody wrote', () => {
    const found = observed(one, {
      flags: ['linkdown', 'dead'],
      nextHops: [{ via: '192.168.1.1', dev: 'eth0' }],
      scope: 'global',
    })
    expect(plan([one], host([found])).writes).toEqual([])
  })

  test.each([
    { nextHops: [{ via: '192.168.1.2' }] },
    { nextHops: [{ via: '192.168.1.1', onlink: true as const }] },
    { type: 'blackhole', nextHops: [] },
    { mtuBytes: 1400 },
    { preferredSource: '192.168.1.5' },
    { nextHops: [{ via: '192.168.1.1' }, { via: '192.168.1.2' }] },
  ])('replaces one of ours that differs in %j', (more) => {
    expect(plan([one], host([observed(one, more)])).writes).toMatchObject([{ kind: 'replace-route', protocol: 201 }])
  })

  test('never takes the place of a connected route', () => {
    const connected = observed(one, { protocol: 2, nextHops: [{ dev: 'eth0' }] })
    const adopting = { ...one, onConflict: 'Adopt' as const }
    const memory = { ...none, written: new Set<string>([one.id]) }
    expect(plan([adopting], host([connected]), memory)).toMatchObject({
      writes: [],
      conflicts: [{ owner: 'the kernel, protocol 2' }],
    })
  })

  test('removes a second one of ours after the first is right', () => {
    const second = observed(one, { nextHops: [{ via: '192.168.1.9' }] })
    expect(plan([one], host([observed(one), second])).writes).toEqual([{ kind: 'remove-route', route: second }])
  })

  test('a route for another type of service is another route', () => {
    const other = observed(one, { tos: 16, protocol: 80 })
    expect(plan([one], host([other])).writes).toMatchObject([{ kind: 'add-route' }])
  })

  test('removes nothing that does not carry our number', () => {
    const numbers = [0, 2, 3, 4, 9, 16, 80]
    const foreign = numbers.map((protocol) => observed(route(`10.${protocol}.0.0/16`), { protocol }))
    expect(plan([], host([...foreign, observed(one)])).writes).toMatchObject([
      { kind: 'remove-route', route: { to: one.to } },
    ])
  })

  test('an adopted route comes back although ours is gone already', () => {
    const previous = observed(one, { protocol: 80 })
    const memory = { ...none, adopted: new Map([[one.id, previous]]) }
    const { writes, adopted } = plan([], host([]), memory)
    expect(writes).toEqual([{ kind: 'restore-route', route: previous }])
    expect([...adopted.keys()]).toEqual([one.id])
    expect(plan([], host([previous]), memory)).toMatchObject({ writes: [], adopted: new Map() })
  })
})

describe('connected routes', () => {
  const link: ObservedLink = {
    ...eth0,
    addresses: [
      { address: '192.168.1.5/24', noPrefixRoute: false },
      { address: '192.168.1.6/24', noPrefixRoute: false },
      { address: '192.168.7.5/24', noPrefixRoute: true },
      { address: '10.9.9.9/32', noPrefixRoute: false },
      { address: '10.0.0.1/32', peer: '10.0.0.2', noPrefixRoute: false },
      { address: 'fd00:1::5/64', noPrefixRoute: false },
      { address: 'fd00:2::5/64', noPrefixRoute: false, isDynamic: true },
      { address: '172.16.0.5/16', noPrefixRoute: false, metric: 100 },
    ],
  }
  const restored = (now: HostRoutes) =>
    plan([route('10.60.0.0/16')], now).writes.flatMap((write) =>
      write.kind === 'restore-route' ? [`${write.route.to} ${write.route.metric}`] : [],
    )

  test('are those of addresses that have one, once for each network', () => {
    expect(restored(host([], [link]))).toEqual([
      '192.168.1.0/24 0',
      '10.0.0.2/32 0',
      'fd00:1::/64 256',
      '172.16.0.0/16 100',
    ])
  })

  test.each([
    { why: 'the link is down', links: [{ ...link, isUp: false }] },
    {
      why: 'the link is in a VRF',
      links: [
        { ...link, master: 'red' },
        { ...eth0, name: 'red', kind: 'vrf' },
      ],
    },
    { why: 'it is the loopback', links: [{ ...link, name: 'lo' }] },
  ])('are left alone when $why', ({ links }) => {
    expect(restored(host([], links))).toEqual([])
  })

  test('are left alone when nothing is wanted of us', () => {
    expect(plan([], host([], [link])).writes).toEqual([])
  })
})

describe('laws', () => {
  const wanted = fc
    .uniqueArray(
      fc.record({ net: fc.nat(250), metric: fc.nat(2), table: fc.constantFrom(254, 7100), via: fc.nat(3) }),
      { selector: ({ net, metric, table }) => `${net} ${metric} ${table}`, maxLength: 20 },
    )
    .map((list) =>
      list.map(({ net, metric, table, via }) =>
        route(`10.${net}.0.0/16`, { metric, table, nextHops: [{ via: `10.${via}.0.1` }] }),
      ),
    )

  test('what is as it is wanted needs no write, in whatever order the kernel tells it', () => {
    fc.assert(
      fc.property(wanted, fc.boolean(), (routes, isReversed) => {
        const now = routes.map((one) => observed(one))
        expect(plan(routes, host(isReversed ? now.toReversed() : now)).writes).toEqual([])
      }),
    )
  })

  test('from any program to any other: every key is written once, additions come before removals', () => {
    fc.assert(
      fc.property(wanted, wanted, (before, after) => {
        const { writes } = plan(after, host(before.map((one) => observed(one))))
        const kinds = writes.map(({ kind }) => kind)
        const firstRemoval = kinds.indexOf('remove-route')
        if (firstRemoval >= 0) expect(kinds.slice(firstRemoval).every((kind) => kind === 'remove-route')).toBe(true)
        const ids = writes.flatMap((write) => ('route' in write ? [routeId(write.route)] : []))
        expect(new Set(ids).size).toBe(ids.length)
      }),
    )
  })

  test('ordering loses no route and puts a gateway before what needs it', () => {
    fc.assert(
      fc.property(wanted, (routes) => {
        expect(new Set(gatewaysFirst(routes))).toEqual(new Set(routes))
      }),
    )
    const base = route('10.10.0.0/16', { nextHops: [{ dev: 'eth0' }] })
    const middle = route('10.20.0.0/16', { nextHops: [{ via: '10.10.0.1' }] })
    const last = route('10.30.0.0/16', { nextHops: [{ via: '10.20.0.1' }] })
    expect(gatewaysFirst([last, middle, base])).toEqual([base, middle, last])
  })
})
