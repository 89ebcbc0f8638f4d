import type { Failure } from '../../domain/failure.ts'
import type { NetworkPlan } from '../../domain/network-change.ts'
import type { Verdict } from '../../domain/verdict.ts'
import type { NetworkFight } from '../network-fights.ts'

interface NetworkSituation {
  readonly failures: readonly Failure[]
  readonly plan: Pick<NetworkPlan, 'reported'>
  readonly contested: readonly NetworkFight[]
  /** Milliseconds until it has to be looked at again, whatever is told: a fight is carried on, or a repair may not last. */
  readonly revisitAfterMs: number | undefined
}

/** How a pass over the kernel ended, in words that stay the same while nothing changes. */
export function networkVerdict({ failures, plan, contested, revisitAfterMs }: NetworkSituation): Verdict {
  // What is told beside it, like leftovers, keeps nothing from being as wanted.
  const reported = plan.reported.filter(({ kind }) => kind === undefined || kind === 'foreign')
  const [failure] = failures
  const revisit = revisitAfterMs === undefined ? {} : { revisitAfterMs }
  if (failure !== undefined) {
    const message = [...new Set(failures.map((one) => `${one.message} (${one.detail.fix})`))].join('; ')
    return { kind: 'failed', reason: failure.detail.code, message, failures }
  }
  if (contested.length > 0) {
    const message = contested
      .map(({ artefact, writer }) => `${artefact} is undone by ${writer || 'somebody'}`)
      .join('; ')
    return { kind: 'pending', reason: 'Contested', message, ...revisit }
  }
  const foreign = reported.filter(({ kind }) => kind === 'foreign')
  if (foreign.length > 0) {
    const message = foreign.map(({ reason }) => reason).join('; ')
    return { kind: 'blocked', reason: 'ForeignRoute', message }
  }
  const waiting = reported.map(({ what, reason }) => `${what}: ${reason}`)
  if (waiting.length > 0)
    return { kind: 'pending', reason: 'WaitingForInterface', message: waiting.join('; '), ...revisit }
  return { kind: 'settled', reason: 'Applied', message: 'The kernel is as the revision says', ...revisit }
}
