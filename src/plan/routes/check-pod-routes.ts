import { addressBits, type Cidr, parseCidr } from '../../domain/cidr.ts'
import { mainTable, type RouteArtefact } from '../../domain/host-route.ts'
import type { HostRoutes, ObservedRoute, RouteWrite } from '../../domain/host-routes.ts'
import type { PodRoutes } from '../../domain/pod-routes.ts'
import { isSameRoute } from '../../domain/route-identity.ts'
import { describeHops } from './describe-route.ts'
import { type ExpectedRoute, expectedPodRoutes, isWireguardDevice } from './expected-pod-routes.ts'
import { protocolOwner } from './protocol-owners.ts'

export interface PodRouteFinding {
  readonly kind: 'missing' | 'wrong-gateway' | 'stale' | 'shadowed' | 'unencrypted' | 'impossible'
  /** Stable while the finding lasts: what its age is kept by. */
  readonly key: string
  /** The peer, where it is known. */
  readonly node?: string
  readonly to: string
  readonly found?: ObservedRoute
  /** For people. */
  readonly what: string
}

/** How long findings have lasted, by their keys, in milliseconds; what is absent is new. */
export interface PodRouteAges {
  readonly lastedMs: ReadonlyMap<string, number>
  /** Gateways of stale routes that still answer: somebody is there. */
  readonly answering?: ReadonlySet<string>
}

export interface PodRouteCheck {
  readonly findings: readonly PodRouteFinding[]
  /** Only of findings that are old enough: flannel comes first. */
  readonly repairs: readonly RouteWrite[]
}

/** host-gw looks every 10 s. @see flannel-io/flannel pkg/backend/route_network.go, routeCheckRetries */
export const repairAfterMs = 15_000
export const staleAfterMs = 60_000
/** What a route has whose writer says none: flannel. */
const bootProtocol = 3
const kernelProtocol = 2

/**
 * Compares the routes to pods with what flannel ought to have. Repairs are written just as flannel writes them, so that
 * it finds them again and can take them away. Routes with the protocol of somebody else are told and left.
 */
export function checkPodRoutes(wanted: PodRoutes, now: HostRoutes, ages: PodRouteAges): PodRouteCheck {
  const main = now.routes.filter(({ table, tos }) => table === mainTable && (tos ?? 0) === 0)
  const expected = expectedPodRoutes(wanted, now.links)
  const checks = [
    ...expected.map((one) => checkExpected(one, main, ages)),
    ...(wanted.backend === 'wireguard-native' ? unencrypted(wanted, main) : strangers(wanted, main, ages)),
  ]
  return {
    findings: checks.flatMap(({ finding }) => finding ?? []),
    repairs: checks.flatMap(({ repair }) => repair ?? []),
  }
}

interface Check {
  readonly finding?: PodRouteFinding
  readonly repair?: RouteWrite
}

function checkExpected(one: ExpectedRoute, main: readonly ObservedRoute[], ages: PodRouteAges): Check {
  const { node, to, forms, reason } = one
  const about = { to, ...(node === undefined ? {} : { node }) }
  const whose = node === undefined ? 'pods of other nodes' : `pods of ${node}`
  const found = main.filter((route) => route.to === to && route.protocol !== kernelProtocol)
  const right = found.find((route) => forms.some((form) => isSameRoute(form, route)))
  if (right !== undefined) return {}
  const [preferred] = forms
  if (preferred === undefined) {
    const what = `there can be no route to ${to}, ${whose}: ${reason ?? 'no interface leads there'}`
    return { finding: { kind: 'impossible', key: `impossible ${to}`, ...about, what } }
  }
  const [wrong] = found
  const isDue = (key: string): boolean => (ages.lastedMs.get(key) ?? 0) >= repairAfterMs
  if (wrong === undefined) {
    const key = `missing ${to}`
    const what = `the route to ${to}, ${whose}, is missing: it ought to go ${describeHops(preferred)}`
    const finding: PodRouteFinding = { kind: 'missing', key, ...about, what }
    return isDue(key) ? { finding, repair: asFlannel('add-route', preferred) } : { finding }
  }
  const key = `wrong ${to}`
  const owner = wrong.protocol === bootProtocol ? '' : ` of ${protocolOwner(wrong.protocol)}`
  const what = `the route to ${to}, ${whose}${owner}, goes ${describeHops(wrong)} instead of ${describeHops(preferred)}`
  const finding: PodRouteFinding = { kind: 'wrong-gateway', key, ...about, found: wrong, what }
  const isFlannels = wrong.protocol === bootProtocol && wrong.metric === preferred.metric
  return isFlannels && isDue(key) ? { finding, repair: asFlannel('replace-route', preferred) } : { finding }
}

