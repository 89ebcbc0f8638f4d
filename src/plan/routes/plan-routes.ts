import type { ArtefactId } from '../../domain/artefact.ts'
import { type RouteArtefact, type RoutingRuleArtefact, routeProtocol } from '../../domain/host-route.ts'
import type { HostRoutes, ObservedRoute, ObservedRule, RouteWrite } from '../../domain/host-routes.ts'
import { isSameRule, routeId, routeKey } from '../../domain/route-identity.ts'
import { missingConnectedRoutes } from './connected-routes.ts'
import {
  decideRoute,
  type RouteConflict,
  type RouteDrift,
  type RouteMemory,
  type WaitingRoute,
} from './decide-route.ts'
import { describeRule } from './describe-route.ts'
import { planRelease } from './release-routes.ts'
import { gatewaysFirst } from './route-order.ts'

/** The parts of a program that this is about. */
export interface WantedRoutes {
  readonly routes: readonly RouteArtefact[]
  readonly routingRules: readonly RoutingRuleArtefact[]
}

export interface RoutePlan {
  /**
   * In their order: connected routes, routes with gateways before what needs them, rules; then what is ours and no longer
   * wanted, rules first.
   */
  readonly writes: readonly RouteWrite[]
  /** Routes that somebody else holds; nothing is written for them. */
  readonly conflicts: readonly RouteConflict[]
  /** Routes whose interface is not there, or down: they are written as soon as it is up. */
  readonly waiting: readonly WaitingRoute[]
  /** What others did to what we had written, for people. */
  readonly drifts: readonly RouteDrift[]
  /**
   * To be remembered before the writes, instead of what was: the routes whose place is taken, by the id of ours. One that
   * is given back stays until it was seen in its place.
   */
  readonly adopted: ReadonlyMap<ArtefactId, ObservedRoute>
}

/**
 * What takes this node's routes and rules to what is wanted. Only routes and rules of our own protocol number are ever
 * removed; the route of somebody else is replaced only when a document says so, or when they wrote it over ours.
 */
export function planRoutes(wanted: WantedRoutes, now: HostRoutes, memory: RouteMemory): RoutePlan {
  const byKey = Map.groupBy(now.routes, routeKey)
  const links = new Map(now.links.map((link) => [link.name, link]))
  const decisions = gatewaysFirst(wanted.routes).map((route) =>
    decideRoute(route, byKey.get(routeKey(route)) ?? [], links, memory),
  )
  const rules = planRules(wanted.routingRules, now.rules, memory)
  const release = planRelease(wanted.routes, now, memory)
  const ids = new Set(wanted.routes.map(({ id }) => id))
  const isIdle = wanted.routes.length === 0 && wanted.routingRules.length === 0
  const connected = isIdle ? [] : missingConnectedRoutes(now)
  return {
    writes: [
      ...connected.map((route): RouteWrite => ({ kind: 'restore-route', route })),
      ...decisions.flatMap(({ writes }) => writes),
      ...rules.adds,
      ...rules.removals,
      ...release,
      ...decisions.flatMap(({ removals }) => removals),
    ],
    conflicts: decisions.flatMap(({ conflict }) => conflict ?? []),
    waiting: decisions.flatMap(({ waiting }) => waiting ?? []),
    drifts: [...decisions.flatMap(({ drift }) => drift ?? []), ...rules.drifts],
    adopted: new Map([
      ...[...memory.adopted].filter(([id]) => ids.has(id) || release.some((write) => givesBack(write, id))),
      ...decisions.flatMap(({ adopted }) => (adopted === undefined ? [] : [adopted])),
    ]),
  }
}

function givesBack(write: RouteWrite, id: ArtefactId): boolean {
  return write.kind === 'restore-route' && routeId(write.route) === id
}

function planRules(
  wanted: readonly RoutingRuleArtefact[],
  found: readonly ObservedRule[],
  memory: RouteMemory,
): {
  readonly adds: readonly RouteWrite[]
  readonly removals: readonly RouteWrite[]
  readonly drifts: readonly RouteDrift[]
} {
  const own = found.filter(({ protocol }) => protocol === routeProtocol)
  const missing = wanted.filter((rule) => !own.some((other) => isSameRule(rule, other)))
  const surplus = own.filter((rule) => !wanted.some((other) => isSameRule(other, rule)))
  return {
    adds: missing.map((rule) => ({ kind: 'add-rule', rule })),
    removals: surplus.map((rule) => ({ kind: 'remove-rule', rule })),
    drifts: missing
      .filter(({ id }) => memory.written.has(id))
      .map((rule) => ({ kind: 'removed', id: rule.id, what: `${describeRule(rule)} was removed` })),
  }
}
