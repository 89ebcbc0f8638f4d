import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runInverse } from '../../../src/adapters/leftovers/run-inverse.ts'
import type { CleanupArtefact } from '../../../src/domain/cleanup.ts'
import type { CleanupPlan, Leftovers } from '../../../src/domain/leftovers.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { artefactOf, container, planOf, recording } from '../../plan/cleanups/sample-leftovers.ts'
import { neverAborted, newOldNode, type OldNode } from './old-node.ts'

const why = await whyNoNamespaces(['ip', 'bridge', 'iptables-nft-save', 'ipset', 'ping'])
const skipped = why === undefined ? '' : ` (${why})`

let node: OldNode
afterEach(async () => await node.down())

/** Looks, plans with the evidence given, keeps the undo, removes. */
async function cleanUp(
  artefact: CleanupArtefact,
  seen: Partial<Leftovers> = {},
  evidence: Parameters<typeof planOf>[2] = {},
) {
  const leftovers = { ...(await node.port.observe([artefact], neverAborted)), ...seen }
  const plan: CleanupPlan = planOf(artefact, leftovers, evidence)
  const undo = await node.port.inverse(plan, neverAborted)
  await node.port.remove(plan, neverAborted)
  return { plan, undo }
}

describe.skipIf(why !== undefined)(`flannel.1 of a server that went to host-gw${skipped}`, () => {
  const artefact = artefactOf('vxlan-devices')

  beforeEach(async () => {
    node = await newOldNode(['server', '--flannel-backend=host-gw'])
    await node.run(['ip', '-batch', '-'], oldTunnel)
    await node.run([
      'bridge',
      'fdb',
      'add',
      '72:17:f5:55:a6:8e',
      'dev',
      'flannel.1',
      'dst',
      '172.30.0.3',
      'self',
      'permanent',
    ])
  })

  const state = async (): Promise<unknown> => {
    const addresses: unknown = JSON.parse(await node.run(['ip', '-j', '-d', 'addr', 'show', 'dev', 'flannel.1']))
    return [
      // What a new device always gets anew.
      JSON.parse(
        JSON.stringify(addresses, (key, value) =>
          ['ifindex', 'tentative', 'dadfailed'].includes(key) ? undefined : value,
        ),
      ),
      await node.run(['ip', '-4', '-N', 'route', 'show', 'table', 'all']),
      await node.run(['ip', 'neigh', 'show', 'dev', 'flannel.1', 'nud', 'permanent']),
      await node.run(['bridge', 'fdb', 'show', 'dev', 'flannel.1']),
    ]
  }

  test('goes, pods of the other node are reached directly, and it comes back with all its entries', async () => {
    await node.run(['ip', 'route', 'replace', '10.42.1.0/24', 'via', '172.30.0.3', 'dev', 'eth0'])
    await node.run(['ip', 'route', 'add', '10.42.9.0/24', 'via', '10.42.9.0', 'dev', 'flannel.1', 'onlink'])
    const before = await state()
    const { undo } = await cleanUp(artefact, {}, { peerBackends: new Set(['host-gw']) })
    expect(await node.run(['ip', '-j', 'link', 'show', 'type', 'vxlan'])).toMatch(/^(\[\s*\{?\}?\s*\]\s*)?$/)
    expect(await node.run(['ip', 'route', 'get', '10.42.1.5'])).toContain('via 172.30.0.3 dev eth0')
    expect(await runInverse(undo, node.commands, neverAborted)).toEqual([])
    expect(await state()).toEqual(before)
    expect(await runInverse(undo, node.commands, neverAborted)).toEqual([])
    expect(await state()).toEqual(before)
  })

  test('stays while a node is reached by it', async () => {
    const { plan } = await cleanUp(artefact)
    expect(plan.kept).toMatchObject([{ reason: 'still-active: 10.42.1.0/24 is reached by flannel.1' }])
    expect(await node.run(['ip', 'link', 'show', 'flannel.1'])).toContain('flannel.1')
  })

  test('case 42: is in the way of the tunnel of Cilium, which comes up once it is gone', async () => {
    await node.run(['ip', 'link', 'add', 'cilium_vxlan', 'type', 'vxlan', 'external', 'dstport', '8472'])
    await expect(node.run(['ip', 'link', 'set', 'cilium_vxlan', 'up'])).rejects.toThrow(/in use/)
    await cleanUp(artefactOf('flannel'), { k3sArguments: ['server', '--flannel-backend=none'] })
    await node.run(['ip', 'link', 'set', 'cilium_vxlan', 'up'])
  })
})

