import {
  awaitsPerson,
  isFailing,
  isOnTrial,
  isToBeMended,
  isUnavailable,
  isUnheard,
  mayBeChanging,
  type NodeStanding,
} from './node-standing.ts'

/** Who is out, or was just permitted to be; by name and by failure group. */
export interface Unavailable {
  add(standing: NodeStanding): void
  /** Those that count against `maxUnavailable` for this node. */
  others(standing: NodeStanding): readonly NodeStanding[]
  /** Somebody else of a group, whether it counts or not. */
  inGroup(group: string, standing: NodeStanding): NodeStanding | undefined
}

export function unavailableOf(standings: readonly NodeStanding[]): Unavailable {
  const counted = new Set<NodeStanding>()
  const mending = new Set<NodeStanding>()
  const groups = new Map<string, Set<NodeStanding>>()
  const block = (standing: NodeStanding): void => {
    for (const group of standing.failureGroups) groups.set(group, (groups.get(group) ?? new Set()).add(standing))
  }
  for (const standing of standings) {
    if (counts(standing)) counted.add(standing)
    if (isToBeMended(standing)) mending.add(standing)
    if (blocksGroup(standing)) block(standing)
  }
  /** Of nodes that fail alike and wait for what mends them, one has to begin. */
  const inTheWayOf = (standing: NodeStanding): ((other: NodeStanding) => boolean) => {
    const isMending = mending.has(standing)
    return (other) => other.node !== standing.node && !(isMending && mending.has(other))
  }
  return {
    add(standing) {
      counted.add(standing)
      mending.delete(standing)
      block(standing)
    },
    others: (standing) => [...counted].filter(inTheWayOf(standing)),
    inGroup: (group, standing) => [...(groups.get(group) ?? [])].find(inTheWayOf(standing)),
  }
}

function counts(standing: NodeStanding): boolean {
  return standing.isExcluded !== true && isUnavailable(standing)
}

/** A node without an agent, or without which rollouts go on, has a datastore and addresses all the same. */
function blocksGroup(standing: NodeStanding): boolean {
  return counts(standing) || standing.isSilent === true || mayBeChanging(standing)
}

/** In a word or two. */
export function whyOut(standing: NodeStanding): string {
  if (isOnTrial(standing)) return awaitsPerson(standing) ? 'waits for fairlead confirm' : 'on trial'
  if (standing.isSilent === true) return 'not ready'
  if (isUnheard(standing)) return 'its agent is not heard'
  if (isFailing(standing)) return `fails with ${standing.status?.reason ?? ''}`
  return 'permitted'
}
