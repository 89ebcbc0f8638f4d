import { fairleadNames, fairleadNamespace } from '../../domain/fairlead-api.ts'
import type { Problem } from '../../domain/problem.ts'
import { describeProblem } from '../describe-problem.ts'
import { shortenedText } from './shortened-text.ts'
import type { TurnContext } from './turn-context.ts'

/** More than these are for `fairlead lint`. */
const mostProblemsTold = 20
const mostInEvent = 3

/** Says once what is wrong with a revision: in the log, and while there is no ClusterNetwork, by an Event of the Lease. */
export function tellRefused(turn: TurnContext, refused: readonly Problem[] | undefined): void {
  const { state, ports } = turn
  if (refused === undefined) {
    state.toldRefused = ''
    return
  }
  const { name: revision = '', author = '' } = state.head ?? {}
  const errors = refused.filter(({ severity }) => severity === 'error')
  const shown = errors.slice(0, mostProblemsTold)
  const told = [revision, ...shown.map(describeProblem)].join('\n')
  if (told === state.toldRefused) return
  state.toldRefused = told
  ports.log.warn({ revision, author, problems: errors.length }, 'revision refused')
  for (const { code, place, what, fix } of shown) {
    const where = `${place.file}:${place.line}:${place.column}`
    ports.log.warn({ revision, code, where, fix: shortenedText(fix) }, shortenedText(what))
  }
  if (turn.own.record(turn.settings.cluster) !== undefined || turn.settings.cluster !== undefined) return
  const more = errors.length > mostInEvent ? [`and ${errors.length - mostInEvent} more`] : []
  ports.events.record({
    regarding: leaseRef,
    type: 'Warning',
    reason: 'DesiredStateInvalid',
    message: [`${revision} is refused`, ...errors.slice(0, mostInEvent).map(describeProblem), ...more].join('\n'),
  })
}

const leaseRef = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace: fairleadNamespace,
  name: fairleadNames.leaderLease,
} as const
