import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { installK3s } from '../netns/k3s-install.ts'
import type { Lab } from '../netns/lab.ts'
import { routeFaults } from '../netns/route-faults.ts'
import { http, httpServer, ping, udpStream } from '../netns/traffic.ts'
import { agentOnNode, isInForce, logged, skipped, whyNotHere } from './agent-on-node.ts'
import { median, timeUntil } from './time-until.ts'

const viaRouter = '  routes: [{ to: 192.168.13.0/24, via: 192.168.11.1, dev: eth0 }]\n'
const everyRoute = `  routes:
    - { to: default, via: 192.168.11.1, dev: eth0, onConflict: Adopt }
    - { to: 10.60.0.0/16, via: 192.168.11.12, dev: eth0 }
    - { to: 'fd60::/64', via: 'fd11::12', dev: eth0 }
`
const secondWayOut = (fallback: string): string => `  egress:
    - { name: dsl, from: [10.42.1.0/24], via: [192.168.14.1], dev: eth1, fallback: ${fallback} }
`

describe.skipIf(whyNotHere !== undefined)(`routes${skipped}`, () => {
  test('case 25: a route that somebody deletes is back before a quarter of a second of a stream is lost', async () => {
    const { lab, enforce } = await agentOnNode({ only: ['gw', 'n1', 'cl'] })
    await lab.x('n1', ['ip', 'route', 'del', 'default'])
    await enforce(viaRouter)
    const faults = routeFaults(lab, 'n1')
    const lost: number[] = []
    for (let turn = 0; turn < 5; turn += 1) {
      const stream = await udpStream(lab, {
        from: 'n1',
        to: 'cl',
        address: lab.addresses.cl[4],
        port: 7000 + turn,
        packetsPerSecond: 1_000,
      })
      await sleep(200)
      await faults.deleteRoute('192.168.13.0/24')
      await sleep(700)
      const { sent, received, overruns, refused } = await stream.stop()
      // What the own kernel refuses for want of a route was never counted as sent.
      const unsent = Object.values(refused).reduce((sum, count) => sum + count, 0)
      lost.push(sent + unsent - received - overruns)
    }
    expect(median(lost)).toBeGreaterThan(0)
    expect(median(lost)).toBeLessThan(250)
  })

  test('case 26: a wrong next hop of somebody else is replaced by the right one, and told', async () => {
    const { lab, agent, enforce } = await agentOnNode({ only: ['gw', 'n1'] })
    await enforce(everyRoute)
    await routeFaults(lab, 'n1').replaceRoute('10.60.0.0/16 via 192.168.11.77 dev eth0 proto static')
    const found = async (): Promise<string> => await lab.x('n1', ['ip', '-N', 'route', 'show', '10.60.0.0/16'])
    await timeUntil(async () => (await found()).includes('via 192.168.11.12'), 5_000)
    expect(await found()).toContain('proto 201')
    await expect
      .poll(() => logged(agent, 'drift repaired').map(({ what }) => what))
      .toContain('10.60.0.0/16 via 192.168.11.12 dev eth0')
    await agent.statusUntil(isInForce)
  })

  test('case 27: after the link went down and up, all own routes are back, the default route too', async () => {
    const { lab, agent, enforce } = await agentOnNode({ only: ['gw', 'n1'] })
    await enforce(everyRoute)
    const before = await ownRoutes(lab)
    expect(before).toHaveLength(3)
    const faults = routeFaults(lab, 'n1')
    await faults.linkFlap('eth0')
    // The kernel takes IPv6 addresses along; whoever configured the interface brings them back.
    await faults.addAddress('fd11::11/64', 'eth0')
    await timeUntil(async () => (await ownRoutes(lab)).join() === before.join(), 5_000)
    expect(await ping(lab, 'n1', lab.addresses.gw[4])).toBe(true)
    await agent.statusUntil(isInForce)
  })

  test('case 28: after a flush of the main table connected routes are rebuilt, and all own routes follow', async () => {
    const { lab, agent, enforce } = await agentOnNode({ only: ['gw', 'n1'] })
    await enforce(everyRoute)
    const before = [await ownRoutes(lab), await connectedRoutes(lab)]
    await routeFaults(lab, 'n1').flushMain()
    const now = async (): Promise<string> => JSON.stringify([await ownRoutes(lab), await connectedRoutes(lab)])
    await timeUntil(async () => (await now()) === JSON.stringify(before), 5_000)
    expect(await ping(lab, 'n1', lab.addresses.gw[4])).toBe(true)
    await agent.statusUntil(isInForce)
  })

  test('case 35: pods leave by a second uplink and get answers although rp_filter is strict; pods are reached by main', async () => {
    const { lab, enforce } = await nodeWithTwoUplinks()
    await enforce(secondWayOut('None'))
    expect((await seenFromPod(lab)).source).toBe(lab.addresses.second[4])
    expect(await ping(lab, 'p1', lab.addresses.p2[4])).toBe(true)
    expect(await ping(lab, 'p2', lab.addresses.p1[4])).toBe(true)
  })

  test.each([
    { fallback: 'None', source: undefined },
    { fallback: 'Main', source: '192.168.11.11' },
  ])('case 36: with that uplink down and fallback $fallback the server sees $source', async ({ fallback, source }) => {
    const { lab, enforce } = await nodeWithTwoUplinks()
    await enforce(secondWayOut(fallback))
    expect((await seenFromPod(lab)).source).toBe(lab.addresses.second[4])
    const faults = routeFaults(lab, 'n1')
    await faults.linkDown('eth1')
    // At once, and when the agent has looked at it.
    expect((await seenFromPod(lab)).source).toBe(source)
    await sleep(500)
    expect((await seenFromPod(lab)).source).toBe(source)
    await faults.linkUp('eth1')
    await timeUntil(async () => (await seenFromPod(lab)).source === lab.addresses.second[4], 5_000)
  })

  test('case 37: routing rules that somebody flushes are back within a second, and the advice comes once', async () => {
    const { lab, agent, enforce } = await nodeWithTwoUplinks()
    await enforce(secondWayOut('None'))
    const rules = async (): Promise<string> => await lab.x('n1', ['ip', '-N', 'rule', 'show'])
    const before = await rules()
    expect(before).toContain('proto 201')
    const took: number[] = []
    for (let turn = 0; turn < 2; turn += 1) {
      await routeFaults(lab, 'n1').flushRules()
      took.push(await timeUntil(async () => (await rules()) === before, 5_000))
      await sleep(500)
    }
    expect(Math.min(...took)).toBeLessThan(1_000)
    expect((await seenFromPod(lab)).source).toBe(lab.addresses.second[4])
    const advice = agent
      .log()
      .split('\n')
      .filter((line) => line.includes('systemd-networkd leaves them'))
    expect(advice).toHaveLength(1)
    await agent.statusUntil(isInForce)
  })
})

