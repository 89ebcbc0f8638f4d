import { describe, expect, test } from 'vitest'
import type { ArtefactId } from '../../../src/domain/artefact.ts'
import type { RouteArtefact, RoutingRuleArtefact } from '../../../src/domain/host-route.ts'
import type { HostRoutes, ObservedRoute, RouteWrite } from '../../../src/domain/host-routes.ts'
import { guardRoutes } from '../../../src/plan/packet-path/guard-routes.ts'
import { link, route, serverRoutes } from './recorded-node.ts'

const peers = ['192.168.7.0/24', '172.30.0.3']

function added(to: string, more: Partial<RouteArtefact> = {}): RouteWrite {
  const artefact: RouteArtefact = {
    kind: 'route',
    id: to as ArtefactId,
    family: 4,
    table: 254,
    to,
    metric: 0,
    type: 'unicast',
    nextHops: [{ via: '172.30.0.9', dev: 'eth0' }],
    onConflict: 'Refuse',
    origin: 'spec.routes[0]',
    ...more,
  }
  return { kind: 'add-route', route: artefact, protocol: 201 }
}

function ruled(more: Partial<RoutingRuleArtefact>): RouteWrite {
  const rule: RoutingRuleArtefact = {
    kind: 'routing-rule',
    id: 'rule' as ArtefactId,
    family: 4,
    priority: 5300,
    action: { kind: 'lookup', table: 7100 },
    origin: 'spec.routingRules[0]',
    ...more,
  }
  return { kind: 'add-rule', rule }
}

const [defaultRoute] = serverRoutes.routes as readonly [ObservedRoute, ...ObservedRoute[]]
const removeDefault: RouteWrite = { kind: 'remove-route', route: defaultRoute }
const short = (writes: readonly RouteWrite[], now: HostRoutes = serverRoutes) =>
  guardRoutes(writes, now, peers).map(({ code, peer, write }) => `${code} ${peer ?? '-'} ${write}`)

describe('protected peers keep their way', () => {
  const cases: readonly [string, readonly RouteWrite[], readonly string[]][] = [
    ['nothing is written', [], []],
    ['a route elsewhere', [added('10.60.0.0/16')], []],
    ['the default route goes', [removeDefault], ['ROUTE_LOST 192.168.7.0 0']],
    ['it goes after another came', [added('192.168.0.0/16'), removeDefault], []],
    ['it goes before another comes', [removeDefault, added('192.168.0.0/16')], ['ROUTE_LOST 192.168.7.0 0']],
    [
      'a blackhole inside the network',
      [added('192.168.7.128/25', { type: 'blackhole', nextHops: [] })],
      ['ROUTE_LOST 192.168.7.128 0'],
    ],
    [
      'a route by a device that is not there',
      [added('192.168.7.7/32', { nextHops: [{ dev: 'wg0' }] })],
      ['ROUTE_LOST 192.168.7.7 0'],
    ],
    [
      'a rule of ours that forbids',
      [ruled({ action: { kind: 'prohibit' } })],
      ['ROUTE_LOST 192.168.7.0 0', 'ROUTE_LOST 172.30.0.3 0'],
    ],
    [
      'a table of ours that sends them elsewhere',
      [added('0.0.0.0/0', { table: 7100, nextHops: [{ via: '10.42.0.9', dev: 'cni0' }] }), ruled({})],
      ['ROUTE_SHADOWED 192.168.7.0 1', 'ROUTE_SHADOWED 172.30.0.3 1'].slice(0, 2),
    ],
    [
      'the same table for marked packets only',
      [
        added('0.0.0.0/0', { table: 7100, nextHops: [{ dev: 'cni0' }] }),
        ruled({ fwmark: { value: 0x10, mask: 0xf0 } }),
      ],
      [],
    ],
    [
      'the same table with the way that main has',
      [
        added('0.0.0.0/0', { table: 7100, nextHops: [{ via: '172.30.0.1', dev: 'eth0' }] }),
        ruled({ to: '192.168.0.0/16' }),
      ],
      [],
    ],
    ['a table of ours without a default', [added('10.60.0.0/16', { table: 7100 }), ruled({})], []],
  ]
  for (const [name, writes, expected] of cases) {
    test(name, () => {
      expect(short(writes)).toEqual(expected)
    })
  }

  test('what did not work before is not asked for', () => {
    const down: HostRoutes = { ...serverRoutes, links: [{ ...link('eth0', ['172.30.0.2/24']), isUp: false }] }
    expect(short([removeDefault], down)).toEqual([])
  })

  test('rules outside our priorities are nobody of ours to take', () => {
    const rule = {
      family: 4,
      priority: 32_766,
      protocol: 2,
      isNegated: false,
      action: { kind: 'lookup', table: 254 },
    } as const
    expect(short([{ kind: 'remove-rule', rule }])).toContain('RULE_NOT_OURS - 0')
  })

  test('IPv6 has ways of its own', () => {
    const wayOut = route('fd00::/16', { via: 'fe80::1', dev: 'eth0' }, { metric: 1024 })
    const now = { ...serverRoutes, routes: [...serverRoutes.routes, wayOut] }
    const found = guardRoutes([{ kind: 'remove-route', route: wayOut }], now, ['fd00:1::/64', '192.168.7.1'])
    expect(found.map(({ code, peer }) => `${code} ${peer}`)).toEqual(['ROUTE_LOST fd00:1::'])
  })
})
