import { describe, expect, test } from 'vitest'
import type { HostRoutes, ObservedRoute, RouteWrite } from '../../../src/domain/host-routes.ts'
import type { PodRoutes } from '../../../src/domain/pod-routes.ts'
import type { HostRoutesPort } from '../../../src/ports/host-routes-port.ts'
import {
  newPodRouteMemory,
  type PodRouteOutcome,
  repairPodRoutes,
} from '../../../src/reconcile/network/pod-route-repairs.ts'
import { recordingLog } from '../../lab/recording-log.ts'

const wanted: PodRoutes = {
  backend: 'host-gw',
  directRouting: false,
  clusterCIDRs: ['10.42.0.0/16'],
  peers: [{ node: 'pi-2', podCIDRs: ['10.42.2.0/24'], addresses: ['192.168.1.2'] }],
  isComplete: true,
}
const stale = route('10.42.9.0/24', '192.168.1.9')

function route(to: string, via: string): ObservedRoute {
  const hop = { via, dev: 'eth0' }
  return { family: 4, table: 254, to, metric: 0, type: 'unicast', protocol: 3, nextHops: [hop], flags: [] }
}

/** A node at 192.168.1.5 whose routes and clock the test holds. */
function node(given: { readonly answering?: readonly string[]; readonly refuse?: string } = {}) {
  const memory = newPodRouteMemory()
  const log = recordingLog()
  const written: RouteWrite[] = []
  const asked: string[] = []
  let clockMs = 1_000_000
  const routes: Pick<HostRoutesPort, 'write'> = {
    write: async (writes) => {
      written.push(...writes)
      return given.refuse === undefined ? [] : writes.map((write) => ({ write, message: given.refuse ?? '' }))
    },
  }
  const ports = {
    routes: async () => routes as HostRoutesPort,
    probes: {
      sessions: async () => [],
      run: async (probes: readonly { readonly name: string }[]) => {
        asked.push(...probes.map(({ name }) => name))
        return probes.map(({ name }) => ({
          name,
          passed: given.answering?.includes(name) ?? false,
          tookMs: 1,
          message: '',
        }))
      },
    },
    clock: { nowMs: () => clockMs, monotonicMs: () => clockMs, sleep: async () => undefined, schedule: () => () => {} },
    log,
  }
  const pass = async (
    seconds: number,
    held: readonly ObservedRoute[],
    given: { readonly list?: PodRoutes; readonly isCached?: boolean } = {},
  ): Promise<PodRouteOutcome> => {
    clockMs += seconds * 1_000
    const now: HostRoutes = {
      routes: held,
      rules: [],
      links: [
        {
          name: 'eth0',
          index: 2,
          isUp: true,
          hasCarrier: true,
          mtuBytes: 1500,
          addresses: [{ address: '192.168.1.5/24', noPrefixRoute: false }],
        },
      ],
    }
    const how = { isCached: given.isCached ?? false, signal: new AbortController().signal }
    return await repairPodRoutes(given.list ?? wanted, now, memory, ports, how)
  }
  return { pass, written, asked, log }
}

const right = route('10.42.2.0/24', '192.168.1.2')

describe('routes to pods in the loop', () => {
  test('one that is missing waits for flannel, and is then written as flannel writes it', async () => {
    const { pass, written } = node()
    expect(await pass(0, [])).toMatchObject({
      applied: [],
      reported: [{ kind: 'pod-route', what: '10.42.2.0/24' }],
      revisitAfterMs: 15_000,
    })
    expect(await pass(14, [])).toMatchObject({ applied: [], revisitAfterMs: 1_000 })
    const done = await pass(1, [])
    expect(done.reported).toEqual([])
    expect(done.applied).toMatchObject([
      { kind: 'pod-route', effect: 'create', what: '10.42.2.0/24 via 192.168.1.2 dev eth0' },
    ])
    expect(written).toMatchObject([{ kind: 'add-route', protocol: 3, route: { to: '10.42.2.0/24', metric: 0 } }])
  })

  test('one that flannel put back meanwhile begins anew when it is lost again', async () => {
    const { pass, written } = node()
    await pass(0, [])
    expect(await pass(10, [right])).toEqual({ applied: [], reported: [] })
    expect(await pass(10, [])).toMatchObject({ revisitAfterMs: 15_000 })
    expect(written).toEqual([])
  })

  test('one for pods of no node goes after a minute, once its gateway does not answer', async () => {
    const { pass, written, asked } = node()
    expect((await pass(0, [right, stale])).reported).toMatchObject([{ what: '10.42.9.0/24' }])
    await pass(59, [right, stale])
    expect(asked).toEqual([])
    expect((await pass(1, [right, stale])).applied).toMatchObject([{ effect: 'remove' }])
    expect(asked).toEqual(['192.168.1.9'])
    expect(written).toEqual([{ kind: 'remove-route', route: stale }])
  })

  test.each([
    { name: 'its gateway answers', given: { answering: ['192.168.1.9'] }, how: {}, reason: /its gateway answers$/ },
    { name: 'nobody confirmed the list of nodes', given: {}, how: { isCached: true }, reason: undefined },
    {
      name: 'the list of nodes is not complete',
      given: {},
      how: { list: { ...wanted, isComplete: false } },
      reason: undefined,
    },
  ])('one for pods of no node stays while $name', async ({ given, how, reason }) => {
    const { pass, written } = node(given)
    await pass(0, [right, stale], how)
    const { reported } = await pass(600, [right, stale], how)
    expect(written).toEqual([])
    expect(reported.map((one) => one.reason)).toEqual(reason === undefined ? [] : [expect.stringMatching(reason)])
  })

  test('one that came after the list of nodes may be that of a new node, and stays', async () => {
    const { pass, written, asked } = node()
    await pass(0, [right])
    await pass(1, [right, stale])
    const { reported } = await pass(600, [right, stale])
    expect(reported).toMatchObject([{ reason: expect.stringMatching(/newer than the list of nodes, and stays$/) }])
    expect([written, asked]).toEqual([[], []])
    // The next list says whether it is.
    const newer = { ...wanted, peers: [...wanted.peers, { node: 'pi-4', podCIDRs: ['10.42.4.0/24'], addresses: [] }] }
    await pass(1, [right, stale], { list: newer })
    expect((await pass(60, [right, stale], { list: newer })).applied).toMatchObject([{ effect: 'remove' }])
  })

  test('every gateway is asked for itself, and one that answered is asked again a minute later', async () => {
    const { pass, asked } = node({ answering: ['192.168.1.9'] })
    const other = route('10.42.8.0/24', '192.168.1.8')
    await pass(0, [right, stale, other])
    await pass(60, [right, stale, other])
    await pass(30, [right, stale])
    await pass(30, [right, stale])
    expect(asked).toEqual(['192.168.1.9', '192.168.1.8', '192.168.1.9'])
  })

  test('what the kernel refuses is told with its words', async () => {
    const { pass, log } = node({ refuse: 'Nexthop has invalid gateway.' })
    await pass(0, [])
    const { applied, reported } = await pass(15, [])
    expect(applied).toEqual([])
    expect(reported).toMatchObject([{ reason: expect.stringContaining('Nexthop has invalid gateway.') }])
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })
})
