import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { planRoutes } from '../../../src/plan/routes/plan-routes.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { newRouteLab, nothingRemembered, type RouteLab, remembered, rendered, signal } from '../../netns/route-lab.ts'

const why = await whyNoNamespaces(['ip'])

const everyKind = rendered({
  routes: [
    { to: '10.1.0.0/16', via: '192.168.1.1' },
    { to: '10.2.0.0/16', via: '192.168.1.1', dev: 'eth0', metric: 50, table: 7150, mtu: 1400, source: '192.168.1.5' },
    {
      to: '10.3.0.0/16',
      nextHops: [
        { via: '192.168.1.1', dev: 'eth0', weight: 2 },
        { via: '192.168.2.1', dev: 'eth1' },
      ],
    },
    { to: '10.4.0.0/16', via: '172.16.0.1', dev: 'eth0', onlink: true },
    { to: '10.5.0.0/16', type: 'Blackhole' },
    { to: '10.6.0.0/16', type: 'Unreachable', metric: 4294967295 },
    { to: '10.7.0.0/16', type: 'Prohibit' },
    { to: '10.8.0.5/32', dev: 'eth1' },
    { to: 'default', via: '192.168.1.254', metric: 300 },
    { to: '10.9.0.0/16', via: '10.10.0.1' },
    { to: '10.10.0.0/24', dev: 'eth1' },
    { to: 'fd00:5::/64', via: 'fd00:1::1', dev: 'eth0' },
    {
      to: 'fd00:6::/64',
      nextHops: [
        { via: 'fd00:1::1', weight: 3 },
        { via: 'fd00:2::1', dev: 'eth1' },
      ],
    },
    { to: 'fd00:7::/64', type: 'Blackhole' },
    { to: '::/0', via: 'fe80::1', dev: 'eth0', metric: 700 },
    { to: 'fd00:8::/64', via: 'fd99::1', dev: 'eth1', onlink: true, mtu: 1300, source: 'fd00:2::5' },
  ],
  routingRules: [
    { from: '10.42.0.0/16', table: 7150 },
    { fwmark: { value: 16, mask: 240 }, table: 7150, priority: 5350 },
    { inInterface: 'eth0', outInterface: 'eth1', action: 'Prohibit', families: ['IPv4'] },
    { to: 'fd00:42::/56', table: 254 },
    { table: 254, suppressPrefixLength: 0, families: ['IPv4'] },
    { from: '0.0.0.0/0', action: 'Blackhole', fwmark: { value: 240, mask: 240 } },
    { to: '10.77.0.0/16', action: 'Unreachable' },
  ],
})

