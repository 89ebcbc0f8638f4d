import {
  type ClusterHistoryEntry,
  type ClusterNetworkStatus,
  clusterHistoryLength,
} from '../../domain/cluster-record.ts'
import type { Failure } from '../../domain/failure.ts'
import type { Problem } from '../../domain/problem.ts'
import type { TimedCondition } from '../../domain/published-program.ts'
import type { Revision } from '../../domain/revision.ts'
import type { Condition } from '../../domain/verdict.ts'
import type { PermitDecision } from '../../plan/permits/decide-permits.ts'
import { isInForce, type NodeStanding, wasTakenBack } from '../../plan/permits/node-standing.ts'
import type { ClusterOutcome } from '../cluster/cluster-outcome.ts'
import { describeProblem } from '../describe-problem.ts'
import { haltText, rolloutCondition, waitingText } from './rollout-condition.ts'
import { shortenedText } from './shortened-text.ts'

export interface ClusterStatusInput {
  readonly previous: ClusterNetworkStatus | undefined
  /** The newest revision that was read. */
  readonly head: Revision | undefined
  /** Why it is not what is published; undefined where it is. */
  readonly refused: readonly Problem[] | undefined
  /** What is published. */
  readonly published: Revision | undefined
  readonly sourceFailure: Failure | undefined
  readonly publishFailures: readonly Failure[]
  readonly nodes: readonly NodeStanding[]
  /** Of the facts, those without a program included. */
  readonly totalNodes: number
  readonly decision: PermitDecision | undefined
  /** Labels of nodes and Services. */
  readonly cluster: ClusterOutcome | undefined
  readonly plan: ClusterNetworkStatus['plan'] | undefined
  /** ISO 8601, seconds. */
  readonly now: string
}

/** The record of a cluster. The same state gives the same bytes: a time moves only with what it is the time of. */
export function clusterStatus(input: ClusterStatusInput): ClusterNetworkStatus {
  const { previous, head, published } = input
  const nodes = nodeCounts(input)
  const ready = readyCondition(input, nodes)
  const isStalled = stalledReasons.has(ready.reason) || input.cluster?.verdict.kind === 'blocked'
  const conditions = [
    ready,
    reconciling(ready, isStalled),
    stalled(ready, isStalled),
    ...rolloutCondition(input.decision, previous?.conditions),
    ...labelConditions(input),
  ]
  return {
    observedRevision: published?.name ?? previous?.observedRevision ?? '',
    attemptedRevision: head?.name ?? previous?.attemptedRevision ?? '',
    conditions: conditions.map((condition) => timed(condition, previous?.conditions ?? [], input.now)),
    nodes,
    plan: input.plan ?? previous?.plan ?? { changes: 0, summary: [] },
    inventory: input.cluster?.inventory ?? previous?.inventory ?? [],
    history: history(input, ready),
  }
}

function nodeCounts({ nodes, totalNodes }: ClusterStatusInput): ClusterNetworkStatus['nodes'] {
  const kinds = nodes.map(kindOf)
  const count = (kind: ReturnType<typeof kindOf>): number => kinds.filter((one) => one === kind).length
  return {
    total: totalNodes,
    current: count('current'),
    waiting: count('waiting'),
    failed: count('failed'),
    silent: count('silent'),
  }
}

function kindOf(standing: NodeStanding): 'current' | 'waiting' | 'failed' | 'silent' {
  const { status } = standing
  if (status === undefined) return 'silent'
  if (isInForce(standing)) return 'current'
  return status.verdict === 'failed' || status.verdict === 'blocked' || wasTakenBack(standing) ? 'failed' : 'waiting'
}

