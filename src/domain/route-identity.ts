import type { ArtefactId } from './artefact.ts'
import type { AddressFamily } from './cidr.ts'
import type { NextHop, RouteArtefact, RoutingRuleArtefact } from './host-route.ts'
import type { ObservedRoute, ObservedRule } from './host-routes.ts'

/** What tells one route from another in the kernel, as far as we write routes: without a type of service. */
export interface RouteIdentity {
  readonly family: AddressFamily
  readonly table: number
  readonly to: string
  readonly metric: number
}

export function routeKey({ family, table, to, metric }: RouteIdentity): string {
  return `${family}:${table}:${to}:${metric}`
}

export function routeId(route: RouteIdentity): ArtefactId {
  return `route:${routeKey(route)}` as ArtefactId
}

export function routingRuleId(rule: Omit<RoutingRuleArtefact, 'kind' | 'id' | 'origin'>): ArtefactId {
  return `routing-rule:${ruleKey(rule)}` as ArtefactId
}

export function sysctlId(key: string): ArtefactId {
  return `sysctl:${key}` as ArtefactId
}

/** Everything that a routing rule of ours says, in one line: two rules with the same line are the same rule. */
export function ruleKey(rule: Omit<RoutingRuleArtefact, 'kind' | 'id' | 'origin'>): string {
  const { family, priority, from, to, fwmark, inInterface, outInterface, action } = rule
  const mark = fwmark === undefined ? undefined : `fwmark ${fwmark.value}/${fwmark.mask}`
  const parts = [
    from === undefined ? undefined : `from ${from}`,
    to === undefined ? undefined : `to ${to}`,
    mark,
    inInterface === undefined ? undefined : `iif ${inInterface}`,
    outInterface === undefined ? undefined : `oif ${outInterface}`,
    actionText(action),
  ]
  return [`${family}:${priority}`, ...parts.filter((part) => part !== undefined)].join(' ')
}

/** Whether the kernel holds this rule; whose it is, is another question. */
export function isSameRule(wanted: RoutingRuleArtefact, found: ObservedRule): boolean {
  if (found.isNegated || found.selectors !== undefined || found.action.kind === 'other') return false
  return ruleKey(wanted) === ruleKey({ ...found, action: found.action })
}

/**
 * Whether packets take the same way by both. Who wrote a route, whether its link is up at the moment and what the kernel
 * learned meanwhile is not compared.
 */
export function isSameRoute(wanted: RouteArtefact, found: ObservedRoute): boolean {
  return (
    routeKey(wanted) === routeKey(found) &&
    (found.tos ?? 0) === 0 &&
    wanted.type === found.type &&
    wanted.mtuBytes === found.mtuBytes &&
    wanted.preferredSource === found.preferredSource &&
    sameHops(wanted.nextHops, found.nextHops)
  )
}

function actionText(action: RoutingRuleArtefact['action']): string {
  if (action.kind !== 'lookup') return action.kind
  const { table, suppressPrefixBits } = action
  return suppressPrefixBits === undefined
    ? `lookup ${table}`
    : `lookup ${table} suppress_prefixlength ${suppressPrefixBits}`
}

/** In any order: the kernel prints them in its own. A wish without an interface takes the one that the kernel found. */
function sameHops(wanted: readonly NextHop[], found: readonly NextHop[]): boolean {
  if (wanted.length !== found.length) return false
  const left = [...found]
  const shared = wanted.length > 1
  for (const hop of wanted) {
    const index = left.findIndex((other) => sameHop(hop, other, shared))
    if (index < 0) return false
    left.splice(index, 1)
  }
  return true
}

function sameHop(wanted: NextHop, found: NextHop, shared: boolean): boolean {
  if (wanted.via !== found.via) return false
  if (wanted.dev !== undefined && wanted.dev !== found.dev) return false
  if ((wanted.onlink === true) !== (found.onlink === true)) return false
  return !shared || (wanted.weight ?? 1) === (found.weight ?? 1)
}
