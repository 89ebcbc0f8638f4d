import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseLinks } from '../../../src/adapters/iproute/parse-links.ts'
import { parseRoutes } from '../../../src/adapters/iproute/parse-routes.ts'
import { parseRules } from '../../../src/adapters/iproute/parse-rules.ts'
import type { HostRoutes } from '../../../src/domain/host-routes.ts'
import type { PodRoutes } from '../../../src/domain/pod-routes.ts'
import { checkPodRoutes } from '../../../src/plan/routes/check-pod-routes.ts'

const server = { node: 'srv1', podCIDRs: ['10.42.0.0/24'], addresses: ['172.30.0.2'] }
const agent = { node: 'agt1', podCIDRs: ['10.42.1.0/24'], addresses: ['172.30.0.3'] }
const peers = { srv1: [agent], agt1: [server] } as const
const young = { lastedMs: new Map<string, number>() }

function recorded(scenario: 'vxlan' | 'host-gw-after-vxlan', node: 'srv1' | 'agt1'): HostRoutes {
  const directory = new URL(`../../fixtures/k3s-v1.21.2/${scenario}/${node}/`, import.meta.url)
  const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, directory), 'utf8'))
  const v4 = parseRoutes(read('ip-route.json'), 4).filter(({ to }) => !to.includes(':'))
  return {
    routes: [...v4, ...parseRoutes(read('ip-6-route.json'), 6)],
    rules: parseRules(read('ip-rule.json'), 4),
    links: parseLinks(read('ip-addr.json')),
  }
}

function pods(backend: PodRoutes['backend'], node: 'srv1' | 'agt1', more: Partial<PodRoutes> = {}): PodRoutes {
  return {
    backend,
    directRouting: false,
    clusterCIDRs: ['10.42.0.0/16'],
    peers: peers[node],
    isComplete: true,
    ...more,
  }
}

function without(now: HostRoutes, to: string): HostRoutes {
  return { ...now, routes: now.routes.filter((route) => route.to !== to) }
}

const scenarios = [
  { scenario: 'vxlan', backend: 'vxlan', other: 'host-gw' },
  { scenario: 'host-gw-after-vxlan', backend: 'host-gw', other: 'vxlan' },
] as const

describe('the routes of a real K3s', () => {
  for (const { scenario, backend, other } of scenarios) {
    for (const node of ['srv1', 'agt1'] as const) {
      const now = recorded(scenario, node)
      const [peer] = peers[node]
      const [to = ''] = peer.podCIDRs

      test(`${scenario}: ${node} has what flannel ought to have`, () => {
        expect(checkPodRoutes(pods(backend, node), now, young)).toEqual({ findings: [], repairs: [] })
      })

      test(`${scenario}: on ${node} the missing route is the one that was recorded`, () => {
        const key = `missing ${to}`
        const check = (lastedMs: number) =>
          checkPodRoutes(pods(backend, node), without(now, to), { lastedMs: new Map([[key, lastedMs]]) })
        expect(check(14_999)).toMatchObject({ findings: [{ kind: 'missing', key, node: peer.node }], repairs: [] })
        const [repair] = check(15_000).repairs
        const original = now.routes.find((route) => route.to === to)
        expect(repair).toMatchObject({
          kind: 'add-route',
          protocol: original?.protocol,
          route: { to, metric: original?.metric, nextHops: original?.nextHops },
        })
      })

      test(`${scenario}: for ${other} the route on ${node} has the wrong gateway`, () => {
        const { findings } = checkPodRoutes(pods(other, node), now, young)
        expect(findings).toMatchObject([{ kind: 'wrong-gateway', to, node: peer.node }])
      })

      test(`${scenario}: with direct routing both forms are right on ${node}`, () => {
        expect(checkPodRoutes(pods('vxlan', node, { directRouting: true }), now, young).findings).toEqual([])
      })

      test(`${scenario}: on ${node} the route is an unencrypted path for WireGuard`, () => {
        const { findings, repairs } = checkPodRoutes(pods('wireguard-native', node), now, young)
        expect(findings.map(({ kind, to: where }) => [kind, where])).toEqual([
          ['impossible', '10.42.0.0/16'],
          ['unencrypted', to],
        ])
        expect(repairs).toEqual([])
      })
    }
  }
})

describe('a route to a node that is gone', () => {
  const now = recorded('host-gw-after-vxlan', 'agt1')
  const old = { lastedMs: new Map([['stale 10.42.0.0/24', 60_000]]) }
  const gone = pods('host-gw', 'agt1', { peers: [] })

  test('case 33: is removed a minute after the last node that had the network', () => {
    expect(checkPodRoutes(gone, now, old).repairs).toMatchObject([
      { kind: 'remove-route', route: { to: '10.42.0.0/24', protocol: 3 } },
    ])
  })

  test.each([
    {
      because: 'it has not lasted a minute',
      wanted: gone,
      ages: { lastedMs: new Map([['stale 10.42.0.0/24', 59_999]]) },
      kinds: ['stale'],
    },
    {
      because: 'its gateway answers',
      wanted: gone,
      ages: { ...old, answering: new Set(['172.30.0.2']) },
      kinds: ['stale'],
    },
    { because: 'nobody knows all nodes', wanted: { ...gone, isComplete: false }, ages: old, kinds: [] },
  ])('case 33: stays while $because', ({ wanted, ages, kinds }) => {
    const { findings, repairs } = checkPodRoutes(wanted, now, ages)
    expect(findings.map(({ kind }) => kind)).toEqual(kinds)
    expect(repairs).toEqual([])
  })

  test('stays when somebody else wrote it', () => {
    const foreign = {
      ...now,
      routes: now.routes.map((route) => (route.to === '10.42.0.0/24' ? { ...route, protocol: 80 } : route)),
    }
    expect(checkPodRoutes(gone, foreign, old).repairs).toEqual([])
  })
})

test('a route to a part of the pods of a peer hides it', () => {
  const now = recorded('host-gw-after-vxlan', 'agt1')
  const [route] = now.routes.filter(({ to }) => to === '10.42.0.0/24')
  if (route === undefined) throw new Error('the recording has another route')
  const hidden = {
    ...now,
    routes: [...now.routes, { ...route, to: '10.42.0.128/25', type: 'blackhole', nextHops: [] }],
  }
  const { findings, repairs } = checkPodRoutes(pods('host-gw', 'agt1'), hidden, young)
  expect(findings).toMatchObject([{ kind: 'shadowed', node: 'srv1', to: '10.42.0.128/25' }])
  expect(repairs).toEqual([])
})

test('host-gw needs the peer in a network of the node', () => {
  const far = pods('host-gw', 'agt1', { peers: [{ ...server, addresses: ['172.31.0.2'] }] })
  const now = without(recorded('host-gw-after-vxlan', 'agt1'), '10.42.0.0/24')
  const { findings } = checkPodRoutes(far, now, { lastedMs: new Map([['missing 10.42.0.0/24', 99_000]]) })
  expect(findings).toMatchObject([{ kind: 'impossible', to: '10.42.0.0/24' }])
})
