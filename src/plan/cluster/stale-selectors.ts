import type { ClusterObservation, ObservedDaemonSet, ObservedService } from '../../domain/cluster-observation.ts'
import type { NodeFacts } from '../../domain/facts.ts'
import { ineligibilityOf } from '../../k3s/servicelb/eligibility.ts'
import { expectedSelector, type NodeSelector, selectorText } from '../../k3s/servicelb/selector.ts'
import { enableLabel } from '../../k3s/servicelb-labels.ts'
import { type K3sVersion, parseK3sVersion } from '../../k3s/version/k3s-version.ts'

/** The DaemonSet of one Service beside what ServiceLB would write now. */
export interface SelectorFinding {
  readonly service: ObservedService
  /** Undefined while there is none. */
  readonly daemonSet: ObservedDaemonSet | undefined
  readonly expected: NodeSelector
  readonly isStale: boolean
  /** Keys that ServiceLB's node handler put there: its merge does not own them, and never takes them away. */
  readonly hasLeftovers: boolean
  /** No node has what the selector asks for: nothing is lost with the DaemonSet. */
  readonly servesNobody: boolean
}

export function isAllowListOn(observed: Pick<ClusterObservation, 'nodes'>): boolean {
  for (const { labels } of observed.nodes.values()) if (Object.hasOwn(labels, enableLabel)) return true
  return false
}

/**
 * Every Service that ServiceLB serves, by `namespace/name`. Empty where the release is not known. A Service with more than
 * one DaemonSet is left out: which of them is its own is not ours to say.
 * @see k3s-io/k3s pkg/cloudprovider/servicelb.go, k3s-io/k3s#14625; k3s-networking §5.8
 */
export function selectorFindings(observed: ClusterObservation): ReadonlyMap<string, SelectorFinding> {
  const version = parseK3sVersion(observed.k3sVersion ?? '')
  if (version === undefined) return new Map()
  const allowList = isAllowListOn(observed)
  const isServed = servedSelectors(observed)
  const byService = Map.groupBy(observed.daemonSets, ({ service }) => service)
  const findings = new Map<string, SelectorFinding>()
  for (const [key, service] of observed.services) {
    const [daemonSet, ...more] = byService.get(key) ?? []
    if (more.length > 0 || ineligibilityOf(service, version) !== undefined) continue
    findings.set(key, findingOf(service, daemonSet, { allowList, version, isServed }))
  }
  return findings
}

interface Cluster {
  readonly allowList: boolean
  readonly version: K3sVersion
  readonly isServed: (selector: NodeSelector) => boolean
}

function findingOf(
  service: ObservedService,
  daemonSet: ObservedDaemonSet | undefined,
  { allowList, version, isServed }: Cluster,
): SelectorFinding {
  const expected = expectedSelector(service, allowList, version)
  if (daemonSet === undefined || isSame(daemonSet.nodeSelector, expected)) {
    return { service, daemonSet, expected, isStale: false, hasLeftovers: false, servesNobody: false }
  }
  const live = daemonSet.nodeSelector
  return {
    service,
    daemonSet,
    expected,
    isStale: true,
    hasLeftovers: Object.keys(live).some((key) => !Object.hasOwn(expected, key)),
    servesNobody: !isServed(live),
  }
}

function isSame(a: NodeSelector, b: NodeSelector): boolean {
  for (const key in a) if (a[key] !== b[key]) return false
  for (const key in b) if (!Object.hasOwn(a, key)) return false
  return true
}

/** Whether any node has what a selector asks for; many DaemonSets share a few selectors. */
function servedSelectors({ nodes }: Pick<ClusterObservation, 'nodes'>): (selector: NodeSelector) => boolean {
  const known = new Map<string, boolean>()
  return (selector) => {
    const text = selectorText(selector)
    const found = known.get(text) ?? [...nodes.values()].some((node) => isSelected(node, selector))
    known.set(text, found)
    return found
  }
}

function isSelected({ labels }: Pick<NodeFacts, 'labels'>, selector: NodeSelector): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value)
}
