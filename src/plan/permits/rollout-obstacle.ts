import { patienceLeftMs } from './agent-patience.ts'
import { unusedPermitMs } from './ended-permits.ts'
import {
  awaitsPerson,
  holdsPermit,
  isFailing,
  isOnTrial,
  isPast,
  isToBeMended,
  isUnheard,
  mayBeChanging,
  type NodeStanding,
} from './node-standing.ts'

/** A node that keeps others waiting, and that no waiting mends. */
export interface RolloutObstacle {
  readonly node: string
  readonly what: string
  readonly fix: string
}

/** On a Node or a NodeProgram, with the value `excluded`: rollouts go on without it. */
export const rolloutAnnotation = 'fairlead.dev/rollout'

export function excludeCommand(node: string): string {
  return `kubectl annotate node ${node} ${rolloutAnnotation}=excluded`
}

/**
 * The node that somebody has to look at, where somebody waits and nothing goes on by itself.
 * @param byName standings, sorted
 */
export function obstacleOf(byName: readonly NodeStanding[]): RolloutObstacle | undefined {
  if (byName.some(goesOn)) return undefined
  const troubled = byName.flatMap((standing) => {
    const trouble = troubleOf(standing)
    return trouble === undefined ? [] : [{ standing, trouble }]
  })
  // What was permitted explains more than what merely is not there.
  const [first] = [...troubled.filter(({ standing }) => mayBeChanging(standing)), ...troubled]
  return first === undefined ? undefined : { node: first.standing.node, ...first.trouble }
}

/** Its change ends by itself, or its agent has had no time to look. */
function goesOn(standing: NodeStanding): boolean {
  if (standing.isSilent === true) return false
  if (isOnTrial(standing)) return !awaitsPerson(standing)
  if (isUnheard(standing)) return patienceLeftMs(standing) > 0
  return holdsPermit(standing) && !isPast(standing) && !isFailing(standing) && !isOverdue(standing)
}

function troubleOf(standing: NodeStanding): { readonly what: string; readonly fix: string } | undefined {
  const { node, status, isExcluded = false } = standing
  const exclude = isExcluded
    ? 'being excluded it still holds back its failure groups'
    : `or let the others go on without it: ${excludeCommand(node)}`
  if (awaitsPerson(standing)) return { what: 'its change waits for a person', fix: 'run fairlead confirm there' }
  if (standing.isSilent === true) {
    const isLost = status !== undefined && mayBeChanging(standing) && (holdsPermit(standing) || isUnheard(standing))
    const what = isLost
      ? 'it is not ready any more, and may have begun: its change may have cut it off'
      : 'it is not ready'
    return { what, fix: `mend it, or remove it from the cluster; ${exclude}` }
  }
  if (isUnheard(standing)) {
    return {
      what: 'its agent has not looked at its program',
      fix: `see that fairlead agent runs there and is not suspended; ${exclude}`,
    }
  }
  if (holdsPermit(standing) && isOverdue(standing) && !isPast(standing)) {
    return {
      what: `it may begin and is not through: ${wordOf(standing)}`,
      fix: `run fairlead status there; ${exclude}`,
    }
  }
  if (isFailing(standing) && !isToBeMended(standing) && !isExcluded) {
    return { what: `it fails: ${wordOf(standing)}`, fix: `mend it, or push a revision that does; ${exclude}` }
  }
  return undefined
}

function isOverdue({ published }: NodeStanding): boolean {
  return published.forMs !== undefined && published.forMs >= unusedPermitMs
}

function wordOf({ status }: NodeStanding): string {
  return status === undefined ? 'its agent never answered' : status.message || status.reason
}
