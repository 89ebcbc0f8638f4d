import type { AddressFamily } from './cidr.ts'

export type NodeRole = 'server' | 'agent'

/** What is true of a node and not ours to choose. What is absent is not known. */
export interface NodeFacts {
  readonly name: string
  readonly role: NodeRole
  /** Nobody said the role: the inventory knows better, where it has the node. */
  readonly isRoleAssumed?: true
  readonly labels: Readonly<Record<string, string>>
  /** Internal addresses, in the node's own order. */
  readonly addresses: readonly string[]
  readonly externalAddresses?: readonly string[]
  readonly annotations?: Readonly<Record<string, string>>
  /** Networks of its pods, `spec.podCIDRs`; absent until the node was given any. */
  readonly podCIDRs?: readonly string[]
  readonly taints?: readonly Taint[]
  readonly isReady?: boolean
  readonly operatingSystem?: 'linux' | 'windows'
  /** As the node reports it: `v1.33.4+k3s1`. */
  readonly k3sVersion?: string
}

export interface Taint {
  readonly key: string
  readonly value?: string
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'
}

export type TransportProtocol = 'TCP' | 'UDP' | 'SCTP'

/** A Service as the API shows it. What is absent is not known, or not written. */
export interface ServiceFacts {
  readonly namespace: string
  readonly name: string
  readonly type: string
  readonly labels: Readonly<Record<string, string>>
  readonly uid?: string
  /** ISO 8601; the older of two Services keeps a port that both want. */
  readonly createdAt?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly clusterIP?: string
  readonly ports?: readonly ServicePort[]
  readonly ipFamilies?: readonly AddressFamily[]
  readonly externalTrafficPolicy?: 'Cluster' | 'Local'
  readonly allocateLoadBalancerNodePorts?: boolean
  readonly loadBalancerClass?: string
  readonly loadBalancerIP?: string
  readonly externalIPs?: readonly string[]
  readonly loadBalancerSourceRanges?: readonly string[]
  /** Names of the nodes that run at least one ready endpoint. */
  readonly endpointNodes?: readonly string[]
  /** `status.loadBalancer.ingress[].ip`, in its order. */
  readonly statusAddresses?: readonly string[]
  readonly isDeleting?: boolean
}

export interface ServicePort {
  readonly protocol: TransportProtocol
  readonly port: number
  readonly nodePort?: number
  readonly name?: string
}

/** A pod that takes ports of its node. */
export interface HostPortPod {
  readonly namespace: string
  readonly name: string
  /** Absent while it is not scheduled. */
  readonly node?: string
  readonly ports: readonly { readonly protocol: TransportProtocol; readonly port: number; readonly address?: string }[]
  /** The Service whose ServiceLB pod it is: `namespace/name`. */
  readonly servicelbOf?: string
  readonly isReady?: boolean
}

/** A DaemonSet of ServiceLB as it is now: its selector may lag behind the labels (k3s-networking §5.8). */
export interface ServicelbDaemonSet {
  /** `namespace/name` of the Service. */
  readonly service: string
  readonly nodeSelector: Readonly<Record<string, string>>
}

/** Any Kubernetes object, as plain JSON. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly [field: string]: unknown
}

/**
 * What is true of a cluster and not ours to choose. `assumed` facts stand in where nobody looked: one server and one
 * agent that speak for all of their role.
 */
export interface Facts {
  readonly origin: 'live' | 'capture' | 'inventory' | 'assumed'
  readonly nodes: readonly NodeFacts[]
  /** The nodes are all that the API listed: who is not among them is no node of the cluster. */
  readonly hasAllNodes?: true
  /** Who was among the nodes a short time ago: their machines may still be at work. Absent where nobody remembers. */
  readonly departed?: readonly NodeFacts[]
  readonly services: readonly ServiceFacts[]
  readonly hostPortPods?: readonly HostPortPod[]
  readonly servicelbDaemonSets?: readonly ServicelbDaemonSet[]
  /** Charts, their overrides, policies and whatever else decides about the network. Never Secrets. */
  readonly objects?: readonly KubernetesObject[]
}

/** As much of the facts as tells where traffic between nodes goes. */
export type ClusterNodes = Pick<Facts, 'origin' | 'nodes' | 'hasAllNodes' | 'departed'>

export const assumedFacts: Facts = {
  origin: 'assumed',
  nodes: [
    { name: 'every-server', role: 'server', labels: {}, addresses: [] },
    { name: 'every-agent', role: 'agent', labels: {}, addresses: [] },
  ],
  services: [],
}
