import type { Failure } from './failure.ts'

/**
 * How a pass ended. `settled`: the world is as the revision says. `pending`: it will be, after something that is not
 * ours to hurry. `blocked`: somebody must change something first. `failed`: a part of the world refused.
 */
export type Verdict =
  | { readonly kind: 'settled'; readonly reason: string; readonly message: string; readonly revisitAfterMs?: number }
  | { readonly kind: 'pending'; readonly reason: string; readonly message: string; readonly revisitAfterMs?: number }
  | { readonly kind: 'blocked'; readonly reason: string; readonly message: string }
  | {
      readonly kind: 'failed'
      readonly reason: string
      readonly message: string
      readonly failures: readonly Failure[]
    }

/** kstatus' condition, without a timestamp: the text does not move when nothing changed. */
export interface Condition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  /** CamelCase, for machines. */
  readonly reason: string
  /** One sentence, for people. */
  readonly message: string
}
