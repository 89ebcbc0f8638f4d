import type { ServiceFacts } from '../../domain/facts.ts'
import { daemonSetName } from './daemonset-name.ts'
import { byCreation, ineligibilityOf, serviceKey } from './eligibility.ts'
import { ensureOutcome } from './ensure.ts'
import { noteTaker } from './notes.ts'
import { placeServices, type WantedDaemonSet } from './place-services.ts'
import type { PendingReason, Placement, ServicelbCluster, ServicePrediction } from './prediction.ts'
import { expectedSelector, isAllowListOn, type NodeSelector, poolOf, selectorAfterNodeEvent } from './selector.ts'
import { defaultTolerations } from './tolerations.ts'

/**
 * What ServiceLB makes of Services and nodes: which nodes open their ports, which pods wait and for what, and which
 * addresses the statuses show. Services come in the order they were created in, LoadBalancer or not.
 * @see k3s-networking §5
 */
export function predictServicelb(given: ServicelbCluster): readonly ServicePrediction[] {
  const services = [...given.services].sort(byCreation)
  const cluster = { ...given, nodes: [...given.nodes].sort((a, b) => (a.name < b.name ? -1 : 1)) }
  const allowList = isAllowListOn(cluster.nodes)
  const live = new Map((cluster.daemonSets ?? []).map((one) => [one.service, one.nodeSelector]))
  const modes = { allowList, isOff: isServicelbOff(cluster) }
  const looked = services.map((service) => look(service, cluster, modes, live.get(serviceKey(service))))
  const ideal = placeServices(cluster, looked.flatMap(idealDaemonSet), false)
  const actual = placeServices(cluster, looked.flatMap(actualDaemonSet), true)
  const notesOf = noteTaker(cluster)
  return looked.map((one): ServicePrediction => {
    const prediction = {
      service: one.service,
      key: one.key,
      ...(one.ineligibility === undefined ? {} : { ineligibility: one.ineligibility }),
      ...(one.daemonSet === undefined ? {} : { daemonSet: one.daemonSet }),
      ...(one.pool === undefined ? {} : { pool: one.pool }),
      selector: { expected: one.expected, ...(one.live === undefined ? {} : { live: one.live }) },
      ideal: ideal.get(one.key) ?? unplaced(one),
      actual: actual.get(one.key) ?? unplaced(one),
    }
    return { ...prediction, notes: notesOf(prediction, one.failure) }
  })
}

/** No server runs ServiceLB. Where servers differ, the one that leads decides. */
export function isServicelbOff({
  nodes,
  disabledServers,
}: Pick<ServicelbCluster, 'nodes' | 'disabledServers'>): boolean {
  const servers = nodes.filter((node) => node.role === 'server')
  return servers.length > 0 && servers.every((node) => disabledServers.has(node.name))
}

interface Looked extends Pick<ServicePrediction, 'service' | 'key' | 'ineligibility' | 'daemonSet' | 'pool'> {
  readonly expected: NodeSelector
  readonly live?: NodeSelector
  readonly wanted: WantedDaemonSet
  /** Why K3s cannot write the DaemonSet. */
  readonly failure?: string
}

function look(
  service: ServiceFacts,
  cluster: ServicelbCluster,
  { allowList, isOff }: { readonly allowList: boolean; readonly isOff: boolean },
  before: NodeSelector | undefined,
): Looked {
  const { version } = cluster
  const key = serviceKey(service)
  const off = ineligibilityOf(service, version)
  const ineligibility = off ?? (isOff ? 'servicelb-disabled' : undefined)
  const expected = expectedSelector(service, allowList, version)
  const outcome = ensureOutcome(service, cluster)
  const live = before === undefined ? undefined : liveSelector(before, expected, allowList, cluster.lookedAt?.has(key))
  const daemonSet = daemonSetName(service, version, cluster.namespace)
  const pool = poolOf(service, version)
  return {
    service,
    key,
    ...(ineligibility === undefined ? {} : { ineligibility }),
    ...(daemonSet === undefined ? {} : { daemonSet }),
    ...(pool === undefined ? {} : { pool }),
    expected,
    ...(live === undefined ? {} : { live: outcome.ok ? live : selectorAfterNodeEvent(before ?? live, allowList) }),
    wanted: { service, selector: expected, tolerations: outcome.ok ? outcome.value : defaultTolerations(version) },
    ...(outcome.ok ? {} : { failure: outcome.error }),
  }
}

/**
 * A look writes the selector anew. It cannot take `enablelb` away that a node event wrote, which is taken for the case
 * where nothing tells the two apart.
 * @see k3s-io/k3s#14625
 */
function liveSelector(
  before: NodeSelector,
  expected: NodeSelector,
  allowList: boolean,
  isLookedAt = false,
): NodeSelector {
  const now = selectorAfterNodeEvent(before, allowList)
  if (!isLookedAt) return now
  const isStuck = !allowList && Object.keys(now).length === 1
  return isStuck ? now : expected
}

function idealDaemonSet({ wanted, ineligibility, failure }: Looked): WantedDaemonSet[] {
  return ineligibility === undefined && failure === undefined ? [wanted] : []
}

function actualDaemonSet({ wanted, live, ineligibility, failure }: Looked): WantedDaemonSet[] {
  if (ineligibility !== undefined) return []
  if (live !== undefined) return [{ ...wanted, selector: live }]
  return failure === undefined ? [wanted] : []
}

/** A Service that ServiceLB makes nothing for keeps the status that it has. */
function unplaced({ service, ineligibility, failure }: Looked): Placement {
  const addresses = service.type === 'LoadBalancer' ? (service.statusAddresses ?? []) : []
  const pending: PendingReason =
    ineligibility === undefined
      ? { code: 'ensure-fails', text: `K3s cannot write its DaemonSet: ${failure ?? ''}` }
      : { code: 'not-served', text: 'ServiceLB does not serve it' }
  return {
    candidates: [],
    excluded: [],
    pods: [],
    addresses,
    addressesUnknown: [],
    ...(addresses.length > 0 || service.type !== 'LoadBalancer' ? {} : { pending }),
  }
}
