import { type AddressFamily, familyOf, formatAddress, formatCidr, parseAddress, parseCidr } from '../../domain/cidr.ts'
import { mainTable, type NextHop, type RouteArtefact } from '../../domain/host-route.ts'
import { routeId } from '../../domain/route-identity.ts'
import type { NodeNetwork } from '../../schema/documents.ts'
import type { PlacedNetwork } from './route-input.ts'

type WrittenRoute = NodeNetwork['spec']['routes'][number]
type WrittenHop = NonNullable<WrittenRoute['nextHops']>[number]

const types = {
  Unicast: 'unicast',
  Blackhole: 'blackhole',
  Unreachable: 'unreachable',
  Prohibit: 'prohibit',
} as const

/** `spec.routes` of every document, as the kernel numbers and spells them. */
export function documentRoutes(networks: readonly PlacedNetwork[]): readonly RouteArtefact[] {
  return networks.flatMap(({ network, file }) =>
    network.spec.routes.map((route, index) => renderRoute(route, `${file} spec.routes[${index}]`)),
  )
}

function renderRoute(route: WrittenRoute, origin: string): RouteArtefact {
  const family = familyOfRoute(route)
  const identity = {
    family,
    table: route.table ?? mainTable,
    to: route.to === 'default' ? anywhere(family) : canonicalNetwork(route.to),
    metric: kernelMetric(family, route.metric),
  }
  const type = types[route.type ?? 'Unicast']
  return {
    kind: 'route',
    id: routeId(identity),
    ...identity,
    type,
    nextHops: type === 'unicast' ? hopsOf(route) : [],
    ...(route.mtu === undefined ? {} : { mtuBytes: route.mtu }),
    ...(route.source === undefined ? {} : { preferredSource: canonicalAddress(route.source) }),
    onConflict: route.onConflict,
    origin,
  }
}

/** `default` has the family of what it is reached by; without any it is the one of IPv4. */
export function familyOfRoute(route: Pick<WrittenRoute, 'to' | 'via' | 'nextHops' | 'source'>): AddressFamily {
  if (route.to !== 'default') return familyOf(route.to)
  const telling = route.via ?? route.nextHops?.find((hop) => hop.via !== undefined)?.via ?? route.source
  return telling === undefined ? 4 : familyOf(telling)
}

export function anywhere(family: AddressFamily): string {
  return family === 4 ? '0.0.0.0/0' : '::/0'
}

/** IPv6 knows no metric 0: the kernel takes 1024 for it. */
export function kernelMetric(family: AddressFamily, metric: number | undefined): number {
  return family === 6 ? metric || 1024 : (metric ?? 0)
}

export function canonicalNetwork(text: string): string {
  const cidr = parseCidr(text)
  return cidr === undefined ? text : formatCidr(cidr)
}

export function canonicalAddress(text: string): string {
  const address = parseAddress(text)
  return address === undefined ? text : formatAddress(address)
}

function hopsOf(route: WrittenRoute): readonly NextHop[] {
  const [only, ...more] = route.nextHops ?? []
  if (only === undefined) return [hop({ ...route, weight: 1 })]
  // One next hop is no choice, and the kernel keeps no weight for it.
  return more.length === 0 ? [hop({ ...only, weight: 1 })] : [only, ...more].map(hop)
}

function hop({ via, dev, onlink, weight }: Partial<WrittenHop>): NextHop {
  return {
    ...(via === undefined ? {} : { via: canonicalAddress(via) }),
    ...(dev === undefined ? {} : { dev }),
    ...(onlink === true ? { onlink } : {}),
    ...(weight === undefined || weight === 1 ? {} : { weight }),
  }
}
