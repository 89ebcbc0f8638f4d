/** One pass that changed something or ended otherwise than the one before it. */
export interface PassRecord {
  /** ISO 8601. */
  readonly startedAt: string
  readonly durationMs: number
  readonly revision: string
  readonly author: string
  readonly trigger: string
  readonly verdict: string
  readonly reason: string
  readonly message: string
  readonly changes: readonly RecordedChange[]
}

export interface RecordedChange {
  readonly kind: string
  readonly id: string
  readonly cause: string
  readonly impact: string
}

/** How many passes are kept. */
export const historyLength = 50