const oldTunnel = `link add eth0 type veth peer name far
addr add 172.30.0.2/24 dev eth0
link set eth0 up
link set far up
link add flannel.1 address ca:39:e9:cc:76:d0 mtu 1450 type vxlan id 1 local 172.30.0.2 dev eth0 dstport 8472 nolearning
addr add 10.42.0.0/32 dev flannel.1
link set flannel.1 up
route add 10.42.1.0/24 via 10.42.1.0 dev flannel.1 onlink
neigh add 10.42.1.0 lladdr 72:17:f5:55:a6:8e dev flannel.1 nud permanent
`

describe.skipIf(why !== undefined)(`a K3s 1.21 whose flannel was switched off${skipped}`, () => {
  const artefact = artefactOf('flannel')
  const conflist = '/var/lib/rancher/k3s/agent/etc/cni/net.d/10-flannel.conflist'
  const lookAlikes = [
    '-A POSTROUTING -s 10.99.0.0/16 -d 10.99.0.0/16 -j RETURN',
    '-A POSTROUTING -s 10.42.0.0/16 ! -d 224.0.0.0/4 -o lo -j MASQUERADE',
  ]

  beforeEach(async () => {
    node = await newOldNode(['server', '--flannel-backend=none'])
    await node.run(['iptables-nft-restore'], recording('iptables-save-policy-disabled.txt'))
    await node.run(['iptables-nft-restore', '--noflush'], ['*nat', ...lookAlikes, 'COMMIT', ''].join('\n'))
    await node.run(['ip', 'link', 'add', 'name', 'cni0', 'type', 'bridge'])
    await node.run(['ip', 'addr', 'add', '10.42.0.1/24', 'dev', 'cni0'])
    node.write(conflist, recording('10-flannel.conflist'))
    node.write('/run/flannel/subnet.env', 'FLANNEL_NETWORK=10.42.0.0/16\nFLANNEL_SUBNET=10.42.0.1/24\n')
    node.write('/var/lib/cni/networks/cbr0/10.42.0.5', `${container('a')}\neth0`)
    node.write('/var/lib/cni/networks/cbr0/10.42.0.6', `${container('b')}\neth0`)
    node.write(`/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/${container('b')}/log`, '')
  })

  test('case 48: loses exactly the six rules of flannel 0.14, and rules that look like them stay', async () => {
    const before = await node.saved('nft', 'v4')
    await cleanUp(artefact)
    const after = await node.saved('nft', 'v4')
    expect(before.filter((line) => !after.includes(line)).map((line) => line.replace(/^\[.*?\] /, ''))).toEqual([
      '-A FORWARD -s 10.42.0.0/16 -j ACCEPT',
      '-A FORWARD -d 10.42.0.0/16 -j ACCEPT',
      '-A POSTROUTING -s 10.42.0.0/16 -d 10.42.0.0/16 -j RETURN',
      '-A POSTROUTING -s 10.42.0.0/16 ! -d 224.0.0.0/4 -j MASQUERADE --random-fully',
      '-A POSTROUTING ! -s 10.42.0.0/16 -d 10.42.0.0/24 -j RETURN',
      '-A POSTROUTING ! -s 10.42.0.0/16 -d 10.42.0.0/16 -j MASQUERADE --random-fully',
    ])
    expect(after.filter((line) => lookAlikes.some((rule) => line.endsWith(rule)))).toHaveLength(2)
    expect(after.every((line) => before.includes(line))).toBe(true)
  })

  test('case 52: keeps its files in the quarantine, the address of a living pod where it is, and gets all of it back', async () => {
    const before = (await node.saved('nft', 'v4')).map((line) => line.replace(/\[\d+:\d+\]/, ''))
    const { undo } = await cleanUp(artefact)
    const at = (path: string): string => join(node.root, path)
    expect(existsSync(at(conflist))).toBe(false)
    expect(existsSync(at('/var/lib/cni/networks/cbr0/10.42.0.5'))).toBe(false)
    expect(existsSync(at('/var/lib/cni/networks/cbr0/10.42.0.6'))).toBe(true)
    expect(readFileSync(`${node.quarantine}/${conflist.slice(1).replaceAll('/', '%2F')}`, 'utf8')).toContain('cbr0')
    expect(await runInverse(undo, node.commands, neverAborted)).toEqual([])
    expect(readFileSync(at(conflist), 'utf8')).toContain('cbr0')
    expect(existsSync(at('/var/lib/cni/networks/cbr0/10.42.0.5'))).toBe(true)
    expect((await node.saved('nft', 'v4')).map((line) => line.replace(/\[\d+:\d+\]/, ''))).toEqual(before)
    expect(await node.run(['ip', 'addr', 'show', 'cni0'])).toContain('10.42.0.1/24')
  })
})

