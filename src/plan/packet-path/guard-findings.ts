import type { FailsafeFlow } from '../../domain/network-program.ts'
import type { RuleOrigin } from '../../domain/packet-filter.ts'
import type { Packet } from './packet.ts'

/** A reason not to load a program. */
export interface GuardRefusal {
  readonly code: 'FAILSAFE_DROPPED' | 'FAILSAFE_FLIPPED' | 'DENY_WITHOUT_FAILSAFE'
  /** Absent for a chain that denies before it lets anybody in. */
  readonly flow?: FailsafeFlow
  /** The packet that shows it. */
  readonly packet?: Packet
  /** Who asked for the rule that drops it; absent where somebody else's rule does, or a policy. */
  readonly origin?: RuleOrigin
  /** `filter INPUT`, and the rule as `iptables-save` prints it. */
  readonly chain: string
  readonly rule: string
  /** It depends on what cannot be known: rates, or rules of others that nobody here understands. */
  readonly isCertain: boolean
}

export type GuardWarning = Omit<GuardRefusal, 'code' | 'origin'>

export interface GuardResult {
  readonly refusals: readonly GuardRefusal[]
  /** Dropped by somebody else's rules today already: nothing that our program changes. */
  readonly warnings: readonly GuardWarning[]
  /** Names of flows that were not tried whole: too many different packets, or a node without addresses. */
  readonly incomplete: readonly string[]
}
