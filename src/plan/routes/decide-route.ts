import type { ArtefactId } from '../../domain/artefact.ts'
import { type RouteArtefact, routeProtocol } from '../../domain/host-route.ts'
import type { ObservedLink, ObservedRoute, RouteWrite } from '../../domain/host-routes.ts'
import { isSameRoute } from '../../domain/route-identity.ts'
import { describeHops, describeRoute } from './describe-route.ts'
import { protocolOwner } from './protocol-owners.ts'

/** What is remembered of earlier passes, from the disk. */
export interface RouteMemory {
  /** Ids of routes and rules that were in place as ours: whoever holds such a route now wrote it over ours. */
  readonly written: ReadonlySet<string>
  /** Routes of others whose place we took, by the id of ours: they come back when ours goes. */
  readonly adopted: ReadonlyMap<ArtefactId, ObservedRoute>
}

export interface RouteConflict {
  readonly id: ArtefactId
  readonly origin: string
  readonly what: string
  /** `Calico Felix, protocol 80`. */
  readonly owner: string
  readonly holder: ObservedRoute
}

export interface WaitingRoute {
  readonly id: ArtefactId
  readonly device: string
  readonly reason: 'no-interface' | 'down'
}

export interface RouteDrift {
  /** `overwritten`: the route of somebody else stands where ours was. */
  readonly kind: 'removed' | 'changed' | 'overwritten'
  readonly id: ArtefactId
  /** For people: `10.60.0.0/16 was replaced by one via 192.168.1.9 of an administrator (static), protocol 4`. */
  readonly what: string
}

export interface RouteDecision {
  readonly writes: readonly RouteWrite[]
  readonly removals: readonly RouteWrite[]
  readonly conflict?: RouteConflict
  readonly waiting?: WaitingRoute
  readonly drift?: RouteDrift
  readonly adopted?: readonly [ArtefactId, ObservedRoute]
}

/**
 * What is to be done for one route.
 * @param holders everything that the kernel holds for the same destination, metric and table, in its order: the first is
 *   the one that packets take, and the one that `replace` replaces
 */
export function decideRoute(
  route: RouteArtefact,
  holders: readonly ObservedRoute[],
  links: ReadonlyMap<string, ObservedLink>,
  memory: RouteMemory,
): RouteDecision {
  // A route for other types of service is another route.
  const [first, ...others] = holders.filter(({ tos }) => (tos ?? 0) === 0)
  const waiting = waitingFor(route, links)
  const duplicates = others.filter(({ protocol }) => protocol === routeProtocol)
  const removals = duplicates.map((duplicate): RouteWrite => ({ kind: 'remove-route', route: duplicate }))
  const wasOurs = memory.written.has(route.id)
  if (first !== undefined && first.protocol === routeProtocol && isSameRoute(route, first))
    return { writes: [], removals }
  if (waiting !== undefined) return { writes: [], removals: [], waiting }
  const replace: RouteWrite = { kind: 'replace-route', route, protocol: routeProtocol }
  if (first === undefined) {
    const add: RouteWrite = { kind: 'add-route', route, protocol: routeProtocol }
    return { writes: [add], removals, ...(wasOurs ? { drift: removed(route) } : {}) }
  }
  if (first.protocol === routeProtocol) {
    const drift: RouteDrift = {
      kind: 'changed',
      id: route.id,
      what: `${describeRoute(route)} goes ${describeHops(first)}`,
    }
    return { writes: [replace], removals, ...(wasOurs ? { drift } : {}) }
  }
  const owner = protocolOwner(first.protocol)
  const mayReplace = first.protocol !== kernelProtocol && (wasOurs || route.onConflict === 'Adopt')
  if (mayReplace && duplicates.some((duplicate) => isSameRoute(route, duplicate))) {
    // Ours is there, behind one that was put before it; the kernel refuses to make two of it.
    const inFront: RouteWrite = { kind: 'remove-route', route: first }
    return { writes: [inFront], removals: [], drift: overwritten(route, first) }
  }
  if (mayReplace && wasOurs) return { writes: [replace], removals, drift: overwritten(route, first) }
  if (mayReplace) return { writes: [replace], removals, adopted: [route.id, first] }
  const what = `${describeRoute(route)} is held by ${owner}: it goes ${describeHops(first)}`
  return { writes: [], removals: [], conflict: { id: route.id, origin: route.origin, what, owner, holder: first } }
}

/** Routes to the node's own networks: all others lean on them. */
const kernelProtocol = 2

function overwritten(route: RouteArtefact, first: ObservedRoute): RouteDrift {
  const what = `${describeRoute(route)} was replaced by one ${describeHops(first)} of ${protocolOwner(first.protocol)}`
  return { kind: 'overwritten', id: route.id, what }
}

function removed(route: RouteArtefact): RouteDrift {
  return { kind: 'removed', id: route.id, what: `${describeRoute(route)} was removed` }
}

/** The first interface that the kernel would refuse a route for. A route of several hops stands only as a whole. */
function waitingFor(route: RouteArtefact, links: ReadonlyMap<string, ObservedLink>): WaitingRoute | undefined {
  for (const { dev } of route.nextHops) {
    if (dev === undefined) continue
    const link = links.get(dev)
    if (link === undefined) return { id: route.id, device: dev, reason: 'no-interface' }
    if (!link.isUp) return { id: route.id, device: dev, reason: 'down' }
  }
  return undefined
}
