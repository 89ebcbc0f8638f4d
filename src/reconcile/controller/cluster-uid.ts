import { Failure } from '../../domain/failure.ts'
import type { KubeObjectsPort } from '../../ports/kube-objects-port.ts'

/** What tells a cluster from another of the same name. @throws Failure CLUSTER_UID_UNKNOWN */
export async function readClusterUID(objects: KubeObjectsPort, signal: AbortSignal): Promise<string> {
  const live = await objects.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' }, signal)
  if (live !== undefined) return live.metadata.uid
  throw new Failure('there is no namespace kube-system, whose uid is the identity of a cluster', {
    code: 'CLUSTER_UID_UNKNOWN',
    where: 'Namespace kube-system',
    fix: 'wait until the API server has made it, as every one does when it starts',
    retry: 'soon',
  })
}
