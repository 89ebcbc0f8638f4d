import type { Json } from './plain-json.ts'

/** The form that this release writes. One that an agent does not know is refused, and the last good program kept. */
export const programFormat = 1

/**
 * `spec` of a NodeProgram object: what the controller tells one node. The signature covers everything but `program` and
 * itself, and `digest` covers the program, so that nothing of it can be changed, moved to another node or cluster, or played
 * back later.
 */
export interface PublishedProgram {
  readonly format: number
  readonly cluster: string
  /** `metadata.uid` of the namespace kube-system: there is no other name of a cluster that nobody can give to another. */
  readonly clusterUID: string
  readonly node: string
  /** Grows with every change of anything here, for as long as the cluster lives; a smaller one is old. */
  readonly sequence: number
  readonly revision: PublishedRevision
  /** Of the NodeProgram when it is put together again: its `digest`. */
  readonly digest: string
  /** A `PackedProgram`: the NodeProgram in pieces, large ones of them references to ProgramContent objects. */
  readonly program: Json
  /** A risky change to this very program may begin. */
  readonly permit?: ProgramPermit
  readonly signature: ProgramSignature
}

export interface PublishedRevision {
  readonly name: string
  readonly commit: string
  readonly author: string
  readonly subject: string
}

export interface ProgramPermit {
  /** `digest` of the NodeProgram. */
  readonly program: string
}

export interface ProgramSignature {
  /** First 16 hex digits of the SHA-256 of the public key (SubjectPublicKeyInfo, DER). */
  readonly keyId: string
  /** Ed25519, base64. */
  readonly value: string
}

/** `status` of a NodeProgram object, written by the agent of that node alone. No times but those of conditions. */
export interface NodeProgramStatus {
  /** `spec.sequence` that was looked at last, and what was in force when it was. */
  readonly observedSequence: number
  /** `digest` of the NodeProgram whose files are in place; empty before the first. */
  readonly appliedProgram: string
  /** Revision that it came with; empty before the first. */
  readonly appliedRevision: string
  readonly verdict: 'settled' | 'pending' | 'blocked' | 'failed' | 'unknown'
  readonly reason: string
  readonly message: string
  /** A risky change that waits for a permit. */
  readonly awaitingPermit?: { readonly program: string; readonly changes: readonly string[] }
  readonly conditions: readonly TimedCondition[]
  readonly agentVersion: string
  /** Forms of programs that this agent understands. */
  readonly formats: readonly number[]
  /** As the running K3s says it; absent where none runs. */
  readonly k3sVersion?: string
}

/** A condition as Kubernetes writes them; the time moves only when `status` does. */
export interface TimedCondition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
  /** ISO 8601, seconds. */
  readonly lastTransitionTime: string
}
