import {
  hasLooked,
  holdsPermit,
  isInTheMiddle,
  isOnTrial,
  isPast,
  type NodeStanding,
  wasTakenBack,
} from './node-standing.ts'

/** So long an agent may take to look at its permit. One that is alive takes a moment, a machine that restarts some minutes. */
export const unusedPermitMs = 600_000

/**
 * A permit that is to be taken back. Its node goes on counting as long as it may have begun: what is taken back is known to
 * it only once it has looked.
 */
export function isToBeRevoked(standing: NodeStanding): boolean {
  const { permit, isExcluded = false } = standing
  if (permit === undefined) return false
  // The agent knows that another program is published; what it still has open, its status says. Taken back also where it asks
  // again: the program may come back, and with it the leave.
  if (!holdsPermit(standing)) return hasLooked(standing)
  if (isExcluded) return mayBeTakenBack(standing)
  return unusedLeftMs(standing) === 0
}

/** How long its agent may still take to look at the permit; undefined where it holds none, has looked, or nobody knows. */
export function unusedLeftMs(standing: NodeStanding): number | undefined {
  const { published } = standing
  if (published.forMs === undefined || !holdsPermit(standing)) return undefined
  if (hasLooked(standing) || !mayBeTakenBack(standing)) return undefined
  return Math.max(0, unusedPermitMs - published.forMs)
}

/** A change that is in place ends by itself; one that is through was permitted for good. */
function mayBeTakenBack(standing: NodeStanding): boolean {
  if (isOnTrial(standing) || isPast(standing)) return false
  return isInTheMiddle(standing) || (wasTakenBack(standing) && hasLooked(standing))
}
