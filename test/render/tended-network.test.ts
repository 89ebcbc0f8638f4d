import { expect, test } from 'vitest'
import type { Facts, NodeFacts } from '../../src/domain/facts.ts'
import { compileRevision } from '../../src/reconcile/compile-revision.ts'
import { textRepository } from '../lab/text-repository.ts'

const nodes = ['n1', 'n2'].map(
  (name, index): NodeFacts => ({
    name,
    role: 'server',
    labels: {},
    addresses: [`192.168.1.${index + 1}`],
    podCIDRs: [`10.42.${index + 1}.0/24`],
    annotations: {
      'flannel.alpha.coreos.com/backend-type': 'vxlan',
      'flannel.alpha.coreos.com/public-ip': `192.168.1.${index + 1}`,
    },
  }),
)

async function networkOf(spec: string, facts: Facts) {
  const network = `apiVersion: fairlead.dev/v1alpha1
kind: ClusterNetwork
metadata: { name: home }
spec:
  k3sVersion: v1.33.4+k3s1
${spec}`
  const repository = textRepository(new Map([['clusters/home/network.yaml', network]]))
  const compiled = await compileRevision(repository, 'clusters/home', facts, new AbortController().signal)
  if (compiled.kind === 'refused') throw new Error(JSON.stringify(compiled.problems))
  return compiled.nodes.find(({ node }) => node === 'n1')?.network
}

const captured: Facts = { origin: 'capture', nodes, hasAllNodes: true, services: [] }

test.each([
  { name: 'a capture of the whole API', facts: captured, expected: true },
  { name: 'the living API', facts: { ...captured, origin: 'live' } as const, expected: true },
  {
    name: 'a capture that may lack nodes',
    facts: { origin: 'capture', nodes, services: [] } as const,
    expected: false,
  },
])('routes to pods come from $name, as complete as it is', async ({ facts, expected }) => {
  expect((await networkOf('', facts))?.podRoutes).toEqual({
    backend: 'vxlan',
    directRouting: false,
    clusterCIDRs: ['10.42.0.0/16'],
    peers: [{ node: 'n2', podCIDRs: ['10.42.2.0/24'], addresses: ['192.168.1.2'] }],
    isComplete: expected,
  })
})

test('a machine that knows itself alone is told of no routes to pods', async () => {
  const itself: Facts = { origin: 'live', nodes: nodes.slice(0, 1), services: [] }
  expect((await networkOf('', itself))?.podRoutes).toBeUndefined()
})

test('leftovers that block traffic go by themselves only where the document says so', async () => {
  expect((await networkOf('', captured))?.cleanupsMayWiden).toBeUndefined()
  expect((await networkOf('  cleanups: { networkPolicy: Confirm }\n', captured))?.cleanupsMayWiden).toBeUndefined()
  expect((await networkOf('  cleanups: { networkPolicy: Auto }\n', captured))?.cleanupsMayWiden).toBe(true)
})