function asFlannel(kind: 'add-route' | 'replace-route', route: RouteArtefact): RouteWrite {
  return { kind, route, protocol: bootProtocol }
}

/** Routes inside the networks of pods that belong to no peer, and those that hide a part of a peer's. */
function strangers(wanted: PodRoutes, main: readonly ObservedRoute[], ages: PodRouteAges): readonly Check[] {
  const peers = wanted.peers.flatMap(({ node, podCIDRs }) => podCIDRs.map((to) => ({ node, to, range: parseCidr(to) })))
  return insideCluster(wanted, main).flatMap((route): readonly Check[] => {
    const range = parseCidr(route.to)
    if (range === undefined || peers.some(({ to }) => to === route.to)) return []
    const hidden = peers.find((peer) => peer.range !== undefined && holds(peer.range, range))
    if (hidden !== undefined) {
      const what = `the route to ${route.to} of ${protocolOwner(route.protocol)} hides a part of ${hidden.to}, pods of ${hidden.node}: it goes ${describeHops(route)}`
      return [
        {
          finding: {
            kind: 'shadowed',
            key: `shadowed ${route.to}`,
            node: hidden.node,
            to: route.to,
            found: route,
            what,
          },
        },
      ]
    }
    return [staleRoute(route, wanted, ages)]
  })
}

/** Removed only when every node is known, none has had the network for a minute, and nobody is there. */
function staleRoute(route: ObservedRoute, { isComplete }: PodRoutes, ages: PodRouteAges): Check {
  if (!isComplete) return {}
  const key = `stale ${route.to}`
  const what = `the route to ${route.to} ${describeHops(route)} is for pods of no node`
  const finding: PodRouteFinding = { kind: 'stale', key, to: route.to, found: route, what }
  const isOld = (ages.lastedMs.get(key) ?? 0) >= staleAfterMs
  const answers = route.nextHops.some(({ via }) => via !== undefined && ages.answering?.has(via) === true)
  const isFlannels = route.protocol === bootProtocol && route.type === 'unicast'
  return isOld && !answers && isFlannels ? { finding, repair: { kind: 'remove-route', route } } : { finding }
}

/** A more specific route wins over the one into the tunnel: the packets go in the open, or nowhere. */
function unencrypted(wanted: PodRoutes, main: readonly ObservedRoute[]): readonly Check[] {
  return insideCluster(wanted, main).flatMap((route): readonly Check[] => {
    if (wanted.clusterCIDRs.includes(route.to)) return []
    if (route.nextHops.some(({ dev }) => isWireguardDevice(dev) || dev === 'cni0')) return []
    const what = `unencrypted path: the route to ${route.to} goes ${describeHops(route)}, past the WireGuard tunnel`
    return [{ finding: { kind: 'unencrypted', key: `unencrypted ${route.to}`, to: route.to, found: route, what } }]
  })
}

/** Routes that no kernel made by itself, to parts of the networks of pods. */
function insideCluster({ clusterCIDRs }: PodRoutes, main: readonly ObservedRoute[]): readonly ObservedRoute[] {
  const ranges = clusterCIDRs.map(parseCidr).filter((range) => range !== undefined)
  return main.filter((route) => {
    const own = parseCidr(route.to)
    return route.protocol !== kernelProtocol && own !== undefined && ranges.some((range) => holds(range, own))
  })
}

function holds(outer: Cidr, inner: Cidr): boolean {
  if (outer.family !== inner.family || outer.prefixBits > inner.prefixBits) return false
  const hostBits = BigInt(addressBits(outer.family) - outer.prefixBits)
  return outer.network >> hostBits === inner.network >> hostBits
}
