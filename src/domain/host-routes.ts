import type { AddressFamily } from './cidr.ts'
import type { NextHop, RouteArtefact, RoutingRuleArtefact } from './host-route.ts'

/** What the kernel of one node holds, read in one go. */
export interface HostRoutes {
  readonly routes: readonly ObservedRoute[]
  readonly rules: readonly ObservedRule[]
  readonly links: readonly ObservedLink[]
}

export interface ObservedRoute {
  readonly family: AddressFamily
  readonly table: number
  /** Canonical, as in `RouteArtefact`. */
  readonly to: string
  readonly metric: number
  readonly type: string
  /** The number of who wrote it: 2 kernel, 3 boot, 201 ours. */
  readonly protocol: number
  readonly scope?: string
  readonly nextHops: readonly NextHop[]
  readonly mtuBytes?: number
  readonly preferredSource?: string
  readonly tos?: number
  /** What else its writer said, as arguments of `ip route`: `['advmss', '1400']`. */
  readonly attributes?: readonly string[]
  /** `linkdown`, `dead`, `onlink`, … as the kernel tells them. */
  readonly flags: readonly string[]
}

export interface ObservedRule {
  readonly family: AddressFamily
  readonly priority: number
  readonly protocol: number
  readonly from?: string
  readonly to?: string
  readonly fwmark?: { readonly value: number; readonly mask: number }
  readonly inInterface?: string
  readonly outInterface?: string
  readonly isNegated: boolean
  /** What else it asks of a packet, as arguments of `ip rule`: `['tos', '0x10']`. No rule of ours asks for any of it. */
  readonly selectors?: readonly string[]
  readonly action: RoutingRuleArtefact['action'] | { readonly kind: 'other'; readonly text: string }
}

export interface ObservedLink {
  readonly name: string
  readonly index: number
  readonly isUp: boolean
  readonly hasCarrier: boolean
  readonly mtuBytes: number
  /** `vxlan`, `wireguard`, `bridge`; absent for a plain device. */
  readonly kind?: string
  readonly master?: string
  /** With their prefix: `192.168.1.5/24`. */
  readonly addresses: readonly LinkAddress[]
}

export interface LinkAddress {
  /** `192.168.1.5/24`. */
  readonly address: string
  /** Nobody asked the kernel for a route to its network. */
  readonly noPrefixRoute: boolean
  /** The other end of a point-to-point link, when the network is the other end's. */
  readonly peer?: string
  /** Of the route that the kernel makes for it; the family's own when absent. */
  readonly metric?: number
  /** It was learned and ends some time, as from a router or DHCP. */
  readonly isDynamic?: true
}

export type RouteWrite =
  | { readonly kind: 'add-route' | 'replace-route'; readonly route: RouteArtefact; readonly protocol: number }
  /** Exactly this route, told with everything that identifies it. */
  | { readonly kind: 'remove-route'; readonly route: ObservedRoute }
  /** Put back as the kernel had it: a connected route that somebody flushed. */
  | { readonly kind: 'restore-route'; readonly route: ObservedRoute }
  | { readonly kind: 'add-rule'; readonly rule: RoutingRuleArtefact }
  | { readonly kind: 'remove-rule'; readonly rule: ObservedRule }
