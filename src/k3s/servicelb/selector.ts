import type { NodeFacts, ServiceFacts } from '../../domain/facts.ts'
import { enableLabel, poolLabel } from '../servicelb-labels.ts'
import { supports } from '../version/feature-gates.ts'
import type { K3sVersion } from '../version/k3s-version.ts'

/** Labels that a node has to carry. */
export type NodeSelector = Readonly<Record<string, string>>

/** One node with the key is enough, whatever its value. */
export function isAllowListOn(nodes: readonly NodeFacts[]): boolean {
  return nodes.some((node) => Object.hasOwn(node.labels, enableLabel))
}

/** The selector that a DaemonSet has after ServiceLB looked at its Service. @see k3s-networking §5.4 R3 */
export function expectedSelector(service: ServiceFacts, allowList: boolean, version: K3sVersion): NodeSelector {
  if (!allowList) return {}
  const pool = poolOf(service, version)
  return { [enableLabel]: 'true', ...(pool === undefined ? {} : { [poolLabel]: pool }) }
}

/** The pool that a Service asks for, in a release that knows pools. */
export function poolOf(service: ServiceFacts, version: K3sVersion): string | undefined {
  const pool = service.labels[poolLabel] ?? ''
  return pool === '' || !supports('servicelb-pools', version) ? undefined : pool
}

/**
 * The selector that a DaemonSet has after a node event, without anyone looking at its Service: the first node with the
 * key gives `enablelb` to selectors without it, and nothing ever takes it away again.
 * @see k3s-io/k3s pkg/cloudprovider/servicelb.go (`updateDaemonSets`), k3s-io/k3s#14625; k3s-networking §5.8
 */
export function selectorAfterNodeEvent(live: NodeSelector, allowList: boolean): NodeSelector {
  return allowList && !Object.hasOwn(live, enableLabel) ? { [enableLabel]: 'true' } : live
}

/** Why a node is not selected: it is not enabled, or it is in another pool. */
export function mismatch(node: NodeFacts, selector: NodeSelector): 'label' | 'pool' | undefined {
  const wrong = Object.keys(selector).filter((key) => node.labels[key] !== selector[key])
  if (wrong.length === 0) return undefined
  return wrong.every((key) => key === poolLabel) ? 'pool' : 'label'
}

export function sameSelector(a: NodeSelector, b: NodeSelector): boolean {
  return selectorText(a) === selectorText(b)
}

/** `enablelb=true,lbpool=edge`, sorted, without the part of the keys that is always the same; `-` for an empty one. */
export function selectorText(selector: NodeSelector): string {
  const parts = Object.entries(selector).map(([key, value]) => `${key.slice(key.lastIndexOf('/') + 1)}=${value}`)
  return parts.length === 0 ? '-' : parts.sort().join(',')
}
