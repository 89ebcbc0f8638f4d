import { describe, expect, test } from 'vitest'
import type { Leftovers } from '../../../src/domain/leftovers.ts'
import { artefactOf, chainsOf, container, leftoversOf, planOf, recording, tablesOf } from './sample-leftovers.ts'

const recorded = tablesOf(recording('iptables-save-policy-disabled.txt'))
const off = ['server', '--flannel-backend=none']
const v4 = { family: 'v4', table: 254, type: 'unicast' } as const
const byTunnel = { ...v4, to: '10.42.1.0/24', device: 'flannel.1', via: '10.42.1.0', protocol: 3 }
const byHost = { ...v4, to: '10.42.1.0/24', device: 'eth0', via: '172.30.0.3', protocol: 3 }
const tunnel = { name: 'flannel.1', kind: 'vxlan' }

const names = (plan: ReturnType<typeof planOf>): readonly string[] =>
  plan.removals.flatMap((one) => (one.kind === 'link' ? [one.name] : []))

describe('rules of flannel 0.14, which have no name and no comment', () => {
  const rulesGone = (leftovers: Leftovers): readonly string[] =>
    chainsOf(planOf('flannel', leftovers)).flatMap(({ rules }) => rules.map((words) => words.join(' ')))

  test('go by their exact words, from the networks of the cluster', () => {
    expect(rulesGone(leftoversOf({ tables: recorded, k3sArguments: off }))).toEqual([
      'FORWARD -s 10.42.0.0/16 -j ACCEPT',
      'FORWARD -d 10.42.0.0/16 -j ACCEPT',
      'POSTROUTING -s 10.42.0.0/16 -d 10.42.0.0/16 -j RETURN',
      'POSTROUTING -s 10.42.0.0/16 ! -d 224.0.0.0/4 -j MASQUERADE --random-fully',
      'POSTROUTING ! -s 10.42.0.0/16 -d 10.42.0.0/24 -j RETURN',
      'POSTROUTING ! -s 10.42.0.0/16 -d 10.42.0.0/16 -j MASQUERADE --random-fully',
    ])
  })

  test.each([
    '-A POSTROUTING -s 10.99.0.0/16 -d 10.99.0.0/16 -j RETURN',
    '-A POSTROUTING -s 10.42.0.0/16 ! -d 224.0.0.0/4 -o eth0 -j MASQUERADE',
    '-A POSTROUTING ! -s 10.42.0.0/16 -d 10.42.0.0/24 -j RETURN',
    '-A POSTROUTING -s 10.42.0.0/17 -d 10.42.0.0/16 -j RETURN',
    '-A POSTROUTING -s 10.42.0.0/16 -d 10.42.0.0/16 -m comment --comment mine -j RETURN',
  ])('a look-alike stays: %s', (line) => {
    const tables = tablesOf(`*nat\n:POSTROUTING ACCEPT [0:0]\n${line}\nCOMMIT\n`)
    expect(rulesGone(leftoversOf({ tables, k3sArguments: off }))).toEqual([])
  })

  test("the one for the node's own pods goes by itself where flannel told their network", () => {
    const tables = tablesOf(
      '*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING ! -s 10.42.0.0/16 -d 10.42.0.0/24 -j RETURN\nCOMMIT\n',
    )
    expect(rulesGone(leftoversOf({ tables, k3sArguments: off, flannelSubnets: ['10.42.0.0/24'] }))).toHaveLength(1)
  })

  test('those of 1.23 go with the comments that flannel gave them', () => {
    const tables = tablesOf(
      '*filter\n:FORWARD ACCEPT [0:0]\n-A FORWARD -s 10.42.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT\nCOMMIT\n',
    )
    expect(rulesGone(leftoversOf({ tables, k3sArguments: off }))).toHaveLength(1)
  })
})

