import type { AppliedCodec } from './applied-annotation.ts'
import type { DeployRules } from './deploy-rules.ts'
import type { KnownKinds } from './served-kinds.ts'

/** What stays the same for all files of a pass. */
export interface DeployContext {
  readonly rules: DeployRules
  readonly codec: AppliedCodec
  readonly known: KnownKinds
}

/** Objects, not requests. */
export interface ApplyCounts {
  readonly created: number
  readonly patched: number
  readonly deleted: number
  readonly unchanged: number
}

export interface ApplyOutcome extends ApplyCounts {
  /** In K3s' words; empty after a full success. What is not named here was done. */
  readonly errors: readonly string[]
}
