import type { ReportedFinding } from '../../domain/network-change.ts'
import type { NetworkItem, NetworkStatus } from '../../domain/status.ts'
import type { Condition, Verdict } from '../../domain/verdict.ts'
import type { NetworkOutcome } from './network-outcome.ts'

/** The kernel's part of a status: what is not as it should be, and the change that is under way. */
export function networkStatus({ enforced, plan, checkpoint }: NetworkOutcome): NetworkStatus {
  const isOpen = checkpoint !== undefined && checkpoint.phase !== 'confirmed'
  return {
    plane: enforced?.program?.plane ?? 'iptables',
    program: enforced?.digest ?? '',
    items: [
      ...plan.refusals.map((message): NetworkItem => ({ kind: 'filter', what: 'program', state: 'Refused', message })),
      ...plan.changes.map(
        ({ kind, what, cause, impact }): NetworkItem => ({
          kind,
          what,
          state: cause === 'Drift' ? 'Drifted' : 'Pending',
          message: impact.reason,
        }),
      ),
      ...plan.reported.map(
        (finding): NetworkItem => ({
          kind: finding.kind === undefined || finding.kind === 'foreign' ? 'route' : finding.kind,
          what: finding.what,
          state: stateOf(finding),
          message: finding.reason,
        }),
      ),
    ],
    ...(isOpen
      ? {
          checkpoint: {
            id: checkpoint.id,
            phase: checkpoint.phase,
            changes: checkpoint.changes,
            isManual: checkpoint.isManual,
            reason: checkpoint.reason ?? '',
          },
        }
      : {}),
  }
}

function stateOf({ kind, reason }: ReportedFinding): NetworkItem['state'] {
  if (kind === 'pod-route') return 'Drifted'
  if (kind === 'cleanup') return /^(watched:|needs a yes)/.test(reason) ? 'Leftover' : 'Kept'
  return kind === 'foreign' ? 'Foreign' : 'Pending'
}

/** Whether packet filter, routes and settings are as the revision says; nothing where nobody asks for any. */
export function networkCondition(verdict: Verdict | undefined): readonly Condition[] {
  if (verdict === undefined) return []
  const { kind, reason, message } = verdict
  return [{ type: 'KernelReady', status: kind === 'settled' ? 'True' : 'False', reason, message }]
}
