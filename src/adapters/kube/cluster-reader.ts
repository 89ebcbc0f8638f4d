import type { Facts, KubernetesObject, NodeFacts } from '../../domain/facts.ts'
import { asRecord, type Json, textIn } from '../../domain/plain-json.ts'
import type { ClusterReaderPort, ClusterReading, UnreadPart } from '../../ports/cluster-reader-port.ts'
import { readEvents } from './addon-events.ts'
import { type ApiClient, createApiClient } from './api-client.ts'
import type { ApiLimits } from './api-exchange.ts'
import { readChartJobs } from './chart-jobs.ts'
import { discover } from './discovery.ts'
import { endpointNodesByService } from './endpoint-nodes.ts'
import { hostPortPod, livingPods } from './host-port-pods.ts'
import { openAccess } from './kube-access.ts'
import { kubeFailure } from './kube-failures.ts'
import { type KubeTarget, kubeSource } from './kubeconfig.ts'
import { listAll } from './list-pages.ts'
import { nodeArguments } from './node-arguments.ts'
import { nodeFacts } from './node-facts.ts'
import { unlessRefused } from './optional-part.ts'
import { readDaemonSets, readEndpoints, readObjects } from './read-parts.ts'
import { serviceFacts } from './service-facts.ts'

/** Requests at once; a small API server has other things to do. */
const connections = 6

/**
 * Reads the cluster that a kubeconfig names. Loading this module loads the Kubernetes client: only the verbs that need
 * it may import it, when they are called.
 */
export function openClusterReader(target: KubeTarget, limits?: ApiLimits): ClusterReaderPort {
  return {
    async read(signal) {
      const access = await openAccess(kubeSource(target), connections, signal)
      const client = createApiClient(access, limits)
      // When one part fails, nobody waits for the others.
      const others = new AbortController()
      try {
        return await readCluster(client, AbortSignal.any([signal, others.signal]))
      } finally {
        others.abort()
        await client.close()
      }
    },
  }
}

async function readCluster(client: ApiClient, signal: AbortSignal): Promise<ClusterReading> {
  const serverVersion = await readVersion(client, signal)
  const discovery = await discover(client, signal)
  const unread: UnreadPart[] = []
  const refused = (part: UnreadPart): void => {
    unread.push(part)
  }
  const [nodes, services, endpoints, pods, daemonSets, ...objects] = await Promise.all([
    required(client, '/api/v1/nodes', nodeFacts, signal),
    required(client, '/api/v1/services', (service: Json) => service, signal),
    readEndpoints(client, discovery, refused, signal),
    unlessRefused('/api/v1/pods', refused, (path) =>
      listAll(client, { path, fieldSelector: livingPods }, hostPortPod, signal),
    ),
    readDaemonSets(client, refused, signal),
    readObjects(client, discovery, refused, signal),
    readEvents(client, discovery, refused, signal),
    readChartJobs(client, discovery, refused, signal),
  ])
  const byService = endpoints === undefined ? undefined : endpointNodesByService(endpoints)
  const facts: Facts = {
    origin: 'live',
    nodes: sorted(nodes, (node) => [node.name]),
    hasAllNodes: true,
    services: sorted(
      services.flatMap((service) => serviceFacts(service, byService) ?? []),
      (service) => [service.namespace, service.name],
    ),
    ...(pods === undefined ? {} : { hostPortPods: sorted(pods, (pod) => [pod.namespace, pod.name]) }),
    ...(daemonSets === undefined
      ? {}
      : { servicelbDaemonSets: sorted(daemonSets.servicelb, (daemonSet) => [daemonSet.service]) }),
    objects: sorted([...objects.flat(), ...(daemonSets?.network ?? [])], objectOrder),
  }
  return {
    facts,
    serverVersion,
    nodeArguments: argumentsByNode(facts.nodes),
    unread: sorted(partsOnce(unread), (part) => [part.path]),
  }
}

/** What was asked of one path for several purposes is missing once. */
function partsOnce(unread: readonly UnreadPart[]): readonly UnreadPart[] {
  return [...new Map(unread.map((part) => [part.path, part])).values()]
}

/** Asked first: whoever answers this is a Kubernetes, and lets us in. */
async function readVersion(client: ApiClient, signal: AbortSignal): Promise<string> {
  const version = textIn(asRecord(await client.get('/version', signal))['gitVersion'])
  if (version === undefined) throw kubeFailure('KUBE_ANSWER_INVALID', `${client.address}/version`, 'it has no version')
  return version
}

async function required<T>(
  client: ApiClient,
  path: string,
  pick: (object: Json) => T | undefined,
  signal: AbortSignal,
): Promise<readonly T[]> {
  const items = await listAll(client, { path }, pick, signal)
  if (items === undefined) throw kubeFailure('KUBE_ANSWER_INVALID', `${client.address}${path}`, 'there is no such list')
  return items
}

function argumentsByNode(nodes: readonly NodeFacts[]): ClusterReading['nodeArguments'] {
  return new Map(
    nodes.flatMap(({ name, annotations = {} }) => {
      const args = nodeArguments(annotations)
      return args === undefined ? [] : [[name, args] as const]
    }),
  )
}

function objectOrder({ apiVersion, kind, metadata }: KubernetesObject): readonly string[] {
  return [apiVersion, kind, metadata.namespace ?? '', metadata.name]
}

function sorted<T>(items: readonly T[], keyOf: (item: T) => readonly string[]): readonly T[] {
  // No name of the API holds the separator.
  const keyed = items.map((item) => ({ item, key: keyOf(item).join('\n') }))
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ item }) => item)
}
