import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Facts, NodeFacts } from '../../src/domain/facts.ts'
import { loadDesired } from '../../src/reconcile/load-desired.ts'
import { neighboursOf } from '../../src/render/neighbours.ts'
import { renderNodeProgram } from '../../src/render/node-program.ts'
import type { DesiredState } from '../../src/schema/documents.ts'
import { textRepository } from '../lab/text-repository.ts'

const network = `apiVersion: fairlead.dev/v1alpha1
kind: ClusterNetwork
metadata: { name: home }
spec:
  k3sVersion: v1.33.4+k3s1
  cni: { flannel: { backend: host-gw } }
`
const edge = `apiVersion: fairlead.dev/v1alpha1
kind: NodeNetwork
metadata: { name: edge }
spec:
  nodes: { matchLabels: { role: edge } }
  externalIP: [203.0.113.7]
  firewall:
    input: [{ name: web, from: [192.168.0.0/16], protocol: tcp, ports: [80], action: Accept }]
  egress: [{ name: out, via: [192.168.0.254], dev: eth1 }]
`

async function desiredState(): Promise<DesiredState> {
  const repository = textRepository(
    new Map([
      ['clusters/home/network.yaml', network],
      ['clusters/home/nodes/edge.yaml', edge],
    ]),
  )
  const loaded = await loadDesired(repository, 'clusters/home', new AbortController().signal)
  if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems))
  return loaded.desired
}

const anyNode = (index: number): fc.Arbitrary<NodeFacts> =>
  fc
    .record({
      role: fc.constantFrom('server' as const, 'agent' as const),
      isEdge: fc.boolean(),
      hasEtcd: fc.boolean(),
      rack: fc.constantFrom('a', 'b'),
      isReady: fc.boolean(),
      hasAddress: fc.boolean(),
      backend: fc.constantFrom('host-gw', 'vxlan'),
      k3sVersion: fc.constantFrom('v1.33.4+k3s1', 'v1.32.1+k3s1'),
    })
    .map(({ role, isEdge, hasEtcd, rack, isReady, hasAddress, backend, k3sVersion }) => ({
      name: `pi-${index}`,
      role,
      labels: {
        rack,
        ...(isEdge ? { role: 'edge' } : {}),
        ...(hasEtcd ? { 'node-role.kubernetes.io/etcd': 'true' } : {}),
      },
      addresses: hasAddress ? [`192.168.0.${index}`] : [],
      annotations: {
        'flannel.alpha.coreos.com/backend-type': backend,
        'flannel.alpha.coreos.com/public-ip': `192.168.0.${index}`,
        'k3s.io/hostname': rack,
      },
      podCIDRs: [`10.42.${index}.0/24`],
      isReady,
      k3sVersion,
    }))

const anyFacts: fc.Arbitrary<Facts> = fc
  .tuple(anyNode(1), anyNode(2), anyNode(3), anyNode(4))
  .map((nodes) => ({ origin: 'live', nodes, hasAllNodes: true, services: [] }))

test('a program is the same whether all is known of the other nodes, or what neighbours tell of each other', async () => {
  const desired = await desiredState()
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const neighbours = neighboursOf(desired, facts)
      for (const node of facts.nodes) {
        const [whole, seen] = [
          renderNodeProgram(desired, node, { ...facts }),
          renderNodeProgram(desired, node, neighbours),
        ]
        // Of the first, nothing is remembered from one node to the next; of the second, everything that can be.
        expect(seen).toEqual(whole)
      }
    }),
    { numRuns: 60 },
  )
})

test('labels, readiness and taints of an agent are no news to the others', async () => {
  const desired = await desiredState()
  const node: NodeFacts = { name: 'pi-1', role: 'agent', labels: {}, addresses: ['192.168.0.1'] }
  const facts = (one: NodeFacts): Facts => ({ origin: 'live', nodes: [one], hasAllNodes: true, services: [] })
  const other: NodeFacts = {
    ...node,
    labels: { rack: 'b' },
    isReady: false,
    taints: [{ key: 'x', effect: 'NoSchedule' }],
  }
  expect(neighboursOf(desired, facts(other))).toEqual(neighboursOf(desired, facts(node)))
  const moved = { ...node, addresses: ['192.168.0.2'] }
  expect(neighboursOf(desired, facts(moved))).not.toEqual(neighboursOf(desired, facts(node)))
})

test('a node that left a short time ago is still let in, and no route leads to its pods', async () => {
  const desired = await desiredState()
  const flannel = (last: number): Partial<NodeFacts> => ({
    podCIDRs: [`10.42.${last}.0/24`],
    annotations: {
      'flannel.alpha.coreos.com/backend-type': 'host-gw',
      'flannel.alpha.coreos.com/public-ip': `192.168.0.${last}`,
    },
  })
  const [one, two, three] = [1, 2, 3].map(
    (last): NodeFacts => ({
      name: `pi-${last}`,
      role: 'server',
      labels: { role: 'edge' },
      addresses: [`192.168.0.${last}`],
      ...flannel(last),
    }),
  )
  if (one === undefined || two === undefined || three === undefined) throw new Error('three were made')
  const network = (facts: Partial<Facts>) => {
    const all: Facts = { origin: 'live', nodes: [], hasAllNodes: true, services: [], ...facts }
    const { network: part } = renderNodeProgram(desired, one, neighboursOf(desired, all))
    if (part === undefined) throw new Error('nothing is asked for')
    return part
  }
  const before = network({ nodes: [one, two, three] })
  const departed = network({ nodes: [one, two], departed: [three] })
  const gone = network({ nodes: [one, two] })
  const { podRoutes: _before, ...whoIsHeard } = before
  const { podRoutes, ...whoIsStillHeard } = departed
  expect(whoIsStillHeard).toEqual(whoIsHeard)
  expect(podRoutes).toEqual(gone.podRoutes)
  expect(podRoutes).toMatchObject({ peers: [{ node: 'pi-2' }], isComplete: true })
  expect(JSON.stringify(gone.failsafe)).not.toBe(JSON.stringify(before.failsafe))
})

test('a node renders for the release that it reports, and for the expected one when it reports none of K3s', async () => {
  const desired = await desiredState()
  const release = (k3sVersion?: string): string =>
    renderNodeProgram(desired, {
      name: 'pi-1',
      role: 'server',
      labels: {},
      addresses: [],
      ...(k3sVersion === undefined ? {} : { k3sVersion }),
    }).k3sVersion
  expect(release('v1.32.1+k3s1')).toBe('v1.32.1+k3s1')
  expect(release()).toBe('v1.33.4+k3s1')
  expect(release('v1.20.2')).toBe('v1.33.4+k3s1')
  expect(release('nonsense+k3s')).toBe('v1.33.4+k3s1')
})
