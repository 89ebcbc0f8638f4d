import type { ServiceFacts, ServicelbDaemonSet } from './facts.ts'

/** As much of the living cluster as decides about its labels, from watches, as of a moment ago. */
export interface ClusterObservation {
  /** By name. */
  readonly nodes: ReadonlyMap<string, ObservedNode>
  /** By `namespace/name`. */
  readonly services: ReadonlyMap<string, ObservedService>
  /** Of ServiceLB alone: each carries its `nodeselector` label. */
  readonly daemonSets: readonly ObservedDaemonSet[]
  /** The lowest release that a server reports: `v1.33.4+k3s1`. Without it no selector is judged. */
  readonly k3sVersion?: string
}

export interface ObservedNode {
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
  readonly labels: Readonly<Record<string, string>>
}

export interface ObservedService extends ServiceFacts {
  readonly uid: string
  readonly resourceVersion: string
}

export interface ObservedDaemonSet extends ServicelbDaemonSet {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}
