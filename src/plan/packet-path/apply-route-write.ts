import { type RouteArtefact, type RoutingRuleArtefact, routeProtocol } from '../../domain/host-route.ts'
import type { HostRoutes, ObservedRoute, ObservedRule, RouteWrite } from '../../domain/host-routes.ts'
import { unreachable } from '../../domain/unreachable.ts'

/** What the kernel holds after one write, as far as routes decide about packets. */
export function applyRouteWrite(now: HostRoutes, write: RouteWrite): HostRoutes {
  switch (write.kind) {
    case 'add-route':
      return { ...now, routes: [...now.routes, observed(write.route, write.protocol)] }
    case 'replace-route':
      return { ...now, routes: replaced(now.routes, observed(write.route, write.protocol)) }
    case 'remove-route':
      return { ...now, routes: withoutFirst(now.routes, (route) => isRoute(route, write.route)) }
    case 'restore-route':
      return { ...now, routes: replaced(now.routes, write.route) }
    case 'add-rule':
      return { ...now, rules: [...now.rules, observedRule(write.rule)] }
    case 'remove-rule':
      return { ...now, rules: withoutFirst(now.rules, (rule) => isRule(rule, write.rule)) }
    default:
      return unreachable(write)
  }
}

function observed(route: RouteArtefact, protocol: number): ObservedRoute {
  const { family, table, to, metric, type, nextHops } = route
  return { family, table, to, metric, type, nextHops, protocol, flags: [] }
}

/** The first one with the same destination, metric and table gives way, whoever wrote it. */
function replaced(routes: readonly ObservedRoute[], route: ObservedRoute): readonly ObservedRoute[] {
  return [...withoutFirst(routes, (one) => hasSameKey(one, route)), route]
}

function hasSameKey(a: ObservedRoute, b: ObservedRoute): boolean {
  return (
    a.family === b.family &&
    a.table === b.table &&
    a.to === b.to &&
    a.metric === b.metric &&
    (a.tos ?? 0) === (b.tos ?? 0)
  )
}

function isRoute(a: ObservedRoute, b: ObservedRoute): boolean {
  return hasSameKey(a, b) && a.protocol === b.protocol && JSON.stringify(a.nextHops) === JSON.stringify(b.nextHops)
}

function observedRule({
  family,
  priority,
  from,
  to,
  fwmark,
  inInterface,
  outInterface,
  action,
}: RoutingRuleArtefact): ObservedRule {
  return {
    family,
    priority,
    protocol: routeProtocol,
    isNegated: false,
    action,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(fwmark === undefined ? {} : { fwmark }),
    ...(inInterface === undefined ? {} : { inInterface }),
    ...(outInterface === undefined ? {} : { outInterface }),
  }
}

function isRule(a: ObservedRule, b: ObservedRule): boolean {
  return a.family === b.family && a.priority === b.priority && a.protocol === b.protocol && sameSelectors(a, b)
}

function sameSelectors(a: ObservedRule, b: ObservedRule): boolean {
  const told = ({ from, to, fwmark, inInterface, outInterface, action }: ObservedRule) =>
    JSON.stringify([from, to, fwmark, inInterface, outInterface, action])
  return told(a) === told(b)
}

function withoutFirst<T>(list: readonly T[], matches: (one: T) => boolean): readonly T[] {
  const at = list.findIndex(matches)
  return at < 0 ? list : list.toSpliced(at, 1)
}