/** The first thing that keeps the cluster from being as the newest revision says. */
function readyCondition(input: ClusterStatusInput, nodes: ClusterNetworkStatus['nodes']): Condition {
  const { head, refused, published, sourceFailure, publishFailures, decision, cluster } = input
  const no = (reason: string, message: string): Condition => ({ type: 'Ready', status: 'False', reason, message })
  if (refused !== undefined && head !== undefined) return no('DesiredStateInvalid', refusedText(head, refused))
  if (sourceFailure !== undefined) return no(sourceFailure.detail.code, failureText(sourceFailure))
  if (published === undefined) {
    return { type: 'Ready', status: 'Unknown', reason: 'NoRevision', message: 'No revision has been published yet' }
  }
  const [failure] = publishFailures
  if (failure !== undefined) return no(failure.detail.code, failureText(failure))
  const { halted } = decision ?? {}
  if (halted !== undefined) return no('RolloutHalted', haltText(halted))
  const labels = cluster?.verdict
  if (labels !== undefined && labels.kind !== 'settled') return no(labels.reason, labels.message)
  if (nodes.failed > 0) return no('NodesFailed', failedText(input.nodes, nodes))
  if (nodes.current < nodes.total) {
    const turn = waitingText(decision)
    return no('NodesWaiting', `${nodes.current} of ${nodes.total} nodes are as ${published.name} says${turn}`)
  }
  return { type: 'Ready', status: 'True', reason: 'Settled', message: `All nodes are as ${published.name} says` }
}

const waitingReasons: ReadonlySet<string> = new Set(['NodesWaiting', 'NoRevision'])
const stalledReasons: ReadonlySet<string> = new Set(['DesiredStateInvalid', 'RolloutHalted', 'NodesFailed'])

function reconciling({ status, reason, message }: Condition, isStalled: boolean): Condition {
  if (status !== 'True' && !isStalled) {
    return {
      type: 'Reconciling',
      status: 'True',
      reason: waitingReasons.has(reason) ? 'Progressing' : 'Retrying',
      message,
    }
  }
  return { type: 'Reconciling', status: 'False', reason: 'Idle', message: 'Nothing is under way' }
}

function stalled({ status, reason, message }: Condition, isStalled: boolean): Condition {
  if (isStalled && status !== 'True') return { type: 'Stalled', status: 'True', reason, message }
  return { type: 'Stalled', status: 'False', reason: 'NotStalled', message: 'Nobody has to step in' }
}

/** Until they were looked at by this process, they are as they were told before. */
function labelConditions({ cluster, previous }: ClusterStatusInput): readonly Condition[] {
  return (
    cluster?.conditions ??
    (previous?.conditions ?? []).filter(({ type }) => type === 'Adopted' || type === 'LabelsApplied')
  )
}

function timed(
  { type, status, reason, message }: Condition,
  before: readonly TimedCondition[],
  now: string,
): TimedCondition {
  const known = before.find((one) => one.type === type)
  const lastTransitionTime = known?.status === status ? known.lastTransitionTime : now
  return { type, status, reason, message: shortenedText(message, longestMessage), lastTransitionTime }
}

function history(input: ClusterStatusInput, ready: Condition): readonly ClusterHistoryEntry[] {
  const { head, previous, now } = input
  const before = previous?.history ?? []
  if (head === undefined) return before
  const [newest, ...older] = before
  const isNew = newest?.revision !== head.name
  const entry: ClusterHistoryEntry = {
    revision: head.name,
    author: shortenedText(head.author),
    subject: shortenedText(head.subject),
    verdict: verdictOf(ready),
    message: shortenedText(ready.message),
    at: isNew ? now : newest.at,
  }
  return [entry, ...(isNew ? before : older)].slice(0, clusterHistoryLength)
}

function verdictOf({ status, reason }: Condition): ClusterHistoryEntry['verdict'] {
  if (status === 'True') return 'settled'
  if (stalledReasons.has(reason)) return 'blocked'
  return waitingReasons.has(reason) ? 'pending' : 'failed'
}

/** Several problems with their places; the server takes what is longer than this by far, and nobody reads it. */
const longestMessage = 8_192

function failedText(standings: readonly NodeStanding[], { failed, total }: ClusterNetworkStatus['nodes']): string {
  const [first] = standings.filter((standing) => kindOf(standing) === 'failed')
  const why = first === undefined ? '' : `; ${first.node}: ${first.status?.message || first.status?.reason || ''}`
  return `${failed} of ${total} nodes could not be brought to it${why}`
}

/** As many of the problems as fit into a message that people read. */
const shownProblems = 5

function refusedText({ name }: Revision, problems: readonly Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === 'error')
  const shown = errors.slice(0, shownProblems).map(describeProblem)
  const more = errors.length > shown.length ? [`and ${errors.length - shown.length} more`] : []
  return [`${name} is refused, and what was published stays:`, ...shown, ...more].join('\n')
}

function failureText(failure: Failure): string {
  return `${failure.message}: ${failure.detail.fix}`
}
