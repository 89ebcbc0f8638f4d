import { addressBits, parseAddress, parseCidr } from '../../domain/cidr.ts'
import { mainTable, type RouteArtefact } from '../../domain/host-route.ts'

/**
 * Routes in an order in which the kernel takes them: a gateway has to be reachable when a route names it, by a
 * connected route or by one that comes before. Equal ones keep their order.
 */
export function gatewaysFirst(routes: readonly RouteArtefact[]): readonly RouteArtefact[] {
  const carriersOf = findCarriers(routes)
  const depths = new Map<RouteArtefact, number>()
  const depthOf = (route: RouteArtefact, trail: readonly RouteArtefact[]): number => {
    const known = depths.get(route)
    if (known !== undefined) return known
    if (trail.includes(route)) return 0
    const below = carriersOf(route).map((carrier) => depthOf(carrier, [...trail, route]))
    const depth = Math.max(-1, ...below) + 1
    depths.set(route, depth)
    return depth
  }
  return routes
    .map((route) => ({ route, depth: depthOf(route, []) }))
    .toSorted((a, b) => a.depth - b.depth)
    .map(({ route }) => route)
}

/**
 * Finds the routes that a gateway may be reached by: the kernel looks into the route's own table, and into main. By
 * their networks, one look for each prefix length, as there may be thousands of routes.
 */
function findCarriers(routes: readonly RouteArtefact[]): (route: RouteArtefact) => readonly RouteArtefact[] {
  const byNetwork = new Map<string, RouteArtefact[]>()
  const lengths = new Set<number>()
  for (const route of routes) {
    const range = parseCidr(route.to)
    if (route.type !== 'unicast' || range === undefined || range.prefixBits === 0) continue
    lengths.add(range.prefixBits)
    const key = networkKey(route.table, range.family, range.network, range.prefixBits)
    byNetwork.set(key, [...(byNetwork.get(key) ?? []), route])
  }
  return (route) => {
    const gateways = route.nextHops.flatMap(({ via, onlink }) => {
      const address = via === undefined || onlink === true ? undefined : parseAddress(via)
      return address === undefined ? [] : [address]
    })
    const found = gateways.flatMap(({ family, value }) =>
      [...lengths].flatMap((bits) =>
        [...new Set([mainTable, route.table])].flatMap(
          (table) => byNetwork.get(networkKey(table, family, value, bits)) ?? [],
        ),
      ),
    )
    return found.filter((other) => other !== route)
  }
}

function networkKey(table: number, family: 4 | 6, value: bigint, prefixBits: number): string {
  const hostBits = BigInt(Math.max(0, addressBits(family) - prefixBits))
  return `${table} ${family} ${value >> hostBits} ${prefixBits}`
}
