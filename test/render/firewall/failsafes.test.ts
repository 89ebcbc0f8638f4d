import { describe, expect, test } from 'vitest'
import type { NodeFacts } from '../../../src/domain/facts.ts'
import type { FailsafeFlow } from '../../../src/domain/network-program.ts'
import { failsafeOf } from '../../../src/render/firewall/failsafe-flows.ts'
import { firewallContext } from '../../../src/render/firewall/firewall-context.ts'
import { exceededLimits } from '../../../src/render/firewall/program-limits.ts'
import { renderFirewall } from '../../../src/render/firewall/render-firewall.ts'
import { agent, cluster, type Json, server } from './documents.ts'

const second: NodeFacts = { name: 'pi-3', role: 'server', labels: {}, addresses: ['192.168.1.7', 'fd00:1::7'] }

const unaddressed: NodeFacts = { name: 'pi-4', role: 'agent', labels: {}, addresses: [] }
const written: Json = {
  nodes: [
    { name: 'pi-1', role: 'server', addresses: ['192.168.1.5'] },
    { name: 'pi-3', role: 'server', addresses: ['192.168.1.7'] },
  ],
}

interface Given {
  readonly network?: Json
  readonly firewalls?: readonly Json[]
  readonly node?: NodeFacts
  readonly known?: readonly NodeFacts[]
}

function flows({ network, firewalls = [], node = server, known }: Given): readonly FailsafeFlow[] {
  const desired = cluster(
    firewalls.map((firewall) => ({ firewall })),
    network,
  )
  return failsafeOf(firewallContext(desired, node, known)).flows.filter(({ direction }) => direction === 'input')
}

function peers(given: Given, name: string, family: 4 | 6 = 4): readonly string[] {
  return flows(given)
    .filter((flow) => flow.name === name && flow.family === family)
    .map(({ protocol, port, peers: from }) => `${protocol} ${port ?? ''} ${from.join(' ') || 'everybody'}`)
}

describe('who gets through', () => {
  const from = ['10.9.0.0/24']
  const nodes = '192.168.1.5/32 192.168.1.6/32'
  const cases: { name: string; given: Given; flow: string; expected: string[] }[] = [
    {
      name: 'everybody to SSH while nobody says who administers',
      given: {},
      flow: 'ssh',
      expected: ['tcp 22 everybody'],
    },
    {
      name: 'those who administer to SSH, on its ports',
      given: { firewalls: [{ management: { from } }, { management: { from: ['10.8.0.1'], sshPorts: [2222] } }] },
      flow: 'ssh',
      expected: ['tcp 2222 10.8.0.1/32 10.9.0.0/24'],
    },
    {
      name: 'those who administer, nodes and pods to the API server',
      given: { firewalls: [{ management: { from } }], known: [server, agent] },
      flow: 'kubernetes-api',
      expected: [`tcp 6443 10.42.0.0/16 10.9.0.0/24 ${nodes}`],
    },
    {
      name: 'the others to the API server where a node has no address yet',
      given: { firewalls: [{ management: { from } }], known: [server, agent, unaddressed] },
      flow: 'kubernetes-api',
      expected: [`tcp 6443 10.42.0.0/16 10.9.0.0/24 ${nodes}`],
    },
    {
      name: 'the others to the kubelet where a node has no address yet',
      given: { node: agent, known: [server, agent, unaddressed] },
      flow: 'kubelet',
      expected: [`tcp 10250 10.42.0.0/16 ${nodes}`],
    },
    {
      name: 'the other servers to etcd where a server has no address yet',
      given: { known: [server, second, { ...unaddressed, role: 'server' }] },
      flow: 'etcd',
      expected: ['tcp 2379 192.168.1.5/32 192.168.1.7/32', 'tcp 2380 192.168.1.5/32 192.168.1.7/32'],
    },
    {
      name: 'the others to the kubelet of a node that has no address itself',
      given: { node: unaddressed, known: [server, agent, unaddressed] },
      flow: 'kubelet',
      expected: [`tcp 10250 10.42.0.0/16 ${nodes}`],
    },
    {
      name: 'the others where one that is listed has neither come nor an address',
      given: { node: agent, known: [server, agent], network: { nodes: [{ name: 'pi-9', role: 'agent' }] } },
      flow: 'kubelet',
      expected: [`tcp 10250 10.42.0.0/16 ${nodes}`],
    },
    {
      name: 'everybody where no node has an address',
      given: { node: { ...agent, addresses: [] }, known: [{ ...agent, addresses: [] }, unaddressed] },
      flow: 'kubelet',
      expected: ['tcp 10250 everybody'],
    },
    {
      name: 'everybody where nobody looked, and a node of the inventory has no address',
      given: {
        node: agent,
        network: {
          nodes: [
            { name: 'pi-1', role: 'server' },
            { name: 'pi-2', role: 'agent' },
          ],
        },
      },
      flow: 'kubelet',
      expected: ['tcp 10250 everybody'],
    },
    {
      name: 'addresses that are written to etcd, and none that a node says itself',
      given: { known: [server, { ...second, addresses: ['203.0.113.66', '192.168.1.7'] }], network: written },
      flow: 'etcd',
      expected: ['tcp 2379 192.168.1.5/32 192.168.1.7/32', 'tcp 2380 192.168.1.5/32 192.168.1.7/32'],
    },
    {
      name: 'addresses that are written to the API server, and none that a node says itself',
      given: {
        firewalls: [{ management: { from } }],
        known: [server, { ...second, externalAddresses: ['203.0.113.66'] }, agent],
        network: written,
      },
      flow: 'kubernetes-api',
      expected: ['tcp 6443 10.42.0.0/16 10.9.0.0/24 192.168.1.5/32 192.168.1.6/31'],
    },
    {
      name: 'what a node says itself to the kubelet, whatever is written',
      given: { known: [server, { ...second, externalAddresses: ['203.0.113.66'] }], network: written },
      flow: 'kubelet',
      expected: ['tcp 10250 10.42.0.0/16 192.168.1.5/32 192.168.1.7/32 203.0.113.66/32'],
    },
    {
      name: 'the port of the API server as K3s is told it',
      given: { network: { k3sFlags: { servers: { 'https-listen-port': 7443 } } } },
      flow: 'kubernetes-api',
      expected: ['tcp 7443 everybody'],
    },
    {
      name: 'nobody to an API server that an agent does not run',
      given: { node: agent },
      flow: 'kubernetes-api',
      expected: [],
    },
    {
      name: 'nodes of the inventory to the kubelet, and pods',
      given: {
        node: agent,
        network: {
          nodes: [
            { name: 'pi-1', role: 'server', addresses: ['192.168.1.5'] },
            { name: 'pi-2', role: 'agent' },
          ],
        },
      },
      flow: 'kubelet',
      expected: [`tcp 10250 10.42.0.0/16 ${nodes}`],
    },
    {
      name: 'servers to etcd',
      given: { known: [server, second, agent] },
      flow: 'etcd',
      expected: ['tcp 2379 192.168.1.5/32 192.168.1.7/32', 'tcp 2380 192.168.1.5/32 192.168.1.7/32'],
    },
    {
      name: 'nobody to an etcd that one server does not run',
      given: { known: [server, agent] },
      flow: 'etcd',
      expected: [],
    },
    {
      name: 'nobody to etcd with another datastore',
      given: { known: [server, second], network: { k3sFlags: { servers: { 'datastore-endpoint': 'mysql://db' } } } },
      flow: 'etcd',
      expected: [],
    },
    { name: 'nodes to VXLAN', given: { known: [server, agent] }, flow: 'overlay', expected: [`udp 8472 ${nodes}`] },
    {
      name: 'nodes to VXLAN on a port of its own',
      given: { network: { cni: { flannel: { vxlan: { port: 4789 } } } } },
      flow: 'overlay',
      expected: ['udp 4789 everybody'],
    },
    {
      name: 'nodes to WireGuard',
      given: { network: { cni: { flannel: { backend: 'wireguard-native' } } } },
      flow: 'overlay',
      expected: ['udp 51820 everybody'],
    },
    {
      name: 'nobody to host-gw, which has no port',
      given: { network: { cni: { flannel: { backend: 'host-gw' } } } },
      flow: 'overlay',
      expected: [],
    },
    { name: 'answers of DHCP', given: {}, flow: 'dhcp', expected: ['udp 68 everybody'] },
  ]
  test.each(cases)('$name', ({ given, flow, expected }) => expect(peers(given, flow)).toEqual(expected))
})

