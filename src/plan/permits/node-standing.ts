import type { NodeRole } from '../../domain/facts.ts'
import type { NodeProgramStatus } from '../../domain/published-program.ts'
import { kernelCondition, kernelFails } from './kernel-health.ts'

/** What is published for one node, and what its agent says of it. */
export interface NodeStanding {
  readonly node: string
  readonly role: NodeRole
  /** Of those with a group in common, one at a time: `etcd`, `pool:<name>`. */
  readonly failureGroups: readonly string[]
  readonly published: {
    readonly digest: string
    /** With which this very program was published first: one that changes nothing for this node leaves it as it is. */
    readonly revision: string
    /** `spec.sequence` as it is now. */
    readonly sequence: number
    /** How long this program has been published with the permit that it has; absent: not known, and nothing waits for it. */
    readonly forMs?: number
  }
  /** `spec.permit.program` as it is now. A new program leaves it in place: it is revoked here, once it is known to be over. */
  readonly permit?: string
  /** Absent: its agent never answered. */
  readonly status?: NodeProgramStatus
  /** Nobody hears of the node: it is not ready, as far as the cluster can tell. */
  readonly isSilent?: boolean
  /** Somebody said that rollouts go on without it: it is given no permit, and its word stops nobody. */
  readonly isExcluded?: boolean
  /** The published program was seen in force there, with its permit: what fails since is no failure of the change. */
  readonly wasInForce?: boolean
}

/** The published program is what the node holds, and no risky part of it is still open. */
export function isInForce({ published, status }: NodeStanding): boolean {
  return isProgramInForce(published.digest, status)
}

/** @param digest of the program in question */
export function isProgramInForce(digest: string, status: NodeProgramStatus | undefined): boolean {
  if (status === undefined || status.appliedProgram !== digest || status.awaitingPermit !== undefined) return false
  // A node that waits for a restart of K3s, or for somebody to look at a file, is past its risky change all the same.
  return status.verdict === 'settled' || kernelCondition(status)?.status === 'True'
}

/** A risky change is in place there and may still be taken back, whatever program it came with. */
export function isOnTrial({ status }: NodeStanding): boolean {
  return status !== undefined && says(status, trialReasons)
}

/** Its trial ends when a person says so, and not before. */
export function awaitsPerson({ status }: NodeStanding): boolean {
  return status !== undefined && says(status, ['AwaitingConfirmation'])
}

/** Its last risky change was undone, and what was in force before is again. */
export function wasTakenBack({ status }: NodeStanding): boolean {
  return status !== undefined && says(status, ['RolledBack'])
}

/** It may begin with what is published. */
export function holdsPermit({ permit, published }: NodeStanding): boolean {
  return permit === published.digest
}

/** It may not begin yet and would like to. */
export function asksForPermit({ published, permit, status }: NodeStanding): boolean {
  return status?.awaitingPermit?.program === published.digest && permit !== published.digest
}

/**
 * The agent saw what is published now, so that its status speaks of that. Nobody can have seen more than that: a larger
 * sequence is made up, or from before the datastore was restored.
 */
export function hasLooked({ published, status }: NodeStanding): boolean {
  return status?.observedSequence === published.sequence
}

/**
 * It was in the middle of something, and has not looked since: it may know of a permit that was taken back, and begin with it
 * while it cannot reach the API.
 */
export function isUnheard(standing: NodeStanding): boolean {
  return standing.permit === undefined && isInTheMiddle(standing) && !hasLooked(standing)
}

/** A permit that is taken back now leaves this trace: until it looks again, it may have begun. */
export function isInTheMiddle({ status }: NodeStanding): boolean {
  if (status === undefined) return false
  return status.awaitingPermit !== undefined || kernelCondition(status)?.status === 'False' || kernelFails(status)
}

/** Its kernel could not be brought to what it is held to. What fails elsewhere, a chart, say, puts no node out. */
export function isFailing({ status }: NodeStanding): boolean {
  return status !== undefined && kernelFails(status)
}

/** It fails, is there, and asks: the change that waits may be what mends it. */
export function isToBeMended(standing: NodeStanding): boolean {
  return isFailing(standing) && asksForPermit(standing) && hasLooked(standing) && !mayBeChanging(standing)
}

/** A risky change is under way there, or may be as far as anybody knows; or the node is gone in the middle of things. */
export function mayBeChanging(standing: NodeStanding): boolean {
  const { permit, status, isSilent = false } = standing
  if (isOnTrial(standing) || isUnheard(standing)) return true
  if (permit === undefined) return isSilent && status !== undefined
  if (holdsPermit(standing)) return isSilent || !isPast(standing)
  // It may have begun with the program before this one.
  return isSilent || !hasLooked(standing)
}

/** Work of the node goes on elsewhere, or may have to at any moment. */
export function isUnavailable(standing: NodeStanding): boolean {
  return mayBeChanging(standing) || isFailing(standing)
}

/** Whatever became of it since: nothing of its change is open any more. */
export function isPast(standing: NodeStanding): boolean {
  if (isInForce(standing)) return true
  const { wasInForce = false, status } = standing
  return wasInForce && hasLooked(standing) && status?.awaitingPermit === undefined && !wasTakenBack(standing)
}

const trialReasons: readonly string[] = ['Confirming', 'AwaitingConfirmation']

/** The worse of files and kernel gives the node its reason; the kernel's own one stands in its condition. */
function says(status: NodeProgramStatus, reasons: readonly string[]): boolean {
  return reasons.includes(status.reason) || reasons.includes(kernelCondition(status)?.reason ?? '')
}
