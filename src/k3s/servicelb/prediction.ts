import type { AddressFamily } from '../../domain/cidr.ts'
import type { HostPortPod, NodeFacts, ServiceFacts, ServicelbDaemonSet, Taint } from '../../domain/facts.ts'
import type { Result } from '../../domain/result.ts'
import type { K3sVersion } from '../version/k3s-version.ts'
import type { Ineligibility } from './eligibility.ts'
import type { NodeSelector } from './selector.ts'

/** What the placement of ServiceLB follows from. */
export interface ServicelbCluster {
  readonly version: K3sVersion
  readonly nodes: readonly NodeFacts[]
  readonly services: readonly ServiceFacts[]
  readonly hostPortPods?: readonly HostPortPod[]
  /** As they are before K3s looks at anything again; undefined where nobody looked. */
  readonly daemonSets?: readonly ServicelbDaemonSet[]
  /** Services that K3s looks at again: `namespace/name`. Those without a DaemonSet are looked at in any case. */
  readonly lookedAt?: ReadonlySet<string>
  /** Servers that have `servicelb` in their disable list. */
  readonly disabledServers: ReadonlySet<string>
  readonly isCloudControllerOff?: boolean
  /** `servicelb-namespace`. */
  readonly namespace: string
  /** Family of a Service that does not say one: that of the first Service range. */
  readonly primaryFamily: AddressFamily
  readonly isRootless?: boolean
  /** Reads the text of an annotation, JSON or YAML; the error is the reason in words. */
  readonly readAnnotation: (text: string) => Result<unknown, string>
}

/** What becomes of one Service. */
export interface ServicePrediction {
  readonly service: ServiceFacts
  /** `namespace/name`. */
  readonly key: string
  /** Absent where ServiceLB serves it. */
  readonly ineligibility?: Ineligibility | 'servicelb-disabled'
  /** `namespace/name`; absent while the UID of the Service is not known. */
  readonly daemonSet?: string
  readonly pool?: string
  readonly selector: {
    readonly expected: NodeSelector
    /** After the node events that the labels cause; absent where nobody looked. */
    readonly live?: NodeSelector
  }
  /** As if K3s began anew with these labels. */
  readonly ideal: Placement
  /** With the selectors and the pods that are there. */
  readonly actual: Placement
  readonly notes: readonly PredictionNote[]
}

export interface Placement {
  /** Names of the nodes that the DaemonSet makes a pod for, in the order of their names. */
  readonly candidates: readonly string[]
  readonly excluded: readonly ExcludedNode[]
  /** One for each candidate. */
  readonly pods: readonly PredictedPod[]
  /** `status.loadBalancer.ingress`, in its order. */
  readonly addresses: readonly string[]
  /** Nodes that are in the status, with addresses that are not known. */
  readonly addressesUnknown: readonly string[]
  /** Why `kubectl get service` shows `<pending>`. */
  readonly pending?: PendingReason
}

export interface ExcludedNode {
  readonly node: string
  readonly reason: 'label' | 'pool' | 'taint'
  /** The first taint that keeps the pod away. */
  readonly taint?: Taint
}

export type PredictedPod = { readonly node: string } & (
  | { readonly state: 'ready'; readonly preempts?: string }
  | { readonly state: 'pending'; readonly port: string; readonly heldBy: PortHolder }
  /** The kubelet refuses the forwarding sysctls again and again. */
  | { readonly state: 'rejected' }
  | { readonly state: 'not-ready'; readonly because: 'node' | 'observed' }
)

export type PortHolder =
  | { readonly kind: 'service'; readonly key: string }
  /** `namespace/name`. */
  | { readonly kind: 'pod'; readonly key: string }

export interface PendingReason {
  readonly code:
    | 'not-served'
    | 'ensure-fails'
    | 'no-node-selected'
    | 'no-node-tolerated'
    | 'ports-taken'
    | 'no-pod-ready'
    | 'no-endpoint'
    | 'no-address-of-family'
  readonly text: string
}

export interface PredictionNote {
  readonly code:
    | 'external-shadows'
    | 'text-order'
    | 'look-needed'
    | 'selector-stuck'
    | 'ensure-fails'
    | 'endpoints-unknown'
    | 'nodes-without-endpoint'
    | 'local-ignored'
    | 'preemption'
    | 'servers-differ'
    | 'both-sysctls'
    | 'status-left'
    | 'family-policy'
    | 'addresses-unknown'
  readonly text: string
}
