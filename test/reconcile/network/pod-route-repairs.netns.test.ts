import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openProbes } from '../../../src/adapters/probes/node-probes.ts'
import type { PodRoutes } from '../../../src/domain/pod-routes.ts'
import { newPodRouteMemory, repairPodRoutes } from '../../../src/reconcile/network/pod-route-repairs.ts'
import { recordingLog } from '../../lab/recording-log.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { newRouteLab, type RouteLab, signal } from '../../netns/route-lab.ts'

const why = await whyNoNamespaces(['ip', 'ping'])
const pods: PodRoutes = {
  backend: 'host-gw',
  directRouting: false,
  clusterCIDRs: ['10.42.0.0/16'],
  peers: [
    { node: 'pi-2', podCIDRs: ['10.42.2.0/24'], addresses: ['192.168.1.2'] },
    { node: 'pi-3', podCIDRs: ['10.42.3.0/24'], addresses: ['192.168.2.3'] },
  ],
  isComplete: true,
}

describe.skipIf(why !== undefined)(`routes to pods in the loop of a real kernel (${why ?? 'with namespaces'})`, () => {
  let lab: RouteLab
  beforeEach(async () => {
    lab = await newRouteLab('podloop')
    await lab.ip(
      4,
      'route add 10.42.2.0/24 via 192.168.1.2 dev eth0',
      'route add 10.42.3.0/24 via 192.168.2.3 dev eth1',
      'route add 10.42.9.0/24 via 192.168.1.9 dev eth0',
    )
  })
  afterEach(() => lab.down())

  /** The kernel and the pings are real; the clock is the test's. */
  function loopOf(wanted: PodRoutes) {
    const memory = newPodRouteMemory()
    let clockMs = 0
    const clock = {
      nowMs: () => clockMs,
      monotonicMs: () => clockMs,
      sleep: async () => undefined,
      schedule: () => () => undefined,
    }
    const probes = openProbes({ commands: lab.node.commands })
    const ports = { routes: async () => lab.port, probes, clock, log: recordingLog() }
    return async (seconds: number) => {
      clockMs += seconds * 1_000
      return await repairPodRoutes(wanted, await lab.port.read(signal), memory, ports, { isCached: false, signal })
    }
  }

  test('one that was missing for 15 seconds is back as flannel writes it, and flannel can delete it', async () => {
    const pass = loopOf(pods)
    await lab.ip(4, 'route del 10.42.2.0/24')
    await pass(0)
    await pass(14)
    expect((await lab.routes(4)).join('\n')).not.toContain('10.42.2.0')
    expect((await pass(1)).applied.map(({ what }) => what)).toEqual(['10.42.2.0/24 via 192.168.1.2 dev eth0'])
    expect(await lab.routes(4)).toContain('10.42.2.0/24 via 192.168.1.2 dev eth0')
    expect((await pass(1)).reported.map(({ what }) => what)).toEqual(['10.42.9.0/24'])
    await lab.ip(4, 'route del 10.42.2.0/24 via 192.168.1.2 dev eth0')
  })

  test('that of a node that is gone goes after a minute of silence, and no other route does', async () => {
    const pass = loopOf(pods)
    await pass(0)
    await pass(59)
    expect(await lab.routes(4)).toContain('10.42.9.0/24 via 192.168.1.9 dev eth0')
    expect((await pass(1)).applied.map(({ effect, id }) => [effect, id])).toEqual([
      ['remove', 'pod-route:10.42.9.0/24'],
    ])
    const routes = (await lab.routes(4)).filter((line) => line.startsWith('10.42.'))
    expect(routes).toEqual(['10.42.2.0/24 via 192.168.1.2 dev eth0', '10.42.3.0/24 via 192.168.2.3 dev eth1'])
    expect(await pass(60)).toEqual({ applied: [], reported: [] })
  })

  test('nothing is removed on the word of an incomplete list of nodes', async () => {
    const pass = loopOf({ ...pods, peers: pods.peers.slice(0, 1), isComplete: false })
    const before = await lab.routes(4)
    for (const seconds of [0, 60, 600]) await pass(seconds)
    expect(await lab.routes(4)).toEqual(before)
  })
})
