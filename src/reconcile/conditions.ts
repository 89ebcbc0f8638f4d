import { hasErrors } from '../domain/problem.ts'
import type { Condition, Verdict } from '../domain/verdict.ts'
import { networkCondition } from './network/network-status.ts'
import { packagedCondition } from './packaged-condition.ts'
import type { StatusInput } from './status-input.ts'

/**
 * Ready, Reconciling and Stalled as kstatus reads them, and one condition for each thing a person asks about. No times,
 * no counters: the text moves only when something did.
 */
export function conditionsOf(input: StatusInput): Condition[] {
  return [
    ready(input),
    reconciling(input),
    stalled(input),
    sourceReady(input),
    ...(input.ofSource ?? []),
    packagedCondition(input.outcome),
    ...networkCondition(input.kernelVerdict),
    ...deployCondition(input.deployVerdict),
    drops(input),
    contested(input),
  ]
}

function ready(input: StatusInput): Condition {
  const { source, verdict } = input
  if (input.suspended)
    return condition('Ready', 'Unknown', 'Suspended', 'Nothing is compared or repaired until fairlead resume')
  if (source.state.kind === 'refused') {
    const count = source.state.problems.filter((problem) => problem.severity === 'error').length
    const message = `${source.state.revision.name} has ${count} ${count === 1 ? 'error' : 'errors'}; the last good revision stays in force`
    return condition('Ready', 'False', 'DesiredStateInvalid', message)
  }
  if (verdict === undefined) return condition('Ready', 'Unknown', 'NoRevision', 'No revision has been read yet')
  const isReady = verdict.kind === 'settled'
  return condition('Ready', isReady ? 'True' : 'False', verdict.reason, verdict.message)
}

function reconciling(input: StatusInput): Condition {
  const { verdict } = input
  const isUnderWay = !input.suspended && (verdict?.kind === 'pending' || verdict?.kind === 'failed')
  if (!isUnderWay) return condition('Reconciling', 'False', 'Idle', 'Nothing is under way')
  return condition('Reconciling', 'True', verdict.kind === 'failed' ? 'Retrying' : 'Progressing', verdict.message)
}

function stalled(input: StatusInput): Condition {
  const { source, verdict } = input
  if (source.state.kind === 'refused' && hasErrors(source.state.problems)) {
    return condition('Stalled', 'True', 'DesiredStateInvalid', 'Push a revision without errors')
  }
  if (verdict?.kind === 'blocked') return condition('Stalled', 'True', verdict.reason, verdict.message)
  return condition('Stalled', 'False', 'NotStalled', 'Nobody has to step in')
}

function sourceReady({ source, sourceDescription, previous }: StatusInput): Condition {
  const { failure, state } = source
  if (failure !== undefined) {
    const kept = state.kind === 'unread' ? '' : '; the last good revision stays in force'
    return condition('SourceReady', 'False', failure.detail.code, `${failure.message}: ${failure.detail.fix}${kept}`)
  }
  const known = previous?.conditions.find((one) => one.type === 'SourceReady')
  if (state.kind === 'unread' && known !== undefined) return known
  if (state.kind === 'unread')
    return condition('SourceReady', 'Unknown', 'Unread', `${sourceDescription} has not been read yet`)
  return condition('SourceReady', 'True', 'Fetched', `${sourceDescription} is at ${state.revision.name}`)
}

/** Whether the manifests of the revision are applied; nothing where no API was asked. */
function deployCondition(verdict: Verdict | undefined): readonly Condition[] {
  if (verdict === undefined) return []
  return [condition('Deployed', verdict.kind === 'settled' ? 'True' : 'False', verdict.reason, verdict.message)]
}

function drops({ outcome }: StatusInput): Condition {
  const found = outcome?.decision.drops ?? []
  const troubled = found.filter((drop) => drop.findings.length > 0).map((drop) => drop.path)
  if (troubled.length > 0)
    return condition('Drops', 'False', 'ProblemsFound', `K3s will trip over ${troubled.join(', ')}`)
  const reported = found.filter((drop) => drop.handling === 'Report').map((drop) => drop.path)
  if (reported.length > 0)
    return condition('Drops', 'False', 'Undeclared', `Not in the repository: ${reported.join(', ')}`)
  return condition('Drops', 'True', 'Accepted', found.length === 0 ? 'There are none' : 'All of them can be deployed')
}

function contested({ contested: files, network }: StatusInput): Condition {
  const kernel = (network?.contested ?? []).map(({ artefact, writer }) => ({
    path: artefact,
    writer: writer || 'somebody',
  }))
  const fights = [...files, ...kernel]
  if (fights.length === 0) return condition('Contested', 'False', 'NoFight', 'Nobody keeps undoing repairs')
  const message = fights.map(({ path, writer }) => `${path} by ${writer}`).join('; ')
  return condition('Contested', 'True', 'RepairsUndone', message)
}

function condition(type: string, status: Condition['status'], reason: string, message: string): Condition {
  return { type, status, reason, message }
}
