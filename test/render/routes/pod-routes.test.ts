import { describe, expect, test } from 'vitest'
import type { Facts, NodeFacts } from '../../../src/domain/facts.ts'
import { podRoutesOf } from '../../../src/render/routes/pod-routes.ts'
import { desiredState } from '../../lab/desired-state.ts'

const prefix = 'flannel.alpha.coreos.com'

const cidrs: Readonly<Record<string, readonly string[]>> = {
  'pi-1': ['10.42.1.0/24'],
  'pi-2': ['10.42.2.0/24', 'FD00:42:0:2::/64'],
  'pi-3': ['10.42.3.0/24'],
}

function node(name: string, annotations: Readonly<Record<string, string>> = {}): NodeFacts {
  const podCIDRs = cidrs[name]
  const own = podCIDRs === undefined ? {} : { podCIDRs }
  return { name, role: 'agent', labels: {}, addresses: ['192.168.1.9'], annotations, ...own }
}

function announced(type: string, ip: string): Readonly<Record<string, string>> {
  return { [`${prefix}/backend-type`]: type, [`${prefix}/public-ip`]: ip }
}

function facts(nodes: readonly NodeFacts[], origin: Facts['origin'] = 'live'): Facts {
  return { origin, nodes, hasAllNodes: true, services: [] }
}

const clusterCIDRs = ['10.42.0.0/16', 'fd00:42::/56']
const network = (cni: Readonly<Record<string, unknown>>) =>
  desiredState({ cni, addressing: { clusterCIDR: clusterCIDRs } }).cluster
const hostGateway = network({ plugin: 'flannel', flannel: { backend: 'host-gw' } })
const gatewayNode = (name: string) => node(name, announced('host-gw', `192.168.1.${name.slice(-1)}`))

describe('the routes to pods', () => {
  test('go to the addresses that flannel announced, of every other node with the same backend', () => {
    const all = facts([
      node('pi-3', announced('vxlan', '192.168.1.3')),
      node('pi-2', { ...announced('host-gw', '203.0.113.2'), [`${prefix}/public-ipv6`]: 'FD00:1::2' }),
      gatewayNode('pi-1'),
      gatewayNode('pi-4'),
    ])
    expect(podRoutesOf(hostGateway, all, 'pi-1')).toEqual({
      backend: 'host-gw',
      directRouting: false,
      clusterCIDRs,
      peers: [
        { node: 'pi-2', podCIDRs: ['10.42.2.0/24', 'fd00:42:0:2::/64'], addresses: ['203.0.113.2', 'fd00:1::2'] },
      ],
      isComplete: false,
    })
  })

  const three = [gatewayNode('pi-1'), gatewayNode('pi-2'), gatewayNode('pi-3')]
  test.each([
    { name: 'every node is known and has switched', all: facts(three), expected: true },
    { name: 'the same, from a capture', all: facts(three, 'capture'), expected: true },
    { name: 'the list may have others', all: { origin: 'live', nodes: three, services: [] } as const, expected: false },
    { name: 'a node has no network yet', all: facts([...three, gatewayNode('pi-4')]), expected: false },
    { name: 'a node announces nothing yet', all: facts([...three.slice(1), node('pi-3')]), expected: false },
    {
      name: 'a node has the backend from before',
      all: facts([gatewayNode('pi-2'), node('pi-3', announced('vxlan', '192.168.1.3'))]),
      expected: false,
    },
  ])('whether a route of nobody is stale, when $name: $expected', ({ all, expected }) => {
    expect(podRoutesOf(hostGateway, all, 'pi-1')?.isComplete).toBe(expected)
  })

  test.each(['wireguard', 'wireguard-native'])('of WireGuard are those of nodes that announce %s', (type) => {
    const wanted = network({ plugin: 'flannel', flannel: { backend: 'wireguard-native' } })
    const { peers } = podRoutesOf(wanted, facts([node('pi-2', announced(type, '192.168.1.2'))]), 'pi-1') ?? {
      peers: [],
    }
    expect(peers.map((peer) => peer.node)).toEqual(['pi-2'])
  })

  test('are none of ours with another plugin, another backend, or nodes that nobody looked at', () => {
    const some = facts([gatewayNode('pi-2')])
    expect(podRoutesOf(network({ plugin: 'flannel', flannel: { backend: 'none' } }), some, 'pi-1')).toBeUndefined()
    expect(podRoutesOf(hostGateway, { ...some, origin: 'assumed' }, 'pi-1')).toBeUndefined()
    expect(podRoutesOf(hostGateway, { ...some, origin: 'inventory' }, 'pi-1')).toBeUndefined()
    // What a machine knows of its cluster is itself.
    expect(podRoutesOf(hostGateway, facts([node('pi-9')]), 'pi-9')).toBeUndefined()
  })

  test.each([
    { name: 'everything', podCIDRs: ['0.0.0.0/0'], peers: ['pi-2', 'pi-3'] },
    { name: 'a network that is not of pods', podCIDRs: ['192.168.1.0/24'], peers: ['pi-2', 'pi-3'] },
    { name: 'one of pods and one that is not', podCIDRs: ['10.42.9.0/24', 'fd00::/64'], peers: ['pi-2', 'pi-3'] },
    { name: 'a network around those of the others', podCIDRs: ['10.42.0.0/16'], peers: ['pi-2', 'pi-3'] },
    { name: 'the network of another', podCIDRs: ['10.42.2.0/24'], peers: ['pi-3'] },
    { name: 'a part of the network of another', podCIDRs: ['10.42.2.128/25'], peers: ['pi-3', 'pi-9'] },
    { name: 'its own', podCIDRs: ['10.42.9.0/24'], peers: ['pi-2', 'pi-3', 'pi-9'] },
  ])('lead to no node for $name', ({ podCIDRs, peers }) => {
    const claimant: NodeFacts = { ...node('pi-9', announced('host-gw', '192.168.1.66')), podCIDRs }
    const routes = podRoutesOf(hostGateway, facts([...three, claimant]), 'pi-1')
    expect(routes?.peers.map((peer) => peer.node)).toEqual(peers)
    expect(routes?.isComplete).toBe(peers.length === 3)
  })
})
