import { mainTable, type RouteArtefact, type RoutingRuleArtefact } from '../../domain/host-route.ts'
import type { ObservedRoute } from '../../domain/host-routes.ts'
import { ruleKey } from '../../domain/route-identity.ts'
import { hopText } from './route-text.ts'

/** `route to 10.60.0.0/16 metric 50 in table 7100`. */
export function describeRoute(route: Pick<RouteArtefact, 'family' | 'to' | 'metric' | 'table'>): string {
  const metric = route.metric === 0 || (route.family === 6 && route.metric === 1024) ? '' : ` metric ${route.metric}`
  const table = route.table === mainTable ? '' : ` in table ${route.table}`
  return `route to ${route.to}${metric}${table}`
}

/** `via 192.168.1.1 dev eth0`, `nowhere (blackhole)`. */
export function describeHops({ type, nextHops }: Pick<ObservedRoute, 'type' | 'nextHops'>): string {
  return type === 'unicast' ? nextHops.map((hop) => hopText(hop).trim()).join(' and ') : `nowhere (${type})`
}

/** `routing rule 5300 from 10.42.0.0/16 lookup 7100 (IPv4)`. */
export function describeRule(rule: RoutingRuleArtefact): string {
  return `routing rule ${ruleKey(rule).replace(/^[46]:/, '')} (IPv${rule.family})`
}
