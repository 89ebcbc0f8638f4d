import type { WantedJump } from './wanted-table.ts'

/** How many rules of the chain have to stand before the jump: at least `first`, at most `last`. */
export interface JumpPlace {
  readonly first: number
  readonly last: number
}

/**
 * Where a jump may stand among `targets`, the targets of the other rules of its chain. Relations to targets that are
 * absent do not count. Where somebody put what we must follow behind what we must precede, preceding wins: a deny that
 * comes too late is none.
 */
export function jumpPlace(jump: Pick<WantedJump, 'before' | 'after'>, targets: readonly string[]): JumpPlace {
  const ahead = targets.findIndex((target) => jump.before.includes(target))
  const last = ahead < 0 ? targets.length : ahead
  const behind = targets.slice(0, last).findLastIndex((target) => jump.after.includes(target))
  return { first: behind + 1, last }
}
