import { asList, asRecord, type Json, textIn, textMapIn } from '../../domain/plain-json.ts'

/** Nodes that run ready endpoints of one Service, in one object of the API. */
export interface EndpointNodes {
  /** `namespace/name` of the Service. */
  readonly service: string
  readonly nodes: readonly string[]
}

/**
 * An EndpointSlice, counted as ServiceLB counts: pods that are ready and placed.
 * @see k3s-io/k3s pkg/cloudprovider/servicelb.go `getStatus`; discovery.k8s.io/v1beta1 names the node in the topology
 */
export function nodesOfSlice(slice: Json): EndpointNodes | undefined {
  const { namespace, labels } = asRecord(slice['metadata'])
  const service = textMapIn(labels)['kubernetes.io/service-name']
  if (textIn(namespace) === undefined || service === undefined) return undefined
  const nodes = asList(slice['endpoints'])
    .map(asRecord)
    .flatMap((endpoint) => {
      const isReady = asRecord(endpoint['conditions'])['ready'] === true
      if (!isReady || !isPod(endpoint['targetRef'])) return []
      return textIn(endpoint['nodeName']) ?? textMapIn(endpoint['topology'])['kubernetes.io/hostname'] ?? []
    })
  return { service: `${String(namespace)}/${service}`, nodes }
}

/** Endpoints, of servers older than slices; those that are not ready are listed apart there. */
export function nodesOfEndpoints(endpoints: Json): EndpointNodes | undefined {
  const { namespace, name } = asRecord(endpoints['metadata'])
  if (textIn(namespace) === undefined || textIn(name) === undefined) return undefined
  const nodes = asList(endpoints['subsets'])
    .flatMap((subset) => asList(asRecord(subset)['addresses']))
    .map(asRecord)
    .flatMap((address) => (isPod(address['targetRef']) ? (textIn(address['nodeName']) ?? []) : []))
  return { service: `${String(namespace)}/${String(name)}`, nodes }
}

/** By `namespace/name` of the Service; each node once, sorted. */
export function endpointNodesByService(found: readonly EndpointNodes[]): ReadonlyMap<string, readonly string[]> {
  const byService = new Map<string, Set<string>>()
  for (const { service, nodes } of found) {
    const known = byService.get(service) ?? new Set()
    for (const node of nodes) known.add(node)
    byService.set(service, known)
  }
  return new Map([...byService].map(([service, nodes]) => [service, [...nodes].sort()]))
}

function isPod(targetRef: unknown): boolean {
  return asRecord(targetRef)['kind'] === 'Pod'
}
