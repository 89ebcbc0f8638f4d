import type { ProbeResult, ProbeSpec } from '../domain/probe.ts'
import { rollbackReasons } from '../domain/rollback-reason.ts'
import { unreachable } from '../domain/unreachable.ts'
import type { Checkpoint } from '../ports/checkpoint-port.ts'
import { judgeRounds, type ProbeRound } from './probe-rounds.ts'
import { refusedProgram } from './refused-programs.ts'
import { planRounds, type RoundPlan } from './round-plan.ts'

/** Everything that is known about one attempt to bring a risky program into force. */
export interface RiskyAttempt {
  /** Digest, and the revision that asks for it. */
  readonly program: string
  readonly revision: string
  readonly probes: readonly ProbeSpec[]
  readonly confirmTimeoutMs: number
  /** A person or a controller confirms, never probes alone. */
  readonly isManual: boolean
  /** Earlier checkpoints, newest first, this attempt's not among them. */
  readonly past: readonly Checkpoint[]
  /** What the probes said before anything was changed. */
  readonly baseline?: readonly ProbeResult[]
  /** This attempt's, as the disk tells it now. */
  readonly checkpoint?: Checkpoint
  /** How the writing ended: absent while it goes on. */
  readonly applied?: { readonly ok: true } | { readonly ok: false; readonly message: string; readonly isBusy?: boolean }
  readonly leftMs?: number
  /** Since it was applied, oldest first. */
  readonly rounds: readonly ProbeRound[]
}

/** What to do next. `reason` and `message` are for people and do not move. */
export type RiskyStep =
  /** It was taken back before: not again until another program or revision asks. */
  | { readonly kind: 'refuse'; readonly reason: string }
  /** The probes do not fit into the window. */
  | { readonly kind: 'too-short'; readonly neededMs: number }
  | { readonly kind: 'take-baseline'; readonly probes: readonly ProbeSpec[] }
  /** `alreadyFailing` did not answer before, and so says nothing afterwards; reported all the same. */
  | {
      readonly kind: 'arm'
      readonly required: readonly ProbeSpec[]
      readonly alreadyFailing: readonly ProbeResult[]
      readonly isManual: boolean
    }
  | { readonly kind: 'apply' }
  | { readonly kind: 'probe'; readonly probes: readonly ProbeSpec[]; readonly afterMs: number }
  /** Everything answers; somebody has to say yes. Look again after this time. */
  | { readonly kind: 'await-confirmation'; readonly afterMs: number }
  | { readonly kind: 'confirm' }
  | { readonly kind: 'roll-back'; readonly reason: string }
  | { readonly kind: 'ended'; readonly as: 'confirmed' | 'rolled-back'; readonly reason?: string }

const lookAgainMs = 1_000

/** The one next step; asked again after each. The same attempt gives the same step. */
export function decideRisky(attempt: RiskyAttempt): RiskyStep {
  const { checkpoint } = attempt
  if (checkpoint === undefined) return prepare(attempt)
  switch (checkpoint.phase) {
    case 'prepared':
      return { kind: 'roll-back', reason: rollbackReasons.unarmed }
    case 'armed':
      return { kind: 'apply' }
    case 'applying':
      return afterWriting(attempt, checkpoint)
    case 'probing':
      return judge(attempt, checkpoint)
    case 'rolling-back':
      return { kind: 'roll-back', reason: checkpoint.reason ?? rollbackReasons.deadline }
    case 'confirmed':
      return { kind: 'ended', as: 'confirmed' }
    case 'rolled-back':
      return {
        kind: 'ended',
        as: 'rolled-back',
        ...(checkpoint.reason === undefined ? {} : { reason: checkpoint.reason }),
      }
    default:
      return unreachable(checkpoint.phase)
  }
}

function prepare(attempt: RiskyAttempt): RiskyStep {
  const refused = refusedProgram(attempt.past, attempt)
  if (refused !== undefined) return { kind: 'refuse', reason: refused }
  const plan = planRounds(attempt.confirmTimeoutMs, attempt.probes)
  if (!plan.fits) return { kind: 'too-short', neededMs: plan.neededMs }
  const { baseline } = attempt
  if (baseline === undefined) return { kind: 'take-baseline', probes: plan.probes }
  const passed = new Set(baseline.filter((result) => result.passed).map(({ name }) => name))
  const required = plan.probes.filter(({ name }) => passed.has(name))
  return {
    kind: 'arm',
    required,
    alreadyFailing: baseline.filter((result) => !result.passed),
    // Where nothing answered before, silence afterwards proves nothing: somebody has to look.
    isManual: attempt.isManual || required.length === 0,
  }
}

function afterWriting({ applied }: RiskyAttempt, { required }: Checkpoint): RiskyStep {
  if (applied === undefined) return { kind: 'roll-back', reason: rollbackReasons.agentDied }
  if (!applied.ok) {
    const why = applied.isBusy === true ? rollbackReasons.busy : 'it could not be applied whole'
    return { kind: 'roll-back', reason: `${why}: ${applied.message}` }
  }
  return { kind: 'probe', probes: required, afterMs: 0 }
}

function judge({ rounds, leftMs = 0 }: RiskyAttempt, checkpoint: Checkpoint): RiskyStep {
  if (leftMs <= 0) return { kind: 'roll-back', reason: rollbackReasons.deadline }
  // Nothing can be asked: whoever has to say yes is all there is.
  if (checkpoint.required.length === 0) return { kind: 'await-confirmation', afterMs: lookAgainMs }
  const plan: RoundPlan = planRounds(checkpoint.confirmTimeoutMs, checkpoint.required)
  const verdict = judgeRounds(rounds, plan)
  switch (verdict.kind) {
    case 'failed':
      return { kind: 'roll-back', reason: `no answer afterwards: ${verdict.names.join(', ')}` }
    case 'open':
      return { kind: 'probe', probes: checkpoint.required, afterMs: rounds.length === 0 ? 0 : plan.pauseMs }
    case 'settled':
      // Probing goes on while somebody is waited for: what breaks late is taken back all the same.
      if (!checkpoint.isManual) return { kind: 'confirm' }
      return { kind: 'probe', probes: checkpoint.required, afterMs: lookAgainMs }
    default:
      return unreachable(verdict)
  }
}
