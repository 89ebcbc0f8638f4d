import type { FileArtefact, LabelsArtefact } from './artefact.ts'
import type { NodeRole } from './facts.ts'
import type { NetworkProgram } from './network-program.ts'

/** Everything that must be true on one node. The same inputs give the same bytes and so the same digest. */
export interface NodeProgram {
  readonly apiVersion: 'fairlead.dev/v1alpha1'
  readonly kind: 'NodeProgram'
  readonly cluster: string
  readonly node: string
  readonly role: NodeRole
  readonly k3sVersion: string
  readonly files: readonly FileArtefact[]
  /** What K3s, or our own engine in its stead, is to stage and to leave out. */
  readonly packaged: PackagedSelection
  readonly drift: DriftPolicy
  /** What its kernel holds: packet filter, routes, settings. Absent when the documents say nothing of it. */
  readonly network?: NetworkProgram
  /** SHA-256 over everything above, in hex. */
  readonly digest: string
}

/** Everything that must be true in the Kubernetes API. */
export interface ClusterProgram {
  readonly apiVersion: 'fairlead.dev/v1alpha1'
  readonly kind: 'ClusterProgram'
  readonly cluster: string
  readonly labels: readonly LabelsArtefact[]
  readonly digest: string
}

/** Inputs of the packaged files: the values of K3s's template variables, and the names on its `disable` list. */
export interface PackagedSelection {
  readonly disabled: readonly string[]
  readonly clusterDNS: readonly string[]
  readonly clusterDomain: string
}

export interface DriftPolicy {
  readonly packagedFiles: 'Restore' | 'Report'
  readonly drops: 'Allow' | 'Report' | 'Quarantine' | 'Adopt'
}
