import type { AddressFamily } from '../../domain/cidr.ts'
import type { NodeFacts, ServiceFacts } from '../../domain/facts.ts'
import { supports } from '../version/feature-gates.ts'
import type { K3sVersion } from '../version/k3s-version.ts'
import { boundPods, nowhere } from './bound-pods.ts'
import { type Candidates, candidateFinder } from './candidates.ts'
import { byCreation, serviceKey } from './eligibility.ts'
import { hostPorts } from './host-ports.ts'
import { pendingReason } from './pending-reason.ts'
import type { Placement, PredictedPod, ServicelbCluster } from './prediction.ts'
import { podRunner, type RunningPods } from './running-pods.ts'
import type { NodeSelector } from './selector.ts'
import { statusAddresses } from './status-addresses.ts'
import type { Toleration } from './tolerations.ts'

/** A DaemonSet that is there, or will be. */
export interface WantedDaemonSet {
  readonly service: ServiceFacts
  readonly selector: NodeSelector
  readonly tolerations: readonly Toleration[]
}

type Surroundings = Pick<
  ServicelbCluster,
  'version' | 'nodes' | 'hostPortPods' | 'disabledServers' | 'primaryFamily' | 'isRootless'
>

/**
 * Where the pods of all Services end up, and the statuses that follow, by `namespace/name`. Services that nothing stands
 * in the way of end up alike: thousands of them share a few placements.
 * @param cluster its nodes in the order of their names
 * @param keepsBound pods of ServiceLB that are on a node stay there and keep their ports
 * @see k3s-networking §5.4, §5.5
 */
export function placeServices(
  cluster: Surroundings,
  wanted: readonly WantedDaemonSet[],
  keepsBound: boolean,
): ReadonlyMap<string, Placement> {
  const { nodes, hostPortPods = [] } = cluster
  const portsOf = hostPorts(
    wanted.map(({ service }) => service),
    hostPortPods.filter((pod) => pod.servicelbOf === undefined),
    cluster.version,
  )
  const find = candidateFinder(nodes)
  const bound = keepsBound ? boundPods(hostPortPods) : undefined
  const parted = [...wanted]
    .sort((a, b) => byCreation(a.service, b.service))
    .map(({ service, selector, tolerations }) => {
      const key = serviceKey(service)
      const there = bound?.get(key) ?? nowhere
      return { service, key, there, ports: portsOf(service), candidates: find(selector, tolerations, there.nodes) }
    })
  for (const { there, ports, candidates } of parted) {
    if (!ports.isContested || there.nodes.length === 0) continue
    const names = new Set(candidates.names)
    for (const node of there.nodes) if (names.has(node)) ports.take(node)
  }
  const run = podRunner(cluster)
  const placeAlike = placer(cluster)
  return new Map(
    parted.map(({ service, key, there, ports, candidates }) => [
      key,
      placeAlike(service, candidates, run(candidates, ports, there.unready)),
    ]),
  )
}

/** Services on the same pods have the same placement, but for their families and their endpoints. */
function placer(
  cluster: Surroundings,
): (service: ServiceFacts, candidates: Candidates, running: RunningPods) => Placement {
  const alike = new Map<RunningPods, Map<string, Placement>>()
  return (service, candidates, running) => {
    const families = familiesOf(service, cluster)
    const endpoints = localEndpoints(service, cluster.version)
    if (endpoints !== undefined) {
      return placementOf(cluster, families, candidates, running.pods, nodesWithEndpoint(running.ready, endpoints))
    }
    const known = alike.get(running) ?? new Map<string, Placement>()
    alike.set(running, known)
    const key = families.join()
    const found =
      known.get(key) ?? placementOf(cluster, families, candidates, running.pods, [...running.ready.values()])
    known.set(key, found)
    return found
  }
}

/** Those of the nodes with a ready pod, in the order of their names. */
export function nodesWithEndpoint(
  ready: ReadonlyMap<string, NodeFacts>,
  endpoints: ReadonlySet<string>,
): readonly NodeFacts[] {
  return [...endpoints].sort().flatMap((name) => ready.get(name) ?? [])
}

/** @param shown nodes that the status may name */
function placementOf(
  cluster: Surroundings,
  families: readonly AddressFamily[],
  { names, excluded }: Candidates,
  pods: readonly PredictedPod[],
  shown: readonly NodeFacts[],
): Placement {
  const addresses = statusAddresses(shown, families, cluster.version)
  const addressesUnknown = shown.filter(hasNoKnownAddress).map((node) => node.name)
  const outcome = { candidates: names, excluded, pods, addressesUnknown }
  const isPending = addresses.length === 0 && addressesUnknown.length === 0
  return {
    ...outcome,
    addresses: addresses.length > 0 && cluster.isRootless === true ? ['127.0.0.1'] : addresses,
    ...(isPending ? { pending: pendingReason(outcome, shown.length > 0) } : {}),
  }
}

/**
 * The nodes that a status may name under externalTrafficPolicy Local; undefined where every node may be named, and where
 * nobody knows the endpoints.
 */
export function localEndpoints(service: ServiceFacts, version: K3sVersion): ReadonlySet<string> | undefined {
  if (service.externalTrafficPolicy !== 'Local' || !supports('servicelb-local-policy', version)) return undefined
  return service.endpointNodes === undefined ? undefined : new Set(service.endpointNodes)
}

export function familiesOf(
  service: ServiceFacts,
  { primaryFamily }: Pick<ServicelbCluster, 'primaryFamily'>,
): readonly AddressFamily[] {
  const { ipFamilies = [] } = service
  return ipFamilies.length === 0 ? [primaryFamily] : ipFamilies
}

function hasNoKnownAddress({ addresses, externalAddresses = [] }: NodeFacts): boolean {
  return addresses.length === 0 && externalAddresses.length === 0
}
