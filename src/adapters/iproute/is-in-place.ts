import type { RouteArtefact } from '../../domain/host-route.ts'
import { routeProtocol } from '../../domain/host-route.ts'
import type { HostRoutes, ObservedRoute, RouteWrite } from '../../domain/host-routes.ts'
import { isSameRoute, isSameRule, routeId, routeKey, ruleKey } from '../../domain/route-identity.ts'

/** Whether a write has reached its end, told by what the kernel holds. */
export function isInPlace(after: HostRoutes): (write: RouteWrite) => boolean {
  const routes = Map.groupBy(after.routes, routeKey)
  const holders = (route: ObservedRoute | RouteArtefact): readonly ObservedRoute[] => routes.get(routeKey(route)) ?? []
  return (write) => {
    switch (write.kind) {
      case 'add-route':
      case 'replace-route':
        return holders(write.route).some(
          (found) => found.protocol === write.protocol && isSameRoute(write.route, found),
        )
      case 'restore-route':
        return holders(write.route).some((found) => isTwin(write.route, found))
      case 'remove-route':
        return !holders(write.route).some((found) => isTwin(write.route, found))
      case 'add-rule':
        return after.rules.some((found) => found.protocol === routeProtocol && isSameRule(write.rule, found))
      case 'remove-rule':
        return !after.rules.some((found) => sameText(write.rule) === sameText(found))
    }
  }
}

/** One and the same route of one and the same writer. */
function isTwin(a: ObservedRoute, b: ObservedRoute): boolean {
  return a.protocol === b.protocol && (a.tos ?? 0) === (b.tos ?? 0) && isSameRoute(asWanted(a), { ...b, tos: 0 })
}

function asWanted(route: ObservedRoute): RouteArtefact {
  const type = route.type as RouteArtefact['type']
  return { ...route, kind: 'route', id: routeId(route), type, onConflict: 'Refuse', origin: '' }
}

function sameText(rule: HostRoutes['rules'][number]): string {
  const { action, selectors = [], isNegated, protocol } = rule
  const key = action.kind === 'other' ? `${rule.family}:${rule.priority} ${action.text}` : ruleKey({ ...rule, action })
  return [key, protocol, isNegated, ...selectors].join(' ')
}
