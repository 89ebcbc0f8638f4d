import { familyOf, formatAddress, parseCidr } from '../../domain/cidr.ts'
import { mainTable, type NextHop, type RouteArtefact } from '../../domain/host-route.ts'
import type { ObservedLink } from '../../domain/host-routes.ts'
import type { PodRoutePeer, PodRoutes } from '../../domain/pod-routes.ts'
import { routeId } from '../../domain/route-identity.ts'
import { isOnLink } from './connected-routes.ts'

/** The route to the pods of one peer, or of all with WireGuard. */
export interface ExpectedRoute {
  /** Node name; absent for the one route of WireGuard. */
  readonly node?: string
  /** Forms that are right, the preferred one first; empty when flannel cannot make any here. */
  readonly forms: readonly RouteArtefact[]
  readonly to: string
  /** Why there is no form. */
  readonly reason?: string
}

/**
 * The routes that flannel keeps, in its own form: no metric, and the protocol that a route has whose writer says none.
 * With direct routing both forms are right: flannel decides once for each lease.
 * @see flannel-io/flannel pkg/backend/route_network.go, pkg/backend/vxlan/vxlan_network.go, pkg/backend/wireguard/device.go
 */
export function expectedPodRoutes(wanted: PodRoutes, links: readonly ObservedLink[]): readonly ExpectedRoute[] {
  if (wanted.backend === 'wireguard-native') return wanted.clusterCIDRs.map((to) => wireguardRoute(to, links))
  return wanted.peers.flatMap((peer) =>
    peer.podCIDRs.map((to) => {
      const direct = directForm(peer, to, links)
      if (wanted.backend === 'host-gw') return hostGatewayRoute(peer, to, direct)
      const tunnel = tunnelForm(to, links)
      const forms = [wanted.directRouting ? direct : undefined, tunnel].filter((form) => form !== undefined)
      return {
        node: peer.node,
        to,
        forms,
        ...(forms.length === 0 ? { reason: 'there is no VXLAN interface of flannel, or it is down' } : {}),
      }
    }),
  )
}

/** Interfaces that only flannel's VXLAN has: for IPv4, for IPv6. */
const tunnelNames = { 4: /^flannel\.\d+$/, 6: /^flannel-v6\.\d+$/ } as const

export function isWireguardDevice(name: string | undefined): boolean {
  return name === 'flannel-wg' || name === 'flannel-wg-v6'
}

function hostGatewayRoute(peer: PodRoutePeer, to: string, direct: RouteArtefact | undefined): ExpectedRoute {
  return direct === undefined
    ? { node: peer.node, to, forms: [], reason: 'its address is in no network of this node' }
    : { node: peer.node, to, forms: [direct] }
}

function directForm(peer: PodRoutePeer, to: string, links: readonly ObservedLink[]): RouteArtefact | undefined {
  const via = peer.addresses.find((address) => familyOf(address) === familyOf(to))
  if (via === undefined) return undefined
  const link = links.find((one) => one.isUp && !isTunnel(one.name) && isOnLink(one, via))
  return link === undefined ? undefined : podRoute(to, { via, dev: link.name })
}

function tunnelForm(to: string, links: readonly ObservedLink[]): RouteArtefact | undefined {
  const range = parseCidr(to)
  if (range === undefined) return undefined
  const link = links.find(({ name, isUp, kind }) => isUp && kind === 'vxlan' && tunnelNames[range.family].test(name))
  if (link === undefined) return undefined
  return podRoute(to, {
    via: formatAddress({ family: range.family, value: range.network }),
    dev: link.name,
    onlink: true,
  })
}

function wireguardRoute(to: string, links: readonly ObservedLink[]): ExpectedRoute {
  const devices = links.filter(({ name, isUp }) => isUp && isWireguardDevice(name)).map(({ name }) => name)
  // One tunnel for both families is called like the one for IPv4.
  const preferred = familyOf(to) === 6 ? devices.toSorted().toReversed() : devices.toSorted()
  const [dev] = preferred
  return dev === undefined
    ? { to, forms: [], reason: 'there is no WireGuard interface of flannel, or it is down' }
    : { to, forms: [podRoute(to, { dev })] }
}

function isTunnel(name: string): boolean {
  return tunnelNames[4].test(name) || tunnelNames[6].test(name) || isWireguardDevice(name)
}

function podRoute(to: string, hop: NextHop): RouteArtefact {
  const family = familyOf(to)
  const identity = { family, table: mainTable, to, metric: family === 4 ? 0 : 1024 }
  return {
    kind: 'route',
    id: routeId(identity),
    ...identity,
    type: 'unicast',
    nextHops: [hop],
    onConflict: 'Refuse',
    origin: 'flannel',
  }
}
