import type { TimedCondition } from '../../domain/published-program.ts'
import type { Condition } from '../../domain/verdict.ts'
import type { PermitDecision } from '../../plan/permits/decide-permits.ts'
import { excludeCommand } from '../../plan/permits/rollout-obstacle.ts'

/**
 * Whether risky changes go on from node to node, and which node somebody has to look at where they do not. Nothing before
 * anything was decided; what another process said of it stays until then.
 */
export function rolloutCondition(
  decision: PermitDecision | undefined,
  before: readonly TimedCondition[] = [],
): readonly Condition[] {
  if (decision === undefined) return before.filter(({ type }) => type === 'RolloutProgressing')
  const { halted, obstacle, waiting } = decision
  const without = excludedText(decision)
  const condition = (status: Condition['status'], reason: string, message: string): readonly Condition[] => [
    { type: 'RolloutProgressing', status, reason, message: `${message}${without}` },
  ]
  if (halted !== undefined) return condition('False', 'RolloutHalted', `${haltText(halted)}; ${haltFix(halted.node)}`)
  if (obstacle !== undefined) {
    const { node, what, fix } = obstacle
    return condition('False', 'RolloutBlocked', `${node} keeps ${waiting.length} waiting: ${what}; ${fix}`)
  }
  const [first] = waiting
  if (first === undefined) return condition('True', 'NobodyWaits', 'No node waits for its turn')
  const message = `${waiting.length} wait for their turn; ${first.node}: ${first.because}`
  return condition('True', 'Progressing', message)
}

/** Who waits and for whom, after a semicolon; empty where nobody does. */
export function waitingText(decision: PermitDecision | undefined): string {
  if (decision === undefined) return ''
  const { waiting, obstacle } = decision
  const [first] = waiting
  if (first === undefined) return excludedText(decision)
  const why = obstacle === undefined ? '' : `; ${obstacle.node}: ${obstacle.what}`
  return `; ${first.node} waits for its turn: ${first.because}${why}${excludedText(decision)}`
}

export function haltText({ revision, node, reason, isFailure }: PermitDecision['halted'] & object): string {
  return `${revision} ${isFailure === true ? 'does not come into force' : 'was taken back'} on ${node}: ${reason}`
}

function haltFix(node: string): string {
  return `push a revision that changes the program of ${node}, or let the others go on without it: ${excludeCommand(node)}`
}

const shownNodes = 3

function excludedText({ excluded = [] }: PermitDecision): string {
  if (excluded.length === 0) return ''
  const more = excluded.length > shownNodes ? ` and ${excluded.length - shownNodes} more` : ''
  return `; without ${excluded.slice(0, shownNodes).join(', ')}${more}, excluded from rollouts`
}
