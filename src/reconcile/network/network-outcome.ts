import type { NetworkChange, NetworkPlan } from '../../domain/network-change.ts'
import type { Verdict } from '../../domain/verdict.ts'
import type { Checkpoint } from '../../ports/checkpoint-port.ts'
import type { ConfirmedNetwork } from '../../ports/network-state-port.ts'
import type { NetworkFight } from '../network-fights.ts'

/** How one pass over a node's kernel ended. */
export interface NetworkOutcome {
  readonly verdict: Verdict
  /** What is still to be done, or is left alone. */
  readonly plan: NetworkPlan
  readonly applied: readonly NetworkChange[]
  /** What the kernel is held to; undefined before the first program was confirmed. */
  readonly enforced: ConfirmedNetwork | undefined
  readonly checkpoint: Checkpoint | undefined
  readonly contested: readonly NetworkFight[]
  /** A risky change waits for its leave, whatever the verdict says of what is held meanwhile. */
  readonly awaitsPermit?: true
}
