import type { TimedCondition } from './published-program.ts'

/** `status` of the ClusterNetwork object, written by the controller alone: the record of what it did. */
export interface ClusterNetworkStatus {
  /** The revision that is published; empty before the first. */
  readonly observedRevision: string
  /** The newest one seen, refused or not. */
  readonly attemptedRevision: string
  /** `Ready`, `Reconciling`, `Stalled` as kstatus reads them, `RolloutProgressing`, `Adopted` and `LabelsApplied`. */
  readonly conditions: readonly TimedCondition[]
  readonly nodes: {
    readonly total: number
    /** Their agent says that the published program is in force. */
    readonly current: number
    readonly waiting: number
    readonly failed: number
    /** No agent ever answered for them. */
    readonly silent: number
  }
  /** What the last revision changed, by kind and in words; at most twenty lines. */
  readonly plan: { readonly changes: number; readonly summary: readonly string[] }
  /** Objects whose labels are held for us. */
  readonly inventory: readonly string[]
  /** The last five revisions, newest first. */
  readonly history: readonly ClusterHistoryEntry[]
}

export interface ClusterHistoryEntry {
  readonly revision: string
  readonly author: string
  readonly subject: string
  readonly verdict: 'settled' | 'pending' | 'blocked' | 'failed'
  readonly message: string
  /** ISO 8601. */
  readonly at: string
}

export const clusterHistoryLength = 5
