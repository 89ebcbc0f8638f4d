import { type Cidr, parseCidr } from '../../domain/cidr.ts'
import type { CleanupArtefact } from '../../domain/cleanup.ts'
import { mainTable } from '../../domain/host-route.ts'
import type { LeftoverRule, Leftovers } from '../../domain/leftovers.ts'

type Route = Leftovers['routes'][number]

const kernel = 2
const boot = 3
const bird = 12
const felix = 80
const localTable = 255
const ciliumTables: readonly number[] = [2004, 2005]
const flannelDevice = /^flannel/

/** Routes of a component that do not go with a device of it. @param backend of flannel that is in force */
export function routeLeftovers(
  { cleanup, clusterCIDRs }: CleanupArtefact,
  { routes }: Leftovers,
  backend: string | undefined,
): readonly Route[] {
  const isPodRoute = (route: Route): boolean => route.table === mainTable && isInside(route.to, clusterCIDRs)
  switch (cleanup) {
    case 'flannel':
      return routes.filter((route) => isPodRoute(route) && isHostGateway(route))
    case 'vxlan-devices':
      // What is more specific than the one route of the tunnel wins over it, and its traffic is not encrypted.
      return backend === 'wireguard-native' ? routes.filter((route) => isPodRoute(route) && isHostGateway(route)) : []
    case 'calico':
      return routes.filter(
        ({ protocol, to, type }) =>
          protocol === felix ||
          (protocol === bird && isInside(to, clusterCIDRs) && (type === 'unicast' || type === 'blackhole')),
      )
    case 'cilium':
      return routes.filter(({ table }) => ciliumTables.includes(table))
    case 'network-policy':
    case 'wireguard-devices':
    case 'legacy-backends':
    case 'kube-proxy':
    case 'servicelb':
      return []
  }
}

/** Routes to pods of other nodes that still leave by a device. */
export function routesBy(device: string, cidrs: readonly string[], { routes }: Leftovers): readonly Route[] {
  return routes.filter(
    (route) =>
      route.device === device && route.protocol !== kernel && route.table === mainTable && isInside(route.to, cidrs),
  )
}

/** Cilium moves the look at local addresses from 0 to 100; without either nothing reaches this node any more. */
export function ruleLeftovers(
  { cleanup }: CleanupArtefact,
  { routingRules = [] }: Leftovers,
): { readonly added: readonly LeftoverRule[]; readonly removed: readonly LeftoverRule[] } {
  if (cleanup !== 'cilium') return { added: [], removed: [] }
  const isLocal = ({ table, fwmark }: LeftoverRule): boolean => table === localTable && fwmark === undefined
  const moved = routingRules.filter((rule) => rule.priority === 100 && isLocal(rule))
  const marked = routingRules.filter(({ table, fwmark }) => fwmark !== undefined && ciliumTables.includes(table))
  const added = moved
    .filter(
      ({ family }) => !routingRules.some((rule) => rule.family === family && rule.priority === 0 && isLocal(rule)),
    )
    .map(({ family }) => ({ family, priority: 0, table: localTable }))
  return { added, removed: [...moved, ...marked] }
}

function isHostGateway({ protocol, type, via, device }: Route): boolean {
  return protocol === boot && type === 'unicast' && via !== undefined && !flannelDevice.test(device ?? '')
}

/** Part of one of the networks, and not the whole of it. */
function isInside(to: string, cidrs: readonly string[]): boolean {
  const inner = parseCidr(to)
  return inner !== undefined && cidrs.some((text) => contains(parseCidr(text), inner))
}

function contains(outer: Cidr | undefined, inner: Cidr): boolean {
  if (outer === undefined || outer.family !== inner.family || outer.prefixBits >= inner.prefixBits) return false
  const hostBits = BigInt((outer.family === 4 ? 32 : 128) - outer.prefixBits)
  return inner.network >> hostBits === outer.network >> hostBits
}
