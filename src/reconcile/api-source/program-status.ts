import type { NodeProgramStatus, TimedCondition } from '../../domain/published-program.ts'
import { programFormat } from '../../domain/published-program.ts'
import type { StatusSnapshot } from '../../domain/status.ts'
import type { LastGood } from '../../ports/node-state-port.ts'
import type { PermitRequest } from '../../ports/permit-port.ts'

/** What an agent knows when it tells the controller how its node is. */
export interface Standing {
  readonly snapshot: StatusSnapshot
  /** Whose files are in place; undefined where none are, or nobody looked yet. */
  readonly applied: LastGood | undefined
  /** Of the envelope that was looked at last, taken or not; 0 before the first. */
  readonly observedSequence: number
  /** The last envelope was refused, with these words. */
  readonly refusal: { readonly reason: string; readonly message: string } | undefined
  readonly awaiting: PermitRequest | undefined
  readonly agentVersion: string
  readonly k3sVersion: string | undefined
}

/** As long as people read; etcd keeps it for every node. */
const longestMessage = 1_024
const mostChanges = 20

/**
 * `status` of the node's NodeProgram object.
 * @param known what was told before: a condition that stays as it is keeps its time
 * @param nowMs epoch milliseconds
 */
export function programStatus(standing: Standing, known: readonly TimedCondition[], nowMs: number): NodeProgramStatus {
  const { snapshot, applied, refusal, awaiting, k3sVersion } = standing
  const ready = snapshot.conditions.find(({ type }) => type === 'Ready')
  return {
    observedSequence: standing.observedSequence,
    appliedProgram: applied?.program.digest ?? '',
    appliedRevision: applied?.revision.name ?? '',
    // A program that is refused leaves the node as it was, and that is not what was asked for.
    verdict: refusal === undefined || snapshot.verdict === 'failed' ? snapshot.verdict : 'blocked',
    reason: refusal?.reason ?? ready?.reason ?? '',
    message: shortened(refusal?.message ?? ready?.message ?? ''),
    ...(awaiting === undefined ? {} : { awaitingPermit: told(awaiting) }),
    conditions: snapshot.conditions.map((one) => timed(one, known, nowMs)),
    agentVersion: standing.agentVersion,
    formats: [programFormat],
    ...(k3sVersion === undefined ? {} : { k3sVersion }),
  }
}

function told({ program, changes }: PermitRequest): PermitRequest {
  return { program, changes: changes.slice(0, mostChanges).map(shortened) }
}

function timed(
  { type, status, reason, message }: StatusSnapshot['conditions'][number],
  known: readonly TimedCondition[],
  nowMs: number,
): TimedCondition {
  const before = known.find((one) => one.type === type)
  const lastTransitionTime =
    before?.status === status ? before.lastTransitionTime : `${new Date(nowMs).toISOString().slice(0, 19)}Z`
  return { type, status, reason, message: shortened(message), lastTransitionTime }
}

function shortened(text: string): string {
  return text.length <= longestMessage ? text : `${text.slice(0, longestMessage - 1)}…`
}