describe.skipIf(why !== undefined)(`routes of a kernel (${why ?? 'with namespaces'})`, () => {
  let lab: RouteLab
  beforeEach(async () => {
    lab = await newRouteLab()
  })
  afterEach(() => lab.down())

  test('every kind of route and rule is taken, read back the same, and planned no more', async () => {
    const first = await lab.pass(everyKind)
    expect(first.refused).toEqual([])
    expect(first.plan.writes).toHaveLength(everyKind.routes.length + everyKind.routingRules.length)
    const second = await lab.pass(everyKind, remembered(everyKind))
    expect(second.plan).toMatchObject({ writes: [], conflicts: [], drifts: [], waiting: [] })
  })

  test('the way back leaves what was there before, line by line, also when it is gone twice', async () => {
    await lab.ip(
      4,
      'route add 10.1.0.0/16 via 192.168.2.1 proto 201',
      'route add 10.99.0.0/16 via 192.168.1.9 proto 201',
    )
    await lab.ip(
      6,
      'route add fd00:99::/64 via fd00:1::9 proto 201',
      'rule add to fd00:1234::/64 lookup 7199 pref 5301 protocol 201',
    )
    const shown = async (): Promise<string> => {
      const texts = await Promise.all(
        (['-4', '-6'] as const).flatMap((family) => [
          lab.node.run(['/usr/sbin/ip', family, 'route', 'show', 'table', 'all']),
          lab.node.run(['/usr/sbin/ip', family, 'rule']),
        ]),
      )
      return texts
        .flatMap((text) =>
          text
            .split('\n')
            .map((line) => line.trimEnd())
            .sort(),
        )
        .join('\n')
    }
    const before = await shown()
    const now = await lab.port.read(signal)
    const { writes } = planRoutes(everyKind, now, nothingRemembered)
    const steps = lab.port.inverse(writes, now)
    expect(await lab.port.write(writes, signal)).toEqual([])
    expect(await shown()).not.toBe(before)
    for (let times = 0; times < 2; times += 1) {
      for (const step of steps) {
        if (step.kind !== 'run') throw new Error(step.kind)
        await lab.node.commands.run(step.argv, step.input === undefined ? {} : { input: step.input })
      }
      expect(await shown()).toBe(before)
    }
  })

  test('case 31: one route that the kernel refuses is told, and all others are in place', async () => {
    const wanted = rendered({
      routes: [
        { to: '10.1.0.0/16', via: '192.168.1.1' },
        { to: '10.2.0.0/16', via: '172.16.9.9' },
        { to: '10.3.0.0/16', via: '192.168.1.1' },
      ],
    })
    const { refused } = await lab.pass(wanted)
    expect(refused).toEqual([
      { write: expect.objectContaining({ kind: 'add-route' }), message: 'Nexthop has invalid gateway' },
    ])
    expect(refused[0]?.write).toMatchObject({ route: { to: '10.2.0.0/16', origin: 'nodes/edge.yaml spec.routes[1]' } })
    const lines = await lab.routes(4)
    expect(lines).toContain('10.1.0.0/16 via 192.168.1.1 dev eth0 proto 201')
    expect(lines).toContain('10.3.0.0/16 via 192.168.1.1 dev eth0 proto 201')
  })

  test('a next hop through an interface that has gone ends the run of ip, and the lines behind it are written all the same', async () => {
    const wanted = rendered({
      routes: [
        {
          to: '10.1.0.0/16',
          nextHops: [
            { via: '192.168.1.1', dev: 'gone0' },
            { via: '192.168.2.1', dev: 'eth1' },
          ],
        },
        ...Array.from({ length: 7 }, (_, index) => ({ to: `10.${index + 2}.0.0/16`, via: '192.168.1.1' })),
      ],
    })
    const writes = wanted.routes.map((route) => ({ kind: 'add-route' as const, route, protocol: 201 }))
    const refused = await lab.port.write(writes, signal)
    expect(refused.map(({ write, message }) => ['route' in write && write.route.to, message])).toEqual([
      ['10.1.0.0/16', expect.stringContaining('gone0')],
    ])
    expect((await lab.routes(4)).filter((line) => line.includes('proto 201'))).toHaveLength(7)
  })

  test('killed in the middle of a batch, the next pass ends in the same place', async () => {
    const routes = Array.from({ length: 3000 }, (_, index) => ({
      to: `10.${100 + Math.floor(index / 250)}.${index % 250}.0/24`,
      via: '192.168.1.1',
    }))
    const wanted = rendered({ routes })
    const lines = wanted.routes.map(({ to }) => `route add ${to} proto 201 via 192.168.1.1`).join('\n')
    const batch = lab.node.commands.run(['/usr/sbin/ip', '-4', '-force', '-batch', '-'], { input: lines, timeoutMs: 6 })
    expect((await batch).failed).toBe('timeout')
    const half = (await lab.routes(4)).filter((line) => line.includes('proto 201')).length
    expect(half).toBeLessThan(3000)
    const { refused, plan } = await lab.pass(wanted, remembered(wanted))
    expect(refused).toEqual([])
    expect(plan.writes).toHaveLength(3000 - half)
    expect((await lab.pass(wanted)).plan.writes).toEqual([])
  })

  test('a thousand routes go in one batch, and are compared in no time', async () => {
    const routes = Array.from({ length: 1000 }, (_, index) => ({
      to: `10.${100 + Math.floor(index / 250)}.${index % 250}.0/24`,
      via: '192.168.1.1',
    }))
    const wanted = rendered({ routes })
    const began = performance.now()
    const { refused } = await lab.pass(wanted)
    const tookMs = performance.now() - began
    expect(refused).toEqual([])
    expect((await lab.pass(wanted)).plan.writes).toEqual([])
    expect(tookMs).toBeLessThan(1000)
  })
})
