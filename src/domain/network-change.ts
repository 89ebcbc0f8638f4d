import type { Cause, Impact } from './change.ts'

/** One difference between what a kernel holds and what it ought to hold, for people and for the decision how to apply it. */
export interface NetworkChange {
  readonly kind: 'filter' | 'route' | 'routing-rule' | 'sysctl' | 'pod-route' | 'cleanup'
  readonly effect: 'create' | 'change' | 'remove'
  /** Unique in a plan: `filter:mangle/FAIRLEAD-INPUT`, `route:4/254/10.60.0.0/16/100`. */
  readonly id: string
  /** `mangle FAIRLEAD-INPUT`, `10.60.0.0/16 via 192.168.1.2 dev eth0`. */
  readonly what: string
  /** What in the repository it comes from, or `no longer wanted`. */
  readonly origin: string
  readonly cause: Cause
  readonly impact: Impact
  /** Why it is applied under a checkpoint; absent for what is applied at once. */
  readonly risk?: string
}

/** What a pass would do to one node's kernel, and what stands in the way. */
export interface NetworkPlan {
  readonly changes: readonly NetworkChange[]
  /** Seen and left alone, each with the reason. */
  readonly reported: readonly ReportedFinding[]
  /** Why none of it may be carried out: traffic that keeps the node reachable would be dropped. */
  readonly refusals: readonly string[]
}

export interface ReportedFinding {
  /** `foreign`: somebody else holds it. Absent for what waits: a route or a setting whose interface is not there. */
  readonly kind?: 'foreign' | 'pod-route' | 'cleanup'
  readonly what: string
  readonly reason: string
}

export const emptyNetworkPlan: NetworkPlan = { changes: [], reported: [], refusals: [] }
