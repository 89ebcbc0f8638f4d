import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PodRoutes } from '../../../src/domain/pod-routes.ts'
import { checkPodRoutes } from '../../../src/plan/routes/check-pod-routes.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { newRouteLab, type RouteLab, signal } from '../../netns/route-lab.ts'

const why = await whyNoNamespaces(['ip'])
const pods: PodRoutes = {
  backend: 'host-gw',
  directRouting: false,
  clusterCIDRs: ['10.42.0.0/16', 'fd00:42::/56'],
  peers: [
    { node: 'pi-2', podCIDRs: ['10.42.2.0/24', 'fd00:42:0:2::/64'], addresses: ['192.168.1.2', 'fd00:1::2'] },
    { node: 'pi-3', podCIDRs: ['10.42.3.0/24'], addresses: ['192.168.2.3'] },
  ],
  isComplete: true,
}
const long = (findings: readonly { readonly key: string }[]) => ({
  lastedMs: new Map(findings.map(({ key }) => [key, 60_000])),
})

describe.skipIf(why !== undefined)(`routes to pods in a kernel (${why ?? 'with namespaces'})`, () => {
  let lab: RouteLab
  beforeEach(async () => {
    lab = await newRouteLab('pods')
  })
  afterEach(() => lab.down())

  test('case 32: a missing route is put back as flannel would, is found right, and flannel can delete it', async () => {
    const now = await lab.port.read(signal)
    const { findings } = checkPodRoutes(pods, now, { lastedMs: new Map() })
    expect(findings.map(({ kind, to }) => [kind, to])).toEqual([
      ['missing', '10.42.2.0/24'],
      ['missing', 'fd00:42:0:2::/64'],
      ['missing', '10.42.3.0/24'],
    ])
    const { repairs } = checkPodRoutes(pods, now, long(findings))
    expect(await lab.port.write(repairs, signal)).toEqual([])
    expect(checkPodRoutes(pods, await lab.port.read(signal), long(findings))).toEqual({ findings: [], repairs: [] })
    expect(await lab.routes(4)).toContain('10.42.2.0/24 via 192.168.1.2 dev eth0')
    // Destination, gateway and interface are all that flannel tells the kernel.
    await lab.ip(4, 'route del 10.42.2.0/24 via 192.168.1.2 dev eth0')
    await lab.ip(6, 'route del fd00:42:0:2::/64 via fd00:1::2 dev eth0')
  })

  test('what flannel wrote is right, a wrong gateway is replaced, a stale route goes', async () => {
    await lab.ip(
      4,
      'route add 10.42.2.0/24 via 192.168.1.2 dev eth0',
      'route add 10.42.3.0/24 via 192.168.1.77 dev eth0',
      'route add 10.42.9.0/24 via 192.168.1.9 dev eth0',
      'route add 10.42.8.0/24 via 192.168.1.9 dev eth0 proto 80',
    )
    await lab.ip(6, 'route add fd00:42:0:2::/64 via fd00:1::2 dev eth0')
    const now = await lab.port.read(signal)
    const { findings } = checkPodRoutes(pods, now, { lastedMs: new Map() })
    expect(findings.map(({ kind, to }) => [kind, to])).toEqual([
      ['wrong-gateway', '10.42.3.0/24'],
      ['stale', '10.42.8.0/24'],
      ['stale', '10.42.9.0/24'],
    ])
    const unreachable = checkPodRoutes({ ...pods, isComplete: false }, now, long(findings))
    expect(unreachable.repairs.filter(({ kind }) => kind === 'remove-route')).toEqual([])
    const { repairs } = checkPodRoutes(pods, now, long(findings))
    expect(await lab.port.write(repairs, signal)).toEqual([])
    expect(await lab.routes(4)).toEqual(
      expect.arrayContaining([
        '10.42.2.0/24 via 192.168.1.2 dev eth0',
        '10.42.3.0/24 via 192.168.2.3 dev eth1',
        '10.42.8.0/24 via 192.168.1.9 dev eth0 proto 80',
      ]),
    )
    expect((await lab.routes(4)).join('\n')).not.toContain('10.42.9.0')
  })

  test('case 34: vxlan routes beside the tunnel of WireGuard are an unencrypted path', async () => {
    await lab.ip(
      4,
      'link add flannel-wg type bridge',
      'link set flannel-wg up',
      'link add flannel.1 type vxlan id 1 dstport 8472 dev eth0',
      'link set flannel.1 up',
      'route add 10.42.2.0/24 via 10.42.2.0 dev flannel.1 onlink',
    )
    const wireguard: PodRoutes = { ...pods, backend: 'wireguard-native', clusterCIDRs: ['10.42.0.0/16'] }
    const now = await lab.port.read(signal)
    const { findings } = checkPodRoutes(wireguard, now, { lastedMs: new Map() })
    expect(findings.map(({ kind, to }) => [kind, to])).toEqual([
      ['missing', '10.42.0.0/16'],
      ['unencrypted', '10.42.2.0/24'],
    ])
    const { repairs } = checkPodRoutes(wireguard, now, long(findings))
    expect(await lab.port.write(repairs, signal)).toEqual([])
    expect((await lab.routes(4)).join('\n')).toContain('10.42.0.0/16 dev flannel-wg scope link')
    await lab.ip(4, 'link del flannel.1')
    expect(checkPodRoutes(wireguard, await lab.port.read(signal), long(findings)).findings).toEqual([])
  })

  test('with vxlan the route goes into the tunnel', async () => {
    await lab.ip(4, 'link add flannel.1 type vxlan id 1 dstport 8472 dev eth0', 'link set flannel.1 up')
    const vxlan: PodRoutes = { ...pods, backend: 'vxlan', peers: pods.peers.slice(1) }
    const now = await lab.port.read(signal)
    const { findings } = checkPodRoutes(vxlan, now, { lastedMs: new Map() })
    const { repairs } = checkPodRoutes(vxlan, now, long(findings))
    expect(await lab.port.write(repairs, signal)).toEqual([])
    expect(await lab.routes(4)).toContain('10.42.3.0/24 via 10.42.3.0 dev flannel.1 onlink')
  })
})
