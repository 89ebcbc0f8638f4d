import { nodeFacts } from '../../src/adapters/kube/node-facts.ts'
import { serviceFacts } from '../../src/adapters/kube/service-facts.ts'
import { servicelbDaemonSet } from '../../src/adapters/kube/servicelb-daemon-sets.ts'
import type { ClusterObservation } from '../../src/domain/cluster-observation.ts'
import type { KubeObjectsPort, LiveObject } from '../../src/ports/kube-objects-port.ts'

/** What watches would show, read once. */
export async function observedCluster(
  objects: Pick<KubeObjectsPort, 'list'>,
  signal: AbortSignal,
): Promise<ClusterObservation> {
  const [nodes, services, daemonSets] = await Promise.all([
    objects.list({ apiVersion: 'v1', kind: 'Node' }, signal),
    objects.list({ apiVersion: 'v1', kind: 'Service' }, signal),
    objects.list({ apiVersion: 'apps/v1', kind: 'DaemonSet' }, signal),
  ])
  const version = nodes.items.map((node) => nodeFacts(node)?.k3sVersion).find((text) => text !== undefined)
  return {
    nodes: new Map(
      nodes.items.map((live) => [live.metadata.name, { ...versionOf(live), labels: live.metadata.labels ?? {} }]),
    ),
    services: new Map(
      services.items.flatMap((live) => {
        const facts = serviceFacts(live, undefined)
        return facts === undefined
          ? []
          : [[`${facts.namespace}/${facts.name}`, { ...facts, ...versionOf(live) }] as const]
      }),
    ),
    daemonSets: daemonSets.items.flatMap((live) => {
      const found = servicelbDaemonSet(live)
      return found === undefined ? [] : [{ ...found, ...versionOf(live), namespace: live.metadata.namespace ?? '' }]
    }),
    ...(version === undefined ? {} : { k3sVersion: version }),
  }
}

function versionOf({ metadata: { name, uid, resourceVersion } }: LiveObject): {
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
} {
  return { name, uid, resourceVersion }
}
