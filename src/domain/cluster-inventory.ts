import type { ArtefactId } from './artefact.ts'

/**
 * What this installation wrote into objects of the cluster that are somebody else's, and has not yet seen gone. Kept in one
 * ConfigMap, written before the effect and shortened after it: only what stands here is ever taken away.
 */
export interface ClusterInventory {
  /** Absent until somebody said yes: before that nothing of anybody else's is touched. */
  readonly adoption?: ClusterAdoption
  readonly entries: ReadonlyMap<ArtefactId, ClusterInventoryEntry>
}

export interface ClusterAdoption {
  readonly cluster: string
  /** ISO 8601. */
  readonly adoptedAt: string
}

export interface ClusterInventoryEntry {
  readonly id: ArtefactId
  /** Labels and annotations that are, or were about to be, ours. */
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** Values of others that ours replaced, put back when ours go. */
  readonly replaced: {
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
  }
  /** Of the object whose values were replaced: another one of the same name never had them. */
  readonly uid?: string
  readonly revision: string
}

export const emptyClusterInventory: ClusterInventory = { entries: new Map() }
