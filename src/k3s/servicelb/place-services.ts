import type { AddressFamily } from '../../domain/cidr.ts'
import type { HostPortPod, NodeFacts, ServiceFacts } from '../../domain/facts.ts'
import { supports } from '../version/feature-gates.ts'
import type { K3sVersion } from '../version/k3s-version.ts'
import { type Candidates, candidateFinder } from './candidates.ts'
import { byCreation, serviceKey } from './eligibility.ts'
import { type HostPorts, hostPorts, preemptsOrdinaryPods } from './host-ports.ts'
import { pendingReason } from './pending-reason.ts'
import type { Placement, PredictedPod, ServicelbCluster } from './prediction.ts'
import type { NodeSelector } from './selector.ts'
import { statusAddresses } from './status-addresses.ts'
import { type Toleration, untolerated } from './tolerations.ts'

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
 * Where the pods of all Services end up, and the statuses that follow, by `namespace/name`.
 * @param cluster its nodes in the order of their names
 * @param keepsBound pods of ServiceLB that are on a node stay there and keep their ports
 * @see k3s-networking §5.4, §5.5
 */
export function placeServices(
  cluster: Surroundings,
  wanted: readonly WantedDaemonSet[],
  keepsBound: boolean,
): ReadonlyMap<string, Placement> {
  const pods = cluster.hostPortPods ?? []
  const { nodes } = cluster
  const portsOf = hostPorts(
    wanted.map(({ service }) => service),
    pods.filter((pod) => pod.servicelbOf === undefined),
  )
  const find = candidateFinder(nodes)
  const bound = keepsBound ? boundPods(pods) : new Map<string, BoundNodes>()
  const parted = [...wanted]
    .sort((a, b) => byCreation(a.service, b.service))
    .map(({ service, selector, tolerations }) => {
      const there = bound.get(serviceKey(service)) ?? nowhere
      const found = find(selector, tolerations)
      return {
        service,
        there,
        ports: portsOf(service),
        candidates: there.size === 0 ? found : withRunning(found, nodes, there, tolerations),
      }
    })
  for (const { there, ports, candidates } of parted) {
    if (there.size === 0) continue
    for (const node of candidates.nodes) if (there.has(node.name)) ports.take(node.name)
  }
  const unhindered = new Map<Candidates, Map<string, Placement>>()
  return new Map(
    parted.map(({ service, there, ports, candidates }) => {
      const key = serviceKey(service)
      const make = (): Placement => place(cluster, service, candidates, ports, there)
      if (ports.isContested || there.size > 0 || localEndpoints(service, cluster.version) !== undefined) {
        return [key, make()]
      }
      // Services that nothing stands in the way of end up alike: thousands of them share a few placements.
      const known = unhindered.get(candidates) ?? new Map<string, Placement>()
      const families = familiesOf(service, cluster).join()
      const placement = known.get(families) ?? make()
      unhindered.set(candidates, known.set(families, placement))
      return [key, placement]
    }),
  )
}

/** Node name → whether the pod there is ready, as far as somebody looked. */
type BoundNodes = ReadonlyMap<string, boolean | undefined>

const nowhere: BoundNodes = new Map()

function boundPods(pods: readonly HostPortPod[]): ReadonlyMap<string, BoundNodes> {
  const bound = new Map<string, Map<string, boolean | undefined>>()
  for (const { servicelbOf, node, isReady } of pods) {
    if (servicelbOf === undefined || node === undefined) continue
    const nodes = bound.get(servicelbOf) ?? new Map<string, boolean | undefined>()
    bound.set(servicelbOf, nodes.set(node, isReady))
  }
  return bound
}

/**
 * A taint NoSchedule keeps new pods away and leaves those that run.
 * @see kubernetes/kubernetes pkg/controller/daemon/daemon_controller.go (`NodeShouldRunDaemonPod`)
 */
function withRunning(
  found: Candidates,
  nodes: readonly NodeFacts[],
  there: BoundNodes,
  tolerations: readonly Toleration[],
): Candidates {
  const evicts = (node: NodeFacts): boolean =>
    untolerated(node.taints ?? [], tolerations).some((taint) => taint.effect === 'NoExecute')
  const tainted = new Set(found.excluded.flatMap(({ node, reason }) => (reason === 'taint' ? [node] : [])))
  const stays = new Set(
    nodes.filter((node) => tainted.has(node.name) && there.has(node.name) && !evicts(node)).map((node) => node.name),
  )
  if (stays.size === 0) return found
  const candidates = new Set(found.nodes)
  const kept = nodes.filter((node) => candidates.has(node) || stays.has(node.name))
  return {
    nodes: kept,
    names: kept.map((node) => node.name),
    excluded: found.excluded.filter(({ node }) => !stays.has(node)),
  }
}

function place(
  cluster: Surroundings,
  service: ServiceFacts,
  { nodes, names, excluded }: Candidates,
  ports: HostPorts,
  there: BoundNodes,
): Placement {
  const mayPreempt = preemptsOrdinaryPods(service, cluster.version)
  const pods = nodes.map((node): PredictedPod => {
    if (cluster.disabledServers.has(node.name)) return { node: node.name, state: 'rejected' }
    const conflicts = ports.conflicts(node.name)
    const [obstacle] = conflicts.filter(({ heldBy }) => heldBy.kind === 'service' || !mayPreempt)
    if (obstacle !== undefined) return { node: node.name, state: 'pending', ...obstacle }
    ports.take(node.name)
    if (node.isReady === false) return { node: node.name, state: 'not-ready', because: 'node' }
    if (there.get(node.name) === false) return { node: node.name, state: 'not-ready', because: 'observed' }
    const [ordinary] = conflicts
    return { node: node.name, state: 'ready', ...(ordinary === undefined ? {} : { preempts: ordinary.heldBy.key }) }
  })
  const ready = new Set(pods.flatMap((pod) => (pod.state === 'ready' ? [pod.node] : [])))
  const endpoints = localEndpoints(service, cluster.version)
  const kept = nodes.filter(({ name }) => ready.has(name) && (endpoints === undefined || endpoints.has(name)))
  const addresses = statusAddresses(kept, familiesOf(service, cluster), cluster.version)
  const addressesUnknown = kept.filter(hasNoKnownAddress).map((node) => node.name)
  const outcome = { candidates: names, excluded, pods, addressesUnknown }
  const isPending = addresses.length === 0 && addressesUnknown.length === 0
  return {
    ...outcome,
    addresses: addresses.length > 0 && cluster.isRootless === true ? ['127.0.0.1'] : addresses,
    ...(isPending ? { pending: pendingReason(outcome, kept.length > 0) } : {}),
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
