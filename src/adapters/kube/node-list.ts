import type { ClusterNodes } from '../../domain/facts.ts'
import { createApiClient } from './api-client.ts'
import type { ApiLimits } from './api-exchange.ts'
import { openAccess } from './kube-access.ts'
import { kubeFailure } from './kube-failures.ts'
import { type KubeTarget, kubeSource } from './kubeconfig.ts'
import { listAll } from './list-pages.ts'
import { nodeFacts } from './node-facts.ts'

const path = '/api/v1/nodes'

/**
 * The nodes of the cluster that a kubeconfig names, and nothing else of it: cheap enough to be asked by every server.
 * Loading this module loads the Kubernetes client.
 * @throws Failure `KUBE_*`
 */
export async function readNodeList(target: KubeTarget, signal: AbortSignal, limits?: ApiLimits): Promise<ClusterNodes> {
  const access = await openAccess(kubeSource(target), 1, signal)
  const client = createApiClient(access, limits)
  try {
    const nodes = await listAll(client, { path }, nodeFacts, signal)
    if (nodes === undefined)
      throw kubeFailure('KUBE_ANSWER_INVALID', `${client.address}${path}`, 'there is no such list')
    return { origin: 'live', nodes: nodes.toSorted((a, b) => (a.name < b.name ? -1 : 1)), hasAllNodes: true }
  } finally {
    await client.close()
  }
}
