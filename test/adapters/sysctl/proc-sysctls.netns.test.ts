import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ArtefactId } from '../../../src/domain/artefact.ts'
import type { SysctlArtefact } from '../../../src/domain/host-route.ts'
import type { RememberedSysctl, SysctlPlan } from '../../../src/plan/routes/plan-sysctls.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { newRouteLab, type RouteLab, rendered, signal } from '../../netns/route-lab.ts'

const why = await whyNoNamespaces(['ip', 'sysctl', 'python3'])
const script = new URL('./settle-sysctls.ts', import.meta.url).pathname

/** A router advertisement that offers itself as the default router for half an hour (RFC 4861 §4.2). */
const advertise = `
import socket, struct
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
s.sendto(struct.pack('!BBHBBHII', 134, 0, 0, 64, 0, 1800, 0, 0), ('ff02::1', 0, 0, socket.if_nametoindex('far0')))
`

type Memory = readonly (readonly [ArtefactId, RememberedSysctl])[]
type Settled = Omit<SysctlPlan, 'remembered'> & { readonly remembered: Memory }

describe.skipIf(why !== undefined)(`kernel settings of a namespace (${why ?? 'with namespaces'})`, () => {
  let lab: RouteLab
  beforeEach(async () => {
    lab = await newRouteLab('sys')
  })
  afterEach(() => lab.down())

  async function settle(sysctls: Readonly<Record<string, string>>, memory: Memory = []): Promise<Settled> {
    const wanted: readonly SysctlArtefact[] = rendered({ sysctls }).sysctls
    return JSON.parse(await lab.node.run([process.execPath, script], JSON.stringify({ wanted, memory }))) as Settled
  }

  async function set(...settings: readonly string[]): Promise<void> {
    await lab.node.run(['/usr/sbin/sysctl', '-qw', ...settings])
  }

  async function get(name: string): Promise<string> {
    return (await lab.node.run(['/usr/sbin/sysctl', '-n', name])).trim()
  }

  async function defaultRoutes(): Promise<readonly string[]> {
    const { routes } = await lab.port.read(signal)
    return routes
      .filter(({ to, protocol }) => to === '::/0' && protocol === 9)
      .map(({ nextHops }) => nextHops[0]?.dev ?? '')
  }

  async function advertised(): Promise<void> {
    await set('net.ipv6.conf.far0.forwarding=1', 'net.ipv6.conf.eth0.accept_ra=1', 'net.ipv6.conf.eth0.forwarding=0')
    for (let times = 0; times < 40 && (await defaultRoutes()).length === 0; times += 1) {
      await lab.node.run(['/usr/bin/python3', '-c', advertise])
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(await defaultRoutes()).toEqual(['eth0'])
  }

  test('the default route of a router goes at once when forwarding begins without accept_ra', async () => {
    await advertised()
    await set('net.ipv6.conf.all.forwarding=1')
    expect(await defaultRoutes()).toEqual([])
  })

  test.each([
    {
      sysctls: { 'net.ipv6.conf.all.forwarding': '1', 'net.ipv6.conf.eth0.accept_ra': '2' },
      keys: ['net.ipv6.conf.eth0.accept_ra', 'net.ipv6.conf.all.forwarding'],
    },
    {
      sysctls: { 'net.ipv6.conf.all.forwarding': '1', 'net.ipv6.conf.all.accept_ra': '2' },
      keys: expect.arrayContaining(['net.ipv6.conf.eth0.accept_ra', 'net.ipv6.conf.all.forwarding']),
    },
  ])('it never disappears when accept_ra is 2 first: $sysctls', async ({ sysctls, keys }) => {
    await advertised()
    const deleted: string[] = []
    const monitor = lab.node.commands.follow(['/usr/sbin/ip', '-6', 'monitor', 'route'], {
      onLine: (line) => deleted.push(...(line.startsWith('Deleted default') ? [line] : [])),
      onEnd: () => {},
    })
    await new Promise((resolve) => setTimeout(resolve, 200))
    const { writes } = await settle(sysctls)
    await new Promise((resolve) => setTimeout(resolve, 200))
    await monitor.stop()
    expect(writes.map(({ artefact }) => artefact.key)).toEqual(keys)
    expect(deleted).toEqual([])
    expect(await defaultRoutes()).toEqual(['eth0'])
  })

  test('case 39: accept_ra of all at 2 while an uplink has 1 is drift, and the uplink gets it', async () => {
    await set('net.ipv6.conf.all.accept_ra=2', 'net.ipv6.conf.eth0.accept_ra=1', 'net.ipv6.conf.eth1.accept_ra=0')
    const { writes } = await settle({ 'net.ipv6.conf.all.accept_ra': '2' })
    expect(writes.map(({ artefact }) => artefact.key)).toContain('net.ipv6.conf.eth0.accept_ra')
    expect(await get('net.ipv6.conf.eth0.accept_ra')).toBe('2')
    expect(await get('net.ipv6.conf.eth1.accept_ra')).toBe('0')
  })

  test('case 40: one interface that does not forward while ip_forward is 1 is drift, and forwards again', async () => {
    await set('net.ipv4.ip_forward=1', 'net.ipv4.conf.eth1.forwarding=0')
    const { writes, remembered } = await settle({ 'net.ipv4.ip_forward': '1' })
    expect(writes.map(({ artefact }) => artefact.key)).toEqual(['net.ipv4.conf.eth1.forwarding'])
    expect(await get('net.ipv4.conf.eth1.forwarding')).toBe('1')
    const again = await settle({ 'net.ipv4.ip_forward': '1' }, remembered)
    expect(again).toMatchObject({ writes: [], releases: [] })
    await settle({}, again.remembered)
    expect(await get('net.ipv4.conf.eth1.forwarding')).toBe('0')
  })

  test('a setting comes back after somebody changed it, and is released to what it was, unless it is no longer ours', async () => {
    await lab.ip(4, 'link add flannel.1 type vxlan id 1 dstport 8472 dev eth0')
    await set('net/ipv4/conf/flannel.1/rp_filter=1')
    const wanted = { 'net.ipv4.conf.flannel.1.rp_filter': '2', 'net.ipv4.conf.eth9.rp_filter': '2' }
    const first = await settle(wanted)
    expect(first.waiting).toMatchObject([{ device: 'eth9' }])
    expect(await get('net/ipv4/conf/flannel.1/rp_filter')).toBe('2')
    await set('net/ipv4/conf/flannel.1/rp_filter=0')
    const second = await settle(wanted, first.remembered)
    expect(second.writes).toMatchObject([{ found: '0', isDrift: true }])
    const released = await settle({}, second.remembered)
    expect(await get('net/ipv4/conf/flannel.1/rp_filter')).toBe('1')
    expect((await settle({}, released.remembered)).remembered).toEqual([])
    await settle(wanted, released.remembered)
    await set('net/ipv4/conf/flannel.1/rp_filter=0')
    await settle({}, second.remembered)
    expect(await get('net/ipv4/conf/flannel.1/rp_filter')).toBe('0')
  })
})
