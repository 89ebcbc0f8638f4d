import { laterOf, mayYetAsk } from './agent-patience.ts'
import {
  asksForPermit,
  hasLooked,
  holdsPermit,
  isFailing,
  isPast,
  isUnheard,
  type NodeStanding,
  wasTakenBack,
} from './node-standing.ts'

/** How far one revision has come. */
export interface Rollout {
  /** The first node by name where it went wrong. */
  readonly halt?: NodeStanding
  /** It came into force on a node that was permitted to begin with it. */
  readonly isProven: boolean
  /** A node that holds a permit for it, or held one when it was heard of last. */
  readonly ahead?: NodeStanding
  /** An agent that may yet ask; the one that is waited for longest. */
  readonly late?: NodeStanding
}

export interface Halt {
  readonly revision: string
  readonly node: string
  readonly reason: string
  /** The change never came into force there. Absent: it did, or seemed to, and was taken back. */
  readonly isFailure?: true
}

export const nothingYet: Rollout = { isProven: false }

/** @param byName standings, sorted */
export function rolloutsOf(byName: readonly NodeStanding[]): Map<string, Rollout> {
  const rollouts = new Map<string, Rollout>()
  for (const standing of byName) {
    const { revision } = standing.published
    const { halt, isProven, ahead, late } = rollouts.get(revision) ?? nothingYet
    const next = {
      halt: halt ?? (halts(standing) ? standing : undefined),
      ahead: ahead ?? (goesAhead(standing) ? standing : undefined),
      late: laterOf(late, mayYetAsk(standing) ? standing : undefined),
    }
    rollouts.set(revision, {
      isProven: isProven || (holdsPermit(standing) && isPast(standing)),
      ...(next.halt === undefined ? {} : { halt: next.halt }),
      ...(next.ahead === undefined ? {} : { ahead: next.ahead }),
      ...(next.late === undefined ? {} : { late: next.late }),
    })
  }
  return rollouts
}

export function haltOf(standing: NodeStanding): Halt {
  const { node, published, status } = standing
  const reason = status?.message || status?.reason || 'no reason was given'
  return { revision: published.revision, node, reason, ...(wasTakenBack(standing) ? {} : { isFailure: true }) }
}

function halts(standing: NodeStanding): boolean {
  if (standing.isExcluded === true) return false
  // The permit may be lost with its object; what is said of a program before this one does not count.
  if (wasTakenBack(standing)) return holdsPermit(standing) || hasLooked(standing)
  if (!holdsPermit(standing) || !hasLooked(standing) || !isFailing(standing)) return false
  // It was in force, or has not begun.
  return standing.wasInForce !== true && standing.status?.awaitingPermit === undefined
}

/** One that is gone since it asked may be the proof that the change is bad, whether or not its permit is still there. */
function goesAhead(standing: NodeStanding): boolean {
  if (standing.isExcluded === true) return false
  if (holdsPermit(standing)) return true
  return standing.isSilent === true && isUnheard(standing) && asksForPermit(standing)
}
