import { formatAddress } from '../../domain/cidr.ts'
import { ownPriorities, ownTables, routeProtocol } from '../../domain/host-route.ts'
import type { HostRoutes, RouteWrite } from '../../domain/host-routes.ts'
import { applyRouteWrite } from './apply-route-write.ts'
import { coverBox } from './cover-box.ts'
import { type FoundRoute, findInTable, findRoute, type NodeRouting, prepareRouting } from './node-routing.ts'
import { startTravelling, type Travelling } from './packet.ts'
import { intersection, locate, networkRange, type Range } from './ranges.ts'

/** A reason not to write routes. */
export interface RouteRefusal {
  readonly code: 'ROUTE_LOST' | 'ROUTE_SHADOWED' | 'RULE_NOT_OURS'
  /** An address of the protected network that shows it; absent for `RULE_NOT_OURS`. */
  readonly peer?: string
  /** The write after which it is so: its place in the list. */
  readonly write: number
  /** For people: `no route leads to 192.168.1.0`. */
  readonly reason: string
}

/**
 * Whether protected peers stay reachable while routes are written: after every single write each of them still has a
 * route to a neighbour by a device that is up, and no routing rule of ours takes them another way than `main` would.
 * What did not work before is not asked for.
 * @param peers addresses or networks, of both families
 * @see node-networking §4.5.6-8
 */
export function guardRoutes(
  writes: readonly RouteWrite[],
  now: HostRoutes,
  peers: readonly string[],
): readonly RouteRefusal[] {
  const refusals: RouteRefusal[] = foreignRules(writes)
  const reported = new Set<string>()
  const before = peers.flatMap((peer) => waysTo(peer, now))
  let current = now
  for (const [write, change] of writes.entries()) {
    current = applyRouteWrite(current, change)
    const touched = before.filter(({ range, family }) => concerns(change, range, family))
    if (touched.length === 0) continue
    const world = worldOf(current)
    for (const way of touched) {
      if (!way.works) continue
      for (const after of waysIn(way.range, way.family, world)) {
        const refusal = objection(way, after)
        const key = refusal === undefined ? '' : `${refusal.code} ${way.peer}`
        if (refusal === undefined || reported.has(key)) continue
        reported.add(key)
        refusals.push({ ...refusal, write })
      }
    }
  }
  return refusals
}

/** Rules of the kernel or of others are never ours to take away. */
function foreignRules(writes: readonly RouteWrite[]): RouteRefusal[] {
  return writes.flatMap((change, write) => {
    if (change.kind !== 'remove-rule' && change.kind !== 'add-rule') return []
    const { priority } = change.rule
    if (priority >= ownPriorities.first && priority <= ownPriorities.last) return []
    const verb = change.kind === 'add-rule' ? 'added' : 'removed'
    return [
      { code: 'RULE_NOT_OURS' as const, write, reason: `the routing rule with priority ${priority} would be ${verb}` },
    ]
  })
}

/** One way, for all addresses of a range alike. */
interface Way {
  readonly range: Range
  readonly family: 4 | 6
  readonly first: string
  readonly found: FoundRoute | undefined
  /** Leads to a neighbour by a device that is up. */
  readonly works: boolean
  readonly hops: string
  /** What `main` alone would say. */
  readonly mainHops: string
  readonly isByOwnRule: boolean
}

interface World {
  readonly routing: NodeRouting
  readonly upDevices: ReadonlySet<string>
}

function worldOf(routes: HostRoutes): World {
  return {
    routing: prepareRouting(routes),
    upDevices: new Set(routes.links.filter(({ isUp }) => isUp).map(({ name }) => name)),
  }
}

function waysTo(peer: string, routes: HostRoutes): readonly (Way & { readonly peer: string })[] {
  const range = networkRange(peer)
  return range === undefined ? [] : waysIn(range, range.family, worldOf(routes)).map((way) => ({ ...way, peer }))
}

const mostWays = 4_000

function waysIn(range: Range, family: 4 | 6, world: World): readonly Way[] {
  const ways: Way[] = []
  coverBox(
    new Map([['to', range]]),
    (values) => {
      const first = values.get('to') ?? 0n
      const packet = startTravelling(probe(first, family))
      const way = wayOf(packet, first, family, world)
      const around = intersection(packet.around.to, range)
      ways.push({ ...way, range: { first, last: around.last } })
      return { around: packet.around, isEnough: false }
    },
    mostWays,
  )
  return ways
}

/** As the node answers: no mark, no source chosen yet. */
function probe(to: bigint, family: 4 | 6) {
  return {
    family,
    from: family === 4 ? '0.0.0.0' : '::',
    to: formatAddress({ family, value: to }),
    protocol: 'tcp' as const,
    state: 'NEW' as const,
  }
}

function wayOf(packet: Travelling, first: bigint, family: 4 | 6, { routing, upDevices }: World): Omit<Way, 'range'> {
  const found = findRoute(routing, packet)
  const route = found?.route
  const main = findInTable(routing, packet, 254)?.route
  const works =
    route !== undefined &&
    ['unicast', 'local'].includes(route.type) &&
    (route.type === 'local' || route.nextHops.some(({ dev }) => dev !== undefined && upDevices.has(dev)))
  return {
    family,
    first: formatAddress({ family, value: first }),
    found,
    works,
    hops: hopsOf(route),
    mainHops: hopsOf(main),
    isByOwnRule: found !== undefined && isOwnRule(found),
  }
}

function hopsOf(route: { readonly type: string; readonly nextHops: FoundHops } | undefined): string {
  return route === undefined ? '' : JSON.stringify([route.type, route.nextHops.map(({ via, dev }) => [via, dev])])
}

type FoundHops = NonNullable<FoundRoute['route']>['nextHops']

function isOwnRule({ rule }: FoundRoute): boolean {
  const { action } = rule
  const isOwnTable = action.kind === 'lookup' && action.table >= ownTables.first && action.table <= ownTables.last
  return rule.protocol === routeProtocol || isOwnTable
}

function objection(before: Way, after: Way): Omit<RouteRefusal, 'write'> | undefined {
  const peer = after.first
  if (!after.works) return { code: 'ROUTE_LOST', peer, reason: lostReason(after) }
  // Already so before the writes: nothing that they change.
  if (!after.isByOwnRule || after.hops === after.mainHops || after.hops === before.hops) return undefined
  const priority = after.found?.rule.priority ?? 0
  return {
    code: 'ROUTE_SHADOWED',
    peer,
    reason: `the routing rule ${priority} sends ${peer} another way than main would`,
  }
}

function lostReason({ found, first }: Way): string {
  if (found === undefined) return `no route leads to ${first}`
  if (found.action !== undefined) return `the routing rule ${found.rule.priority} says ${found.action} for ${first}`
  const { type, to, nextHops } = found.route
  if (type !== 'unicast') return `the route to ${to}, which decides for ${first}, is ${type}`
  return `the route to ${to}, which decides for ${first}, leads by ${nextHops[0]?.dev ?? 'no device'}, which is not up`
}

/** Whether a write can change anything for addresses of the range. */
function concerns(change: RouteWrite, range: Range, family: 4 | 6): boolean {
  if (change.kind === 'add-rule' || change.kind === 'remove-rule') return change.rule.family === family
  const to = networkRange(change.route.to)
  if (to?.family !== family) return false
  return locate([range], to.first).isInside || locate([to], range.first).isInside
}
