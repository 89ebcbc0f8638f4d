import { type RouteArtefact, routeProtocol } from '../../domain/host-route.ts'
import type { HostRoutes, ObservedRoute, RouteWrite } from '../../domain/host-routes.ts'
import { routeId, routeKey } from '../../domain/route-identity.ts'
import type { RouteMemory } from './decide-route.ts'

/**
 * Routes of ours that nobody wants any more: removed, in the reverse of the order in which they would be written, or
 * given back to whom they were taken from. What carries another protocol number is never touched.
 */
export function planRelease(
  wanted: readonly RouteArtefact[],
  now: HostRoutes,
  memory: RouteMemory,
): readonly RouteWrite[] {
  const keys = new Set(wanted.map(routeKey))
  const retired = now.routes.filter((route) => route.protocol === routeProtocol && !keys.has(routeKey(route)))
  const held = new Set(now.routes.map(routeKey))
  const orphaned = [...memory.adopted.values()].filter(
    (route) => !keys.has(routeKey(route)) && !held.has(routeKey(route)),
  )
  return [
    // Ours went before it could be given back.
    ...orphaned.map((route): RouteWrite => ({ kind: 'restore-route', route })),
    ...dependentsFirst(retired).map((route): RouteWrite => {
      const previous = memory.adopted.get(routeId(route))
      return previous === undefined ? { kind: 'remove-route', route } : { kind: 'restore-route', route: previous }
    }),
  ]
}

/** A route with a gateway may lean on one without. */
function dependentsFirst(routes: readonly ObservedRoute[]): readonly ObservedRoute[] {
  const leans = (route: ObservedRoute): number => (route.nextHops.some(({ via }) => via !== undefined) ? 0 : 1)
  return routes.toSorted((a, b) => leans(a) - leans(b))
}