describe.skipIf(why !== undefined)(`a Cilium that is gone${skipped}`, () => {
  test('case 51: local delivery never breaks while its rules go, nor when they come back', async () => {
    node = await newOldNode(['server'])
    await node.run(['ip', 'rule', 'add', 'pref', '100', 'lookup', 'local'])
    await node.run(['ip', 'rule', 'del', 'pref', '0'])
    await node.run(['ip', 'rule', 'add', 'pref', '9', 'fwmark', '0x200/0xf00', 'lookup', '2004'])
    await node.run(['ip', 'route', 'add', 'local', '0.0.0.0/0', 'dev', 'lo', 'table', '2004'])
    const before = await node.run(['ip', '-N', 'rule'])
    const stream = node.run(['ping', '-q', '-i', '0.002', '-c', '250', '127.0.0.1'])
    await new Promise((resolve) => setTimeout(resolve, 100))
    const { undo } = await cleanUp(artefactOf('cilium'))
    expect(await node.run(['ip', '-N', 'rule'])).toMatch(/^0:\tfrom all lookup 255 ?\n32766:.*\n32767:.*\n$/)
    expect(await runInverse(undo, node.commands, neverAborted)).toEqual([])
    expect(await stream).toContain('250 packets transmitted, 250 received, 0% packet loss')
    expect(await node.run(['ip', '-N', 'rule'])).toBe(before)
    expect(await node.run(['ip', 'route', 'show', 'table', '2004'])).toContain('local default dev lo')
  })
})

describe.skipIf(why !== undefined)(`hostPorts after ServiceLB was disabled${skipped}`, () => {
  const dnat = (chain: string, id: string, port: number): string =>
    `-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"cbr0\\" id: \\"${id}\\"" -m multiport --dports ${port} -j ${chain}`

  test('case 50: dead ones go, and the port of a living pod answers throughout', async () => {
    node = await newOldNode(['server', '--disable=servicelb'])
    await node.run(
      ['iptables-nft-restore'],
      [
        '*nat',
        ':OUTPUT ACCEPT [0:0]',
        ':CNI-HOSTPORT-DNAT - [0:0]',
        ':CNI-DN-aaaa - [0:0]',
        ':CNI-DN-bbbb - [0:0]',
        '-A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
        dnat('CNI-DN-aaaa', container('a'), 80),
        dnat('CNI-DN-bbbb', container('b'), 8081),
        '-A CNI-DN-aaaa -p tcp -m tcp --dport 80 -j DNAT --to-destination 127.0.0.1:9000',
        '-A CNI-DN-bbbb -p tcp -m tcp --dport 8081 -j DNAT --to-destination 127.0.0.1:9000',
        'COMMIT',
        '',
      ].join('\n'),
    )
    node.write(`/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/${container('b')}/log`, '')
    const client = node.run([process.execPath, '-e', hostPortClient])
    await new Promise((resolve) => setTimeout(resolve, 150))
    await cleanUp(artefactOf('servicelb'))
    const lines = await node.saved('nft', 'v4')
    expect(JSON.parse(await client)).toEqual({ asked: 200, answered: 200 })
    expect(lines.filter((line) => line.includes('aaaa'))).toEqual([])
    expect(lines.filter((line) => line.includes('bbbb'))).toHaveLength(3)
  })
})

/** A pod behind port 9000 and a client of hostPort 8081, which connects 200 times, one after the other. */
const hostPortClient = `
const net = require('node:net')
const server = net.createServer((socket) => socket.end('pong')).listen(9000, '127.0.0.1', async () => {
  let answered = 0
  for (let asked = 0; asked < 200; asked += 1) {
    const socket = net.connect(8081, '127.0.0.1')
    answered += await new Promise((resolve) => { socket.once('data', () => resolve(1)); socket.once('error', () => resolve(0)) })
    socket.destroy()
    await new Promise((resolve) => setTimeout(resolve, 3))
  }
  console.log(JSON.stringify({ asked: 200, answered }))
  server.close()
})`

describe.skipIf(why !== undefined)(`a kube-proxy that was replaced${skipped}`, () => {
  test("case 49: goes in every table, and the kubelet's chains stay", async () => {
    node = await newOldNode(['server', '--disable-kube-proxy=true'])
    await node.run(['ipset', 'restore'], recording('ipset-save-policy-disabled.txt'))
    await node.run(['iptables-nft-restore'], recording('iptables-save-policy-disabled.txt'))
    await cleanUp(artefactOf('kube-proxy'), { programs: ['cilium-agent'] }, { servicesAnswer: true })
    const chains = (await node.saved('nft', 'v4')).flatMap((line) => /^:(KUBE-\S+)/.exec(line)?.[1] ?? [])
    expect(chains.filter((name) => !/ROUTER|NWPLCY/.test(name)).sort()).toEqual([
      'KUBE-FIREWALL',
      'KUBE-KUBELET-CANARY',
      'KUBE-KUBELET-CANARY',
      'KUBE-KUBELET-CANARY',
      'KUBE-MARK-DROP',
      'KUBE-MARK-MASQ',
      'KUBE-POSTROUTING',
    ])
  })
})
