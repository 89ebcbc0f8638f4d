import type { CleanupKind } from '../../domain/cleanup.ts'
import type { CleanupPlan, Removal } from '../../domain/leftovers.ts'
import { describeRemoval } from '../../plan/cleanups/describe-removal.ts'
import { removedObjects } from '../../plan/cleanups/removed-objects.ts'
import type { CleanupMemory } from './cleanup-memory.ts'
import type { CleanupPorts } from './cleanup-ports.ts'

/** A component of which something was there again is left alone for this long, in milliseconds. */
const returnedForMs = 3_600_000

/** Takes note of what this process removed and is there again: whoever owns it runs, and is not fought. */
export function noteReturned(found: readonly Removal[], memory: CleanupMemory, nowMs: number): void {
  const returned = new Map(memory.returned)
  const removed = new Set(memory.removed)
  for (const removal of found) {
    const objects = removedObjects(removal).filter((object) => removed.has(object))
    for (const object of objects) removed.delete(object)
    if (objects.length > 0) returned.set(removal.cleanup, nowMs)
  }
  memory.removed = removed
  memory.returned = new Map([...returned].filter(([, sinceMs]) => nowMs - sinceMs < returnedForMs))
}

/** The plan without components that came back by themselves, or that a person brought back. */
export async function holdBack(
  plan: CleanupPlan,
  { returned }: Pick<CleanupMemory, 'returned'>,
  { records }: Pick<CleanupPorts, 'records'>,
): Promise<CleanupPlan> {
  const reasons = new Map<CleanupKind, string>()
  for (const cleanup of new Set(plan.removals.map((removal) => removal.cleanup))) {
    const record = await takenBack(cleanup, records)
    if (returned.has(cleanup)) {
      reasons.set(cleanup, 'still-active: it was removed and is there again, so that its owner runs')
    } else if (record !== undefined) {
      reasons.set(cleanup, `the cleanup ${record} was taken back; fairlead cleanup --only ${cleanup} removes it again`)
    }
  }
  const held = plan.removals.flatMap((removal) => {
    const reason = reasons.get(removal.cleanup)
    return reason === undefined ? [] : [{ cleanup: removal.cleanup, what: describeRemoval(removal), reason }]
  })
  return { removals: plan.removals.filter(({ cleanup }) => !reasons.has(cleanup)), kept: [...held, ...plan.kept] }
}

/** The newest record about a component, where it was taken back: a later cleanup of a person's is the last word. */
async function takenBack(cleanup: CleanupKind, records: CleanupPorts['records']): Promise<string | undefined> {
  for (const name of records.names().toReversed()) {
    const record = await records.read(name)
    if (record?.cleanups.includes(cleanup) === true) return (await records.isTakenBack(name)) ? name : undefined
  }
  return undefined
}