test('Calico and Cilium keep their ports', () => {
  const ports = (plugin: string) =>
    flows({ network: { cni: { plugin } } }).flatMap(({ name, family, protocol, port }) =>
      name === 'overlay' && family === 4 ? [`${protocol} ${port ?? ''}`] : [],
    )
  expect(ports('calico')).toEqual(['udp 4789', 'tcp 179', 'tcp 5473', 'udp 51820'])
  expect(ports('cilium')).toEqual(['udp 8472', 'udp 6081', 'udp 51871', 'tcp 4240', 'tcp 4244'])
})

test('a family in which nobody is known has no flow, and addresses are found out in each', () => {
  const given = { known: [server, second] }
  expect(peers(given, 'etcd', 6)).toEqual(['tcp 2379 fd00:1::7/128', 'tcp 2380 fd00:1::7/128'])
  expect(peers({ known: [server, agent] }, 'kubelet', 6)).toEqual([])
  expect(flows({}).flatMap(({ name, icmpType }) => (name === 'icmpv6-neighbour' ? [icmpType] : []))).toEqual([
    133, 134, 135, 136, 137,
  ])
})

test('API servers and DNS stay in reach of the node', () => {
  const out = failsafeOf(firewallContext(cluster([]), agent, [server, agent])).flows.filter(
    ({ direction }) => direction === 'output',
  )
  expect(out.map(({ name, family, port, peers: to }) => [name, family, port, to])).toEqual([
    ['kubernetes-api', 4, 6443, ['192.168.1.5/32']],
    ['dns', 4, 53, []],
    ['dns', 6, 53, []],
  ])
})

test('the first document that names a plane counts', () => {
  const firewalls = [{}, { plane: 'nft', backend: 'legacy' }, { plane: 'iptables' }]
  const rendered = renderFirewall(cluster(firewalls.map((firewall) => ({ firewall }))), server, undefined)
  expect([rendered.plane, rendered.backend]).toEqual(['nft', 'legacy'])
  expect(renderFirewall(cluster([]), server, undefined).plane).toBe('iptables')
})

test('programs above the limits are told, family by family', () => {
  const input = Array.from({ length: 10_001 }, (_, index) => ({
    name: 'a',
    from: [`10.0.${index >> 8}.${index & 255}`],
    action: 'Drop',
  }))
  const { filter } = renderFirewall(
    cluster([{ firewall: { input: input.slice(1) } }, { firewall: { input: [input[0]] } }]),
    server,
    undefined,
  )
  const limits = filter === undefined ? [] : exceededLimits(filter)
  expect(limits.map(({ family, what, limit }) => [family, what, limit])).toEqual([[4, 'rules', 10_000]])
})
