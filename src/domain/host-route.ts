import type { ArtefactId } from './artefact.ts'
import type { AddressFamily } from './cidr.ts'

/** Every route and rule of ours carries this number: nobody else's does. */
export const routeProtocol = 201
/** Tables that are ours alone. Calico claims 1 to 250, Tailscale 52, Cilium 2004 and 2005 (node-networking §2.1). */
export const ownTables = { first: 7100, last: 7199 } as const
/** Priorities of our routing rules: after Tailscale's, before `main`. */
export const ownPriorities = { first: 5300, last: 5399 } as const
/** Bits of the packet mark that are ours unless a document says otherwise. */
export const defaultMarkMask = 0x0000_00f0
export const mainTable = 254

/** One route; destination, metric and table tell it from others, for each family. */
export interface RouteArtefact {
  readonly kind: 'route'
  readonly id: ArtefactId
  readonly family: AddressFamily
  readonly table: number
  /** Canonical: `10.60.0.0/16`, `0.0.0.0/0`, `::/0`. */
  readonly to: string
  /** As the kernel numbers it: 0 for an IPv4 route without one, 1024 for an IPv6 route. */
  readonly metric: number
  readonly type: 'unicast' | 'blackhole' | 'unreachable' | 'prohibit'
  /** One, or several that share the traffic; none for the types that have no next hop. */
  readonly nextHops: readonly NextHop[]
  readonly mtuBytes?: number
  readonly preferredSource?: string
  /** What to do when a route of somebody else has the same destination, metric and table. */
  readonly onConflict: 'Refuse' | 'Adopt'
  readonly origin: string
}

export interface NextHop {
  readonly via?: string
  readonly dev?: string
  /** The gateway is reached by the interface although no address of it covers the gateway. */
  readonly onlink?: true
  readonly weight?: number
}

export interface RoutingRuleArtefact {
  readonly kind: 'routing-rule'
  readonly id: ArtefactId
  readonly family: AddressFamily
  readonly priority: number
  readonly from?: string
  readonly to?: string
  readonly fwmark?: { readonly value: number; readonly mask: number }
  readonly inInterface?: string
  readonly outInterface?: string
  readonly action:
    | { readonly kind: 'lookup'; readonly table: number; readonly suppressPrefixBits?: number }
    | { readonly kind: 'blackhole' | 'unreachable' | 'prohibit' }
  readonly origin: string
}

/** One kernel setting below `net.`. */
export interface SysctlArtefact {
  readonly kind: 'sysctl'
  readonly id: ArtefactId
  /** As people write it: `net.ipv6.conf.eth0.accept_ra`. */
  readonly key: string
  /** The parts of its path below `/proc/sys`; names of interfaces keep their dots. */
  readonly path: readonly string[]
  readonly value: string
  readonly origin: string
}
