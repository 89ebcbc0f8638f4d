import type { CleanupPlan, Leftovers } from '../../domain/leftovers.ts'
import { describeRemoval } from './describe-removal.ts'

/** What no undo brings back, as its description: devices of which only the owner knows the key or the programs. */
export function lostForGood({ removals }: CleanupPlan, { links }: Pick<Leftovers, 'links'>): readonly string[] {
  const returning = ['vxlan', 'bridge']
  return removals.flatMap((removal) => {
    if (removal.kind !== 'link') return []
    const kind = links.find(({ name }) => name === removal.name)?.kind ?? ''
    return returning.includes(kind) ? [] : [describeRemoval(removal)]
  })
}
