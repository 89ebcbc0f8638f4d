import { fileId } from '../domain/artefact.ts'
import type { PassRecord } from '../domain/history.ts'
import type { StatusSnapshot } from '../domain/status.ts'
import type { NodeOutcome } from './converge-node.ts'
import type { NetworkOutcome } from './network/network-outcome.ts'
import type { Source } from './source-state.ts'

interface PassEnd {
  readonly before: StatusSnapshot | undefined
  readonly snapshot: StatusSnapshot
  readonly outcome: NodeOutcome | undefined
  readonly network?: NetworkOutcome | undefined
  readonly source: Source
  readonly reason: string
  readonly startedAtMs: number
  readonly endedAtMs: number
}

/** A line of history for a pass that changed something or ended otherwise than the one before; else nothing. */
export function passRecord(end: PassEnd): PassRecord | undefined {
  const { before, snapshot, outcome } = end
  const applied = outcome?.applied ?? []
  const quarantined = outcome?.quarantined ?? []
  const kernel = end.network?.applied ?? []
  if (applied.length + quarantined.length + kernel.length === 0 && before !== undefined && sameEnd(before, snapshot))
    return undefined
  const ready = snapshot.conditions.find((condition) => condition.type === 'Ready')
  return {
    startedAt: new Date(end.startedAtMs).toISOString(),
    durationMs: end.endedAtMs - end.startedAtMs,
    ...whose(end, applied.length + kernel.length > 0),
    trigger: end.reason,
    verdict: snapshot.suspended ? 'suspended' : snapshot.verdict,
    reason: ready?.reason ?? '',
    message: ready?.message ?? '',
    changes: [
      ...applied.map((change) => ({
        kind: change.kind,
        id: change.id,
        cause: change.cause,
        impact: change.impact.kind,
      })),
      ...kernel.map(({ kind, id, cause, impact }) => ({ kind, id, cause, impact: impact.kind })),
      ...quarantined.map((path) => ({ kind: 'quarantine', id: fileId(path), cause: 'Foreign', impact: 'None' })),
    ],
  }
}

/** What was changed was asked for by the program in force; what was refused, by the revision that was looked at. */
function whose(end: PassEnd, isChange: boolean): Pick<PassRecord, 'revision' | 'author'> {
  const { snapshot, outcome, source } = end
  const attempted = source.state.kind === 'unread' ? undefined : source.state.revision
  const enforced = outcome?.enforced.revision ?? end.network?.enforced?.revision
  const revision = isChange ? (enforced ?? attempted) : (attempted ?? enforced)
  return { revision: revision?.name ?? snapshot.revision, author: revision?.author ?? '' }
}

function sameEnd(before: StatusSnapshot, now: StatusSnapshot): boolean {
  const told = (snapshot: StatusSnapshot): string =>
    JSON.stringify([
      snapshot.revision,
      snapshot.attemptedRevision,
      snapshot.verdict,
      snapshot.suspended,
      snapshot.conditions,
    ])
  return told(before) === told(now)
}
