import type { Facts, NodeFacts, ServiceFacts, ServicelbDaemonSet } from '../domain/facts.ts'
import { serviceKey } from '../k3s/servicelb/eligibility.ts'
import { type ServicelbEra, servicelbEra } from '../k3s/servicelb/eras.ts'
import { disabledServersIn, startedWith } from '../k3s/servicelb/node-arguments.ts'
import { isServicelbOff, predictServicelb } from '../k3s/servicelb/predict.ts'
import type { Placement, ServicelbCluster, ServicePrediction } from '../k3s/servicelb/prediction.ts'
import { remembered } from '../k3s/servicelb/remembered.ts'
import { isAllowListOn } from '../k3s/servicelb/selector.ts'
import { isLookedAtAgain } from '../k3s/servicelb/triggers.ts'
import { type K3sVersion, parseK3sVersion } from '../k3s/version/k3s-version.ts'
import { clusterToCome } from '../lint/servicelb/cluster-to-come.ts'
import { renderServiceLabels } from '../render/pool-labels.ts'
import type { DesiredState } from '../schema/documents.ts'
import { knownFacts } from './known-facts.ts'
import { repositorySubject } from './lint-repository.ts'

/** ServiceLB in one cluster, before and after a repository has its way. */
export interface LbPreview {
  readonly cluster: string
  /** Whether `before` is what somebody saw; otherwise it is the repository without its pools. */
  readonly isCaptured: boolean
  readonly before: LbState
  readonly after: LbState
  /** `namespace/name` of Services that are served otherwise than before. */
  readonly changed: readonly string[]
}

export interface LbState {
  readonly version: K3sVersion
  readonly era: ServicelbEra
  readonly isOff: boolean
  readonly isAllowListOn: boolean
  /** In the order of their names. */
  readonly nodes: readonly NodeFacts[]
  /** LoadBalancer Services, the oldest first. */
  readonly services: readonly ServicePrediction[]
}

/** @returns undefined where nobody knows the nodes: no capture, and no `spec.nodes` */
export function previewLb(desired: DesiredState, seen: Facts): LbPreview | undefined {
  const facts = knownFacts(desired, seen)
  const toCome = clusterToCome(repositorySubject(desired, facts))
  const isCaptured = seen.origin !== 'assumed'
  const was = isCaptured && toCome !== undefined ? clusterAsSeen(facts, toCome) : withoutPools(desired, facts)
  if (toCome === undefined || was === undefined) return undefined
  const before = stateOf(was)
  const after = stateOf(
    continued(withDigests(toCome, desired), was, isCaptured ? daemonSetsOf(facts, before) : undefined),
  )
  return { cluster: desired.cluster.metadata.name, isCaptured, before, after, changed: changedServices(before, after) }
}

/** The release and the flags that nodes were started with, as far as they tell; those of the repository where not. */
function clusterAsSeen(facts: Facts, toCome: ServicelbCluster): ServicelbCluster {
  const servers = facts.nodes.filter((node) => node.role === 'server')
  const told = servers.filter((node) => startedWith(node, 'disable') !== undefined)
  const [namespace] = servers.flatMap((node) => startedWith(node, 'servicelb-namespace') ?? [])
  const [version] = servers.flatMap((node) => parseK3sVersion(node.k3sVersion ?? '') ?? [])
  return {
    ...toCome,
    ...(version === undefined ? {} : { version }),
    ...(told.length === 0
      ? {}
      : { disabledServers: disabledServersIn(facts.nodes), namespace: namespace ?? 'kube-system' }),
    nodes: facts.nodes,
    services: facts.services,
    ...(facts.servicelbDaemonSets === undefined ? {} : { daemonSets: facts.servicelbDaemonSets }),
  }
}

function withoutPools(desired: DesiredState, facts: Facts): ServicelbCluster | undefined {
  const { cluster } = desired
  const spec = { ...cluster.spec, loadBalancer: { ...cluster.spec.loadBalancer, pools: [] } }
  return clusterToCome(repositorySubject({ ...desired, cluster: { ...cluster, spec } }, facts))
}

/** The labels and the annotation that Fairlead writes on Services, which is what makes K3s look at them. */
function withDigests(cluster: ServicelbCluster, desired: DesiredState): ServicelbCluster {
  const written = new Map(renderServiceLabels(desired.cluster).map((one) => [one.object, one]))
  const services = cluster.services.map((service): ServiceFacts => {
    const own = written.get(serviceKey(service))
    if (own === undefined) return service
    return {
      ...service,
      labels: { ...service.labels, ...own.labels },
      annotations: { ...service.annotations, ...own.annotations },
    }
  })
  return { ...cluster, services }
}

/** With what the time before leaves: its DaemonSets, and the Services that K3s has a reason to look at again. */
function continued(
  toCome: ServicelbCluster,
  was: ServicelbCluster,
  daemonSets: readonly ServicelbDaemonSet[] | undefined,
): ServicelbCluster {
  const before = new Map(was.services.map((service) => [serviceKey(service), service]))
  // Another release means another start of K3s, which looks at everything.
  const isRestarted = toCome.version.text !== was.version.text
  const looked = toCome.services.filter((service) => {
    const old = before.get(serviceKey(service))
    return old === undefined || isRestarted || isLookedAtAgain(old, service, toCome.version)
  })
  return {
    ...toCome,
    ...(daemonSets === undefined ? {} : { daemonSets }),
    lookedAt: new Set(looked.map(serviceKey)),
  }
}

/** Where nobody captured them, as they are when K3s has looked at everything. */
function daemonSetsOf(facts: Facts, before: LbState): readonly ServicelbDaemonSet[] {
  return (
    facts.servicelbDaemonSets ??
    before.services
      .filter((one) => one.ineligibility === undefined)
      .map((one) => ({ service: one.key, nodeSelector: one.selector.expected }))
  )
}

function stateOf(cluster: ServicelbCluster): LbState {
  return {
    version: cluster.version,
    era: servicelbEra(cluster.version),
    isOff: isServicelbOff(cluster),
    isAllowListOn: isAllowListOn(cluster.nodes),
    nodes: [...cluster.nodes].sort((a, b) => (a.name < b.name ? -1 : 1)),
    services: predictServicelb(cluster).filter((one) => one.service.type === 'LoadBalancer'),
  }
}

function changedServices(before: LbState, after: LbState): string[] {
  const seenOf = remembered((actual: Placement) => JSON.stringify(outcomeOf(actual)))
  const [old, now] = [before, after].map(
    ({ services }) => new Map(services.map((one) => [one.key, `${one.ineligibility ?? ''} ${seenOf(one.actual)}`])),
  )
  const keys = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])
  return [...keys].filter((key) => old?.get(key) !== now?.get(key)).sort()
}

/** What somebody who uses the Service notices. */
function outcomeOf({ addresses, addressesUnknown, pending, pods }: Placement): unknown {
  const open = pods.filter((pod) => pod.state === 'ready').map((pod) => pod.node)
  return [addresses, addressesUnknown, pending?.code, open]
}

/** `Ready` where every pod is, `Partly` where some are. */
export type LbServiceState = 'Ready' | 'Partly' | 'Pending' | 'NotServed'

export function lbServiceState({ ineligibility, actual }: ServicePrediction): LbServiceState {
  if (ineligibility !== undefined) return 'NotServed'
  if (actual.pending !== undefined) return 'Pending'
  return isWhole(actual) ? 'Ready' : 'Partly'
}

function isWhole({ pods }: Placement): boolean {
  return pods.every((pod) => pod.state === 'ready')
}
