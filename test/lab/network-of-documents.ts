import type { NetworkProgram } from '../../src/domain/network-program.ts'
import { compileRevision } from '../../src/reconcile/compile-revision.ts'
import { textRepository } from './text-repository.ts'

const cluster = `apiVersion: fairlead.dev/v1alpha1
kind: ClusterNetwork
metadata: { name: home }
spec:
  k3sVersion: v1.33.4+k3s1
`

/** What the documents of one node, `n1`, make of its kernel. */
export async function networkOfDocuments(nodeSpec: string, clusterSpec = ''): Promise<NetworkProgram | undefined> {
  const node = `apiVersion: fairlead.dev/v1alpha1
kind: NodeNetwork
metadata: { name: n1 }
spec:
  nodes: { names: [n1] }
${nodeSpec}`
  const repository = textRepository(
    new Map([
      ['clusters/home/network.yaml', `${cluster}${clusterSpec}`],
      ['clusters/home/nodes/n1.yaml', node],
    ]),
  )
  const facts = {
    origin: 'live',
    nodes: [{ name: 'n1', role: 'server', labels: {}, addresses: [] }],
    services: [],
  } as const
  const compiled = await compileRevision(repository, 'clusters/home', facts, new AbortController().signal)
  if (compiled.kind === 'refused') throw new Error(JSON.stringify(compiled.problems, undefined, 1))
  return compiled.nodes.find((one) => one.node === 'n1')?.network
}
