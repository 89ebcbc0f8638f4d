import { familyOf } from '../../domain/cidr.ts'
import type { NodeFacts, ServiceFacts } from '../../domain/facts.ts'
import { supports } from '../version/feature-gates.ts'
import { familyHandling } from './eras.ts'
import { familiesOf, localEndpoints, nodesWithEndpoint } from './place-services.ts'
import type { Placement, PredictionNote, ServicelbCluster, ServicePrediction } from './prediction.ts'
import { remembered } from './remembered.ts'
import { sameSelector, selectorText } from './selector.ts'
import { isTextOrder } from './status-addresses.ts'

type Unannotated = Omit<ServicePrediction, 'notes'>

/**
 * What a reader of the placement would otherwise wonder about; about what is there, not about what would be ideal. What
 * follows from a placement alone is said once for all Services that share it.
 */
export function noteTaker(
  cluster: ServicelbCluster,
): (prediction: Unannotated, failure: string | undefined) => readonly PredictionNote[] {
  const nodes = new Map(cluster.nodes.map((node) => [node.name, node]))
  const readyOf = remembered((pods: Placement['pods']) => readyNodes(pods, nodes))
  const preemptionOf = remembered(preemptionNotes)
  const ofServers = serverNotes(cluster)
  const known = new Map<Placement, readonly PredictionNote[]>()
  const placementNotes = ({ service, actual }: Unannotated): readonly PredictionNote[] => {
    const ready = readyOf(actual.pods)
    const endpoints = localEndpoints(service, cluster.version)
    const make = (shown: readonly NodeFacts[]) => [
      ...addressNotes(service, actual, shown, cluster),
      ...preemptionOf(actual.pods),
      ...ofServers,
      ...sysctlNotes(service, cluster),
    ]
    if (endpoints !== undefined) return make(nodesWithEndpoint(ready, endpoints))
    const found = known.get(actual) ?? make([...ready.values()])
    known.set(actual, found)
    return found
  }
  return (prediction, failure) => {
    if (prediction.service.type !== 'LoadBalancer') return []
    if (prediction.ineligibility !== undefined) return statusLeft(prediction, cluster)
    return [
      ...(failure === undefined ? [] : [note('ensure-fails', `K3s cannot write its DaemonSet: ${failure}`)]),
      ...selectorNotes(prediction, cluster),
      ...trafficPolicyNotes(prediction.service, readyOf(prediction.actual.pods), cluster),
      ...placementNotes(prediction),
    ]
  }
}

/** By name, in the order of their names. */
function readyNodes(pods: Placement['pods'], nodes: ReadonlyMap<string, NodeFacts>): ReadonlyMap<string, NodeFacts> {
  const ready = new Map<string, NodeFacts>()
  for (const pod of pods) {
    const node = pod.state === 'ready' ? nodes.get(pod.node) : undefined
    if (node !== undefined) ready.set(node.name, node)
  }
  return ready
}

function statusLeft({ service, ineligibility }: Unannotated, cluster: ServicelbCluster): PredictionNote[] {
  if (ineligibility !== 'servicelb-disabled') return []
  const stale = (service.statusAddresses ?? []).length > 0
  const leftovers =
    cluster.isCloudControllerOff === true
      ? [note('status-left', 'the cloud controller is off as well, so its DaemonSet is not deleted')]
      : []
  return stale
    ? [note('status-left', 'ServiceLB is off and leaves the addresses that the status shows'), ...leftovers]
    : leftovers
}

function selectorNotes({ selector }: Unannotated, { nodes }: ServicelbCluster): PredictionNote[] {
  const { live, expected } = selector
  if (live === undefined || sameSelector(live, expected)) return []
  const isStuck = Object.keys(expected).length === 0 && nodes.length > 0
  const differs = `its DaemonSet selects ${selectorText(live)} and should select ${selectorText(expected)}`
  return isStuck
    ? [note('selector-stuck', `${differs}; K3s takes it away only where the DaemonSet is deleted and looked at again`)]
    : [note('look-needed', `${differs}; K3s looks again when an annotation of the Service changes`)]
}

