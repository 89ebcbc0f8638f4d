import { Failure } from '../../domain/failure.ts'
import { fairleadNamespace } from '../../domain/fairlead-api.ts'
import { asRecord, textIn } from '../../domain/plain-json.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeObjectsPort, ObjectRef } from '../../ports/kube-objects-port.ts'
import { nodeAgentName, podSelector } from '../../render/install/installation-labels.ts'
import { nodeAgentRemoval } from '../../render/install/node-agent-daemon-set.ts'
import { awaitHealth } from '../objects/await-health.ts'

export const nodeAgentDaemonSetRef: ObjectRef = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  name: nodeAgentName,
  namespace: fairleadNamespace,
}

/**
 * Turns the pods that installed the agents into pods that take them away, and waits until all of them have. They stay until
 * everything else is gone: by them a later run sees that the agents are off, and a node that comes back meanwhile is served
 * as well. Nothing where agents were installed in another way.
 *
 * @returns the nodes that they served
 * @throws Failure UNINSTALL_NODES_LEFT naming the nodes, `KUBE_*`
 */
export async function takeNodeAgentsOff(
  { objects, clock }: { readonly objects: KubeObjectsPort; readonly clock: Pick<ClockPort, 'monotonicMs' | 'sleep'> },
  waitMs: number,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  if ((await objects.get(nodeAgentDaemonSetRef, signal)) === undefined) return new Set()
  await objects.patch(nodeAgentDaemonSetRef, 'strategic', nodeAgentRemoval(), {}, signal)
  const health = await awaitHealth(nodeAgentDaemonSetRef, waitMs, { objects, clock }, signal)
  const pods = await podsOfNodes(objects, signal)
  if (health.state !== 'Current') {
    const nodes = pods.flatMap(({ node, phase }) => (phase === 'Running' ? [] : [node])).toSorted()
    throw new Failure(
      `the agents of ${nodes.length === 0 ? 'some nodes' : nodes.join(', ')} were not taken off: ${health.message}`,
      {
        code: 'UNINSTALL_NODES_LEFT',
        where: `DaemonSet ${fairleadNamespace}/${nodeAgentName}`,
        fix: 'look at its pods (kubectl -n fairlead-system describe pods), or leave agents where they are: --keep-node-agents',
        retry: 'soon',
      },
    )
  }
  return new Set(pods.map(({ node }) => node))
}

async function podsOfNodes(
  objects: KubeObjectsPort,
  signal: AbortSignal,
): Promise<readonly { readonly node: string; readonly phase: unknown }[]> {
  const labelSelector = Object.entries(podSelector('node-agent'))
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const { items } = await objects.list(
    { apiVersion: 'v1', kind: 'Pod', namespace: fairleadNamespace, labelSelector },
    signal,
  )
  return items.flatMap((pod) => {
    const node = textIn(asRecord(pod['spec'])['nodeName'])
    return node === undefined ? [] : [{ node, phase: asRecord(pod['status'])['phase'] }]
  })
}