describe('flannel that was switched off', () => {
  const all = leftoversOf({
    k3sArguments: off,
    tables: tablesOf(
      '*nat\n:POSTROUTING ACCEPT [0:0]\n:FLANNEL-POSTRTG - [0:0]\n-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG\nCOMMIT\n',
    ),
    nftTables: [
      { family: 'ip', name: 'flannel-ipv4' },
      { family: 'ip', name: 'mine' },
    ],
    links: [tunnel, { name: 'cni0', kind: 'bridge' }, { name: 'flannel.9', kind: 'dummy' }],
    routes: [byHost, { ...byHost, to: '10.42.0.0/16' }, { ...byHost, to: '10.42.2.0/24', protocol: 4 }],
    files: ['/var/lib/rancher/k3s/agent/etc/cni/net.d/10-flannel.conflist', '/etc/cni/net.d/05-cilium.conflist'],
    leases: [
      { path: '/var/lib/cni/networks/cbr0/10.42.0.5', container: container('a') },
      { path: '/var/lib/cni/networks/cbr0/10.42.0.6', container: container('b') },
    ],
    containers: new Set([container('b')]),
  })

  test('leaves nothing of its own, and everything else stays', () => {
    const plan = planOf('flannel', all)
    expect(plan.removals.map(({ kind }) => kind)).toEqual([
      'chains',
      'nft-table',
      'route',
      'link',
      'link',
      'file',
      'file',
    ])
    expect(names(plan)).toEqual(['flannel.1', 'cni0'])
    expect(plan.removals.flatMap((one) => (one.kind === 'file' ? [one.path] : []))).toEqual([
      '/var/lib/rancher/k3s/agent/etc/cni/net.d/10-flannel.conflist',
      '/var/lib/cni/networks/cbr0/10.42.0.5',
    ])
  })

  test('its bridge stays while a pod hangs on it', () => {
    const links = [...all.links, { name: 'veth1', kind: 'veth', master: 'cni0' }]
    const plan = planOf('flannel', { ...all, links })
    expect(names(plan)).toEqual(['flannel.1'])
    expect(plan.kept).toMatchObject([{ what: 'device cni0' }])
  })

  test('no address is given back while nobody knows which containers there are', () => {
    const files = planOf('flannel', { ...all, containers: undefined }).removals.filter(({ kind }) => kind === 'file')
    expect(files).toHaveLength(1)
  })

  test('devices of a Canal that uses them stay', () => {
    expect(names(planOf(artefactOf('flannel', { keepDevices: ['flannel.1'] }), all))).toEqual(['cni0'])
  })

  test.each([
    ['a server runs it', { k3sArguments: ['server'] }],
    ['an agent ran it last, and nobody knows more', { k3sArguments: ['agent'], flannelBackend: 'vxlan' }],
    ['flanneld runs by itself', { programs: ['flanneld'] }],
  ])('everything stays while %s', (_, changes) => {
    expect(planOf('flannel', { ...all, ...changes }).removals).toEqual([])
  })
})

describe('flannel.1 after another backend was chosen', () => {
  const hostGateway = leftoversOf({
    k3sArguments: ['server', '--flannel-backend=host-gw'],
    links: [tunnel],
    routes: [byHost],
  })

  test('goes when every pod network is reached directly', () => {
    expect(names(planOf('vxlan-devices', hostGateway))).toEqual(['flannel.1'])
  })

  test('stays while a node is still reached by it', () => {
    const plan = planOf('vxlan-devices', { ...hostGateway, routes: [byHost, { ...byTunnel, to: '10.42.2.0/24' }] })
    expect(plan.kept[0]?.reason).toBe('still-active: 10.42.2.0/24 is reached by flannel.1')
  })

  test('stays while other nodes announce vxlan, whatever the routes say', () => {
    expect(names(planOf('vxlan-devices', hostGateway, { peerBackends: new Set(['vxlan']) }))).toEqual([])
  })

  test('case 43: is told by its kind: a WireGuard device of that name is one of the old backend', () => {
    const links = [{ name: 'flannel.1', kind: 'wireguard' }]
    const peerBackends = new Set(['host-gw'])
    expect(names(planOf('vxlan-devices', { ...hostGateway, links }, { peerBackends }))).toEqual([])
    expect(names(planOf('legacy-backends', { ...hostGateway, links }, { peerBackends }))).toEqual(['flannel.1'])
  })

  test('case 34: takes the routes along that would hide an encrypted tunnel, and leaves those of the tunnel', () => {
    const leftovers = leftoversOf({
      k3sArguments: ['server', '--flannel-backend=wireguard-native'],
      links: [tunnel, { name: 'flannel-wg', kind: 'wireguard' }],
      routes: [
        byTunnel,
        { ...byHost, to: '10.42.2.0/24' },
        { ...v4, to: '10.42.0.0/16', device: 'flannel-wg', protocol: 3 },
      ],
    })
    expect(planOf('vxlan-devices', leftovers).kept[0]?.reason).toMatch(/^unknown/)
    const plan = planOf('vxlan-devices', leftovers, { peerBackends: new Set(['wireguard']) })
    expect(plan.removals.flatMap((one) => (one.kind === 'route' ? [one.route.to] : []))).toEqual(['10.42.2.0/24'])
    expect(names(plan)).toEqual(['flannel.1'])
  })

  test.each([
    ['server', { k3sArguments: ['server'] }],
    ['agent', { k3sArguments: ['agent'], flannelBackend: 'vxlan' }],
    ['agent of which nothing is known', { k3sArguments: ['agent'] }],
  ])('stays on a %s that runs vxlan or may do so', (_, changes) => {
    expect(names(planOf('vxlan-devices', { ...hostGateway, ...changes }))).toEqual([])
  })

  test('an agent shows its backend in the file that K3s writes when it starts', () => {
    const agent = { ...hostGateway, k3sArguments: ['agent'], flannelBackend: 'host-gw' }
    expect(names(planOf('vxlan-devices', agent))).toEqual(['flannel.1'])
  })

  test('a tunnel of WireGuard goes once all nodes have left it', () => {
    const links = [{ name: 'flannel-wg', kind: 'wireguard' }]
    const leftovers = { ...leftoversOf({ links }), files: ['/run/flannel/wgkey'] }
    expect(names(planOf('wireguard-devices', leftovers))).toEqual([])
    const plan = planOf('wireguard-devices', leftovers, { peerBackends: new Set(['vxlan']) })
    expect(plan.removals.map(({ kind }) => kind)).toEqual(['link', 'file'])
  })
})