function trafficPolicyNotes(
  service: ServiceFacts,
  ready: ReadonlyMap<string, NodeFacts>,
  { version }: ServicelbCluster,
): PredictionNote[] {
  if (service.externalTrafficPolicy !== 'Local') return []
  if (!supports('servicelb-local-policy', version)) {
    return [note('local-ignored', 'this release ignores externalTrafficPolicy Local')]
  }
  const endpoints = localEndpoints(service, version)
  if (endpoints === undefined) return [note('endpoints-unknown', 'nobody knows which nodes run an endpoint')]
  const count = ready.size - nodesWithEndpoint(ready, endpoints).length
  if (count === 0) return []
  const first = ready
    .keys()
    .filter((name) => !endpoints.has(name))
    .take(shownNames)
  return [
    note('nodes-without-endpoint', `connections fail on nodes without an endpoint: ${namesAndMore([...first], count)}`),
  ]
}

/** @param shown nodes that the status may name */
function addressNotes(
  service: ServiceFacts,
  actual: Placement,
  shown: readonly NodeFacts[],
  cluster: ServicelbCluster,
): PredictionNote[] {
  const notes: PredictionNote[] = []
  const internal = shown.filter((node) => !hasExternal(node))
  if (internal.length > 0 && internal.length < shown.length) {
    const shadowed = names(internal.map((node) => node.name))
    notes.push(
      note('external-shadows', `some nodes have an external address, so those without are left out: ${shadowed}`),
    )
  }
  if (isTextOrder(actual.addresses)) notes.push(note('text-order', 'addresses are sorted as text, not as numbers'))
  if (actual.addressesUnknown.length > 0) {
    const unknown = names(actual.addressesUnknown)
    notes.push(note('addresses-unknown', `the addresses of these nodes are not known: ${unknown}`))
  }
  if (familyHandling(cluster.version) === 'by-policy') {
    const families = familiesOf(service, cluster)
    const others = shown.some((node) => node.addresses.some((address) => !families.includes(familyOf(address))))
    if (others) {
      notes.push(
        note('family-policy', 'with ipFamilyPolicy PreferDualStack this release shows the other family as well'),
      )
    }
  }
  return notes
}

function preemptionNotes(pods: Placement['pods']): PredictionNote[] {
  const pushed = pods.flatMap((pod) =>
    pod.state === 'ready' && pod.preempts !== undefined ? [`${pod.preempts} on ${pod.node}`] : [],
  )
  return pushed.length === 0 ? [] : [note('preemption', `its pods are expected to push away ${pushed.join(', ')}`)]
}

function serverNotes({ nodes, disabledServers }: ServicelbCluster): PredictionNote[] {
  const servers = nodes.filter((node) => node.role === 'server')
  const off = servers.filter((node) => disabledServers.has(node.name)).map((node) => node.name)
  return off.length === 0 || off.length === servers.length
    ? []
    : [note('servers-differ', `ServiceLB is disabled on ${names(off)}: whether it works depends on who leads`)]
}

function sysctlNotes(service: ServiceFacts, cluster: ServicelbCluster): PredictionNote[] {
  const isAsked = supports('servicelb-both-forwarding-sysctls', cluster.version)
  return isAsked && familiesOf(service, cluster).length === 1
    ? [note('both-sysctls', 'this release asks for IPv6 forwarding as well, and fails on kernels without IPv6')]
    : []
}

function hasExternal({ externalAddresses = [] }: NodeFacts): boolean {
  return externalAddresses.length > 0
}

function names(all: readonly string[]): string {
  return namesAndMore(all.slice(0, shownNames), all.length)
}

function namesAndMore(shown: readonly string[], count: number): string {
  const rest = count - shown.length
  return rest === 0 ? shown.join(', ') : `${shown.join(', ')} and ${rest} more`
}

function note(code: PredictionNote['code'], text: string): PredictionNote {
  return { code, text }
}

const shownNames = 5
