import { familyOf } from '../../domain/cidr.ts'
import type { NodeFacts } from '../../domain/facts.ts'
import { supports } from '../version/feature-gates.ts'
import { familyHandling } from './eras.ts'
import { familiesOf, localEndpoints } from './place-services.ts'
import type { Placement, PredictionNote, ServicelbCluster, ServicePrediction } from './prediction.ts'
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
  const known = new Map<Placement, readonly PredictionNote[]>()
  const placementNotes = (prediction: Unannotated): readonly PredictionNote[] => {
    const make = () => [...addressNotes(prediction, cluster), ...podNotes(prediction, cluster)]
    if (localEndpoints(prediction.service, cluster.version) !== undefined) return make()
    const found = known.get(prediction.actual) ?? make()
    known.set(prediction.actual, found)
    return found
  }
  return (prediction, failure) => {
    if (prediction.service.type !== 'LoadBalancer') return []
    if (prediction.ineligibility !== undefined) return statusLeft(prediction, cluster)
    return [
      ...(failure === undefined ? [] : [note('ensure-fails', `K3s cannot write its DaemonSet: ${failure}`)]),
      ...selectorNotes(prediction, cluster),
      ...trafficPolicyNotes(prediction, cluster),
      ...placementNotes(prediction),
    ]
  }
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

function trafficPolicyNotes({ service, actual }: Unannotated, { version }: ServicelbCluster): PredictionNote[] {
  if (service.externalTrafficPolicy !== 'Local') return []
  if (!supports('servicelb-local-policy', version)) {
    return [note('local-ignored', 'this release ignores externalTrafficPolicy Local')]
  }
  const endpoints = localEndpoints(service, version)
  if (endpoints === undefined) return [note('endpoints-unknown', 'nobody knows which nodes run an endpoint')]
  const without = actual.pods.filter((pod) => pod.state === 'ready' && !endpoints.has(pod.node))
  return without.length === 0
    ? []
    : [note('nodes-without-endpoint', `connections fail on nodes without an endpoint: ${names(without)}`)]
}

function addressNotes({ service, actual }: Unannotated, cluster: ServicelbCluster): PredictionNote[] {
  const endpoints = localEndpoints(service, cluster.version)
  const ready = new Set(actual.pods.flatMap((pod) => (pod.state === 'ready' ? [pod.node] : [])))
  const kept = cluster.nodes.filter(({ name }) => ready.has(name) && endpoints?.has(name) !== false)
  const notes: PredictionNote[] = []
  const internal = kept.filter((node) => !hasExternal(node))
  if (internal.length > 0 && internal.length < kept.length) {
    const shadowed = names(internal.map((node) => ({ node: node.name })))
    notes.push(
      note('external-shadows', `some nodes have an external address, so those without are left out: ${shadowed}`),
    )
  }
  if (isTextOrder(actual.addresses)) notes.push(note('text-order', 'addresses are sorted as text, not as numbers'))
  if (actual.addressesUnknown.length > 0) {
    const unknown = names(actual.addressesUnknown.map((node) => ({ node })))
    notes.push(note('addresses-unknown', `the addresses of these nodes are not known: ${unknown}`))
  }
  if (familyHandling(cluster.version) === 'by-policy') {
    const families = familiesOf(service, cluster)
    const others = kept.some((node) => node.addresses.some((address) => !families.includes(familyOf(address))))
    if (others) {
      notes.push(
        note('family-policy', 'with ipFamilyPolicy PreferDualStack this release shows the other family as well'),
      )
    }
  }
  return notes
}

function podNotes({ service, actual }: Unannotated, cluster: ServicelbCluster): PredictionNote[] {
  const notes: PredictionNote[] = []
  const pushed = actual.pods.flatMap((pod) =>
    pod.state === 'ready' && pod.preempts !== undefined ? [`${pod.preempts} on ${pod.node}`] : [],
  )
  if (pushed.length > 0) notes.push(note('preemption', `its pods are expected to push away ${pushed.join(', ')}`))
  const servers = cluster.nodes.filter((node) => node.role === 'server')
  const off = servers.filter((node) => cluster.disabledServers.has(node.name))
  if (off.length > 0 && off.length < servers.length) {
    const disabled = names(off.map((node) => ({ node: node.name })))
    notes.push(note('servers-differ', `ServiceLB is disabled on ${disabled}: whether it works depends on who leads`))
  }
  const families = familiesOf(service, cluster)
  if (supports('servicelb-both-forwarding-sysctls', cluster.version) && families.length === 1) {
    notes.push(note('both-sysctls', 'this release asks for IPv6 forwarding as well, and fails on kernels without IPv6'))
  }
  return notes
}

function hasExternal({ externalAddresses = [] }: NodeFacts): boolean {
  return externalAddresses.length > 0
}

function names(entries: readonly { readonly node: string }[]): string {
  const shown = entries.slice(0, shownNames).map(({ node }) => node)
  const rest = entries.length - shown.length
  return rest === 0 ? shown.join(', ') : `${shown.join(', ')} and ${rest} more`
}

function note(code: PredictionNote['code'], text: string): PredictionNote {
  return { code, text }
}

const shownNames = 5