async function nodeWithTwoUplinks(): ReturnType<typeof agentOnNode> {
  const node = await agentOnNode({ only: ['gw', 'n1', 'n2', 'p1', 'p2', 'cl'], secondUplink: true })
  const { lab } = node
  await installK3s(lab, 'n1')
  for (const device of ['all', 'default', 'eth0', 'eth1', 'cni0']) {
    await routeFaults(lab, 'n1').sysctl(`net/ipv4/conf/${device}/rp_filter`, '1')
  }
  await httpServer(lab, 'cl', 8080)
  expect((await seenFromPod(lab)).source).toBe(lab.addresses.n1[4])
  return node
}

async function seenFromPod(lab: Lab): ReturnType<typeof http> {
  return await http(lab, 'p1', `http://${lab.addresses.cl[4]}:8080/`)
}

async function ownRoutes(lab: Lab): Promise<readonly string[]> {
  return await routesOf(lab, '201')
}

/** Those to networks: an address of its own needs none, the kernel has it in table local. */
async function connectedRoutes(lab: Lab): Promise<readonly string[]> {
  return (await routesOf(lab, '2')).filter((line) => /^(?!fe80)\S+\/\d+ /.test(line))
}

async function routesOf(lab: Lab, protocol: string): Promise<readonly string[]> {
  const printed = await Promise.all(
    ['-4', '-6'].map((family) => lab.x('n1', ['ip', family, '-N', 'route', 'show', 'proto', protocol])),
  )
  return printed
    .flatMap((text) =>
      text
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean),
    )
    .toSorted()
}
