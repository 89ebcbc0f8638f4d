import { expect, test } from 'vitest'
import type { NodeFacts } from '../../src/domain/facts.ts'
import { compileRevision } from '../../src/reconcile/compile-revision.ts'
import { textRepository } from '../lab/text-repository.ts'

const listed = 'nodes: [{ name: pi-1, role: server }, { name: pi-2, role: agent }]'

async function namesTold(node: Partial<NodeFacts>, nodes = listed): Promise<readonly string[]> {
  const text = `apiVersion: fairlead.dev/v1alpha1
kind: ClusterNetwork
metadata: { name: home }
spec: { k3sVersion: v1.33.4+k3s1, ${nodes} }
`
  const machine = { name: 'pi-1', role: 'server', labels: {}, addresses: [], isRoleAssumed: true, ...node } as const
  const compiled = await compileRevision(
    textRepository(new Map([['clusters/home/network.yaml', text]])),
    'clusters/home',
    { origin: 'live', nodes: [machine], services: [] },
    new AbortController().signal,
  )
  expect(compiled.kind).toBe('compiled')
  return compiled.problems.filter(({ code }) => code === 'NODE_NOT_LISTED').map(({ what }) => what)
}

test('a machine whose name is not in spec.nodes is told of, with the names that are', async () => {
  expect(await namesTold({ name: 'pi-2.lan' })).toEqual(['this machine is "pi-2.lan", and spec.nodes names pi-1, pi-2'])
})

test.each([
  ['it is in there', { name: 'pi-2' }, listed],
  ['there is no list', { name: 'pi-2.lan' }, 'nodes: []'],
] as const)('nothing is told where %s', async (_, node, nodes) => {
  expect(await namesTold(node, nodes)).toEqual([])
})
