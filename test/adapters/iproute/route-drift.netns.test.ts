import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { newRouteLab, type RouteLab, remembered, rendered, signal } from '../../netns/route-lab.ts'

const why = await whyNoNamespaces(['ip'])

describe.skipIf(why !== undefined)(
  `routes that others write, and links that come and go (${why ?? 'with namespaces'})`,
  () => {
    let lab: RouteLab
    beforeEach(async () => {
      lab = await newRouteLab()
    })
    afterEach(() => lab.down())

    test('case 29: a route of somebody else is left and told with its owner; adopted, it comes back when ours goes', async () => {
      await lab.ip(4, 'route add 10.60.0.0/16 via 192.168.2.1 proto 80 mtu 1400 advmss 1300')
      const before = await lab.routes(4)
      const refusing = rendered({ routes: [{ to: '10.60.0.0/16', via: '192.168.1.1' }] })
      const refusal = await lab.pass(refusing)
      expect(refusal.plan.conflicts).toMatchObject([{ owner: 'Calico Felix, protocol 80', id: refusing.routes[0]?.id }])
      expect(await lab.routes(4)).toEqual(before)

      const adopting = rendered({ routes: [{ to: '10.60.0.0/16', via: '192.168.1.1', onConflict: 'Adopt' }] })
      const { plan, refused } = await lab.pass(adopting)
      expect(refused).toEqual([])
      expect(await lab.routes(4)).toContain('10.60.0.0/16 via 192.168.1.1 dev eth0 proto 201')
      const memory = { ...remembered(adopting), adopted: plan.adopted }
      const settled = await lab.pass(adopting, memory)
      expect(settled.plan.writes).toEqual([])
      const release = await lab.pass({ routes: [], routingRules: [] }, { ...memory, adopted: settled.plan.adopted })
      expect(release.refused).toEqual([])
      expect(await lab.routes(4)).toEqual(before)
      const after = await lab.pass({ routes: [], routingRules: [] }, { ...memory, adopted: release.plan.adopted })
      expect(after.plan).toMatchObject({ writes: [] })
      expect(after.plan.adopted.size).toBe(0)
    })

    test.each([
      { does: 'deletes it', line: 'route del 10.60.0.0/16', drift: 'removed' },
      {
        does: 'puts a wrong next hop',
        line: 'route replace 10.60.0.0/16 via 192.168.2.9 proto static',
        drift: 'overwritten',
      },
      { does: 'puts a blackhole', line: 'route replace blackhole 10.60.0.0/16', drift: 'overwritten' },
      {
        does: 'puts one before it',
        line: 'route prepend 10.60.0.0/16 via 192.168.2.9 proto static',
        drift: 'overwritten',
      },
      {
        does: 'changes it under our number',
        line: 'route replace 10.60.0.0/16 via 192.168.2.9 proto 201',
        drift: 'changed',
      },
    ])('a route of ours comes back after somebody $does', async ({ line, drift }) => {
      const wanted = rendered({ routes: [{ to: '10.60.0.0/16', via: '192.168.1.1' }] })
      await lab.pass(wanted)
      const right = await lab.routes(4)
      await lab.ip(4, line)
      const { plan, refused } = await lab.pass(wanted, remembered(wanted))
      expect(refused).toEqual([])
      expect(plan.drifts).toMatchObject([{ kind: drift, id: wanted.routes[0]?.id }])
      expect(await lab.routes(4)).toEqual(right)
      expect((await lab.pass(wanted, remembered(wanted))).plan.writes).toEqual([])
    })

    test('case 30: a foreign next hop in an IPv6 route does not stay in it', async () => {
      const wanted = rendered({ routes: [{ to: 'fd00:60::/64', via: 'fd00:1::1' }] })
      await lab.pass(wanted)
      const right = await lab.routes(6)
      await lab.ip(6, 'route append fd00:60::/64 via fd00:2::9 proto static')
      expect((await lab.routes(6)).join('\n')).toContain('nexthop via fd00:2::9')
      const { refused } = await lab.pass(wanted, remembered(wanted))
      expect(refused).toEqual([])
      expect(await lab.routes(6)).toEqual(right)
    })

    test('case 30: an IPv6 route of somebody else is not merged with ours', async () => {
      await lab.ip(6, 'route add fd00:60::/64 via fd00:2::9 proto static')
      const before = await lab.routes(6)
      const wanted = rendered({ routes: [{ to: 'fd00:60::/64', via: 'fd00:1::1' }] })
      const { plan } = await lab.pass(wanted)
      expect(plan.conflicts).toHaveLength(1)
      expect(await lab.routes(6)).toEqual(before)
    })

    test('after the link went down and up, whose routes nobody announced as gone, all of them are back', async () => {
      const wanted = rendered({
        routes: [
          { to: 'default', via: '192.168.1.1' },
          { to: '10.60.0.0/16', via: '192.168.1.1' },
          { to: 'fd00:60::/64', via: 'fd00:1::1' },
        ],
      })
      await lab.pass(wanted)
      const [v4, v6] = [await lab.routes(4), await lab.routes(6)]
      await lab.ip(4, 'link set eth0 down')
      expect(await lab.routes(4)).not.toContain('default via 192.168.1.1 dev eth0 proto 201')
      const down = await lab.pass(wanted, remembered(wanted))
      // Without dev in the document, only the kernel can tell that the gateway is gone.
      expect(down.refused.length + down.plan.waiting.length).toBe(3)
      await lab.ip(4, 'link set eth0 up')
      await lab.ip(6, 'addr replace fd00:1::5/64 dev eth0 nodad')
      const up = await lab.pass(wanted, remembered(wanted))
      expect(up.refused).toEqual([])
      expect((await lab.routes(4)).toSorted()).toEqual(v4.toSorted())
      expect((await lab.routes(6)).filter((line) => line.includes('proto 201'))).toEqual(
        v6.filter((line) => line.includes('proto 201')),
      )
    })

    test('a route waits for an interface that is down or not there', async () => {
      const wanted = rendered({
        routes: [
          { to: '10.1.0.0/16', dev: 'eth9' },
          { to: '10.2.0.0/16', dev: 'eth1' },
        ],
      })
      await lab.ip(4, 'link set eth1 down')
      const { plan } = await lab.pass(wanted)
      expect(plan.writes.filter(({ kind }) => kind === 'add-route')).toEqual([])
      expect(plan.waiting.map(({ device, reason }) => [device, reason])).toEqual([
        ['eth9', 'no-interface'],
        ['eth1', 'down'],
      ])
    })

    test('after a flush of the main table, connected routes come first and ours follow', async () => {
      const wanted = rendered({
        routes: [
          { to: 'default', via: '192.168.1.1' },
          { to: '10.60.0.0/16', via: '192.168.2.1' },
          { to: 'fd00:60::/64', via: 'fd00:1::1' },
          { to: 'fd00:61::/64', via: 'fe80::77', dev: 'eth1' },
        ],
      })
      await lab.pass(wanted)
      const [v4, v6] = [await lab.routes(4), await lab.routes(6)]
      await lab.ip(4, 'route flush table main')
      await lab.ip(6, 'route flush table main')
      expect(await lab.routes(4)).toEqual([])
      const { refused, plan } = await lab.pass(wanted, remembered(wanted))
      expect(refused).toEqual([])
      expect(plan.writes[0]?.kind).toBe('restore-route')
      expect((await lab.routes(4)).toSorted()).toEqual(v4.toSorted())
      expect((await lab.routes(6)).toSorted()).toEqual(v6.toSorted())
      expect((await lab.pass(wanted, remembered(wanted))).plan.writes).toEqual([])
    })

    test('rules that vanished come back; those of others stay where they are', async () => {
      await lab.ip(
        4,
        'rule add from 1.2.3.4 lookup 52 pref 5270',
        'rule add to 10.42.0.0/16 lookup main pref 5300 protocol 16',
      )
      const wanted = rendered({
        routingRules: [
          { to: '10.42.0.0/16', table: 254 },
          { from: '10.42.0.0/16', table: 7150 },
        ],
      })
      await lab.pass(wanted)
      const before = await lab.node.run(['/usr/sbin/ip', '-4', 'rule'])
      await lab.ip(4, 'rule flush protocol 201')
      const { plan } = await lab.pass(wanted, remembered(wanted))
      expect(plan.drifts.map(({ kind }) => kind)).toEqual(['removed', 'removed'])
      expect((await lab.node.run(['/usr/sbin/ip', '-4', 'rule'])).split('\n').sort()).toEqual(before.split('\n').sort())
      const gone = await lab.pass({ routes: [], routingRules: [] })
      expect(gone.refused).toEqual([])
      expect((await lab.port.read(signal)).rules.filter(({ protocol }) => protocol === 201)).toEqual([])
      expect(await lab.node.run(['/usr/sbin/ip', '-4', 'rule'])).toContain('from 1.2.3.4 lookup 52')
    })

    test('of two own rules at one priority only the one that is not wanted goes', async () => {
      const wanted = rendered({ routingRules: [{ from: '10.42.0.0/16', table: 7150, priority: 5310 }] })
      await lab.pass(wanted)
      await lab.ip(
        4,
        'rule add from 10.42.0.0/16 tos 0x10 lookup 7150 pref 5310 protocol 201',
        'rule add not to 10.42.0.0/16 lookup 7150 pref 5310 protocol 201',
      )
      const { plan, refused } = await lab.pass(wanted)
      expect(plan.writes.map(({ kind }) => kind)).toEqual(['remove-rule', 'remove-rule'])
      expect(refused).toEqual([])
      expect((await lab.pass(wanted)).plan.writes).toEqual([])
    })
  },
)
