import type { ArtefactId } from './artefact.ts'

/** What a component that is gone leaves behind (node-networking §3.6). */
export type CleanupKind =
  | 'network-policy'
  | 'vxlan-devices'
  | 'wireguard-devices'
  | 'legacy-backends'
  | 'flannel'
  | 'calico'
  | 'cilium'
  | 'kube-proxy'
  | 'servicelb'

/** Leftovers that are to go once their owner is really gone from this node. */
export interface CleanupArtefact {
  readonly kind: 'cleanup'
  readonly id: ArtefactId
  readonly cleanup: CleanupKind
  /** What the documents say instead: `spec.components.networkPolicy.enabled`. */
  readonly origin: string
  /** The networks of the cluster: rules and routes without a name are recognised by them, and only exactly. */
  readonly clusterCIDRs: readonly string[]
  /** Devices that stay although their kind goes: `flannel.1` of Canal. */
  readonly keepDevices: readonly string[]
}
