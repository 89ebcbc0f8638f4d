import type { CleanupArtefact } from './cleanup.ts'
import type { RouteArtefact, RoutingRuleArtefact, SysctlArtefact } from './host-route.ts'
import type { FilterProgram } from './packet-filter.ts'
import type { PodRoutes } from './pod-routes.ts'
import type { ProbeSpec } from './probe.ts'

/** Which mechanism holds the packet filter (node-networking §1.4). */
export type Plane = 'iptables' | 'nft'

/** What must be true of one node's kernel. */
export interface NetworkProgram {
  readonly plane: Plane
  /** Set by the user; otherwise the node's own is found out. */
  readonly backend?: IptablesBackend
  /** Absent when no document asks for any rule: then nothing of ours is in the packet path. */
  readonly filter?: FilterProgram
  readonly routes: readonly RouteArtefact[]
  readonly routingRules: readonly RoutingRuleArtefact[]
  /** In the order in which they are to be written. */
  readonly sysctls: readonly SysctlArtefact[]
  /** What flannel ought to have in the routing table; absent where the nodes are not known, or it is not flannel. */
  readonly podRoutes?: PodRoutes
  readonly cleanups: readonly CleanupArtefact[]
  /** Leftovers may go although traffic that they block flows afterwards: nobody is asked. */
  readonly cleanupsMayWiden?: true
  /** What must stay reachable, beyond what is built in. */
  readonly probes: readonly ProbeSpec[]
  /** Who must be able to reach the node whatever happens; the guard checks it against the whole packet path. */
  readonly failsafe: Failsafe
  /** Milliseconds until a risky change that nobody confirmed is taken back. */
  readonly confirmTimeoutMs: number
}

export type IptablesBackend = 'nft' | 'legacy'

/** Traffic that no program may drop. */
export interface Failsafe {
  readonly flows: readonly FailsafeFlow[]
}

export interface FailsafeFlow {
  /** `ssh`, `kubernetes-api`, `etcd`, `kubelet`, `overlay`, `dhcp`, `icmpv6-neighbour`. */
  readonly name: string
  readonly direction: 'input' | 'output'
  readonly family: 4 | 6
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'icmpv6'
  /** Networks on the other end; empty for everybody. */
  readonly peers: readonly string[]
  readonly port?: number
  readonly icmpType?: number
}
