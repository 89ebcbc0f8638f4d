import { lstatSync, readdirSync, unlinkSync } from 'node:fs'
import { isRecursive } from './allowed-path.ts'
import { isTemporaryName } from './atomic-write.ts'
import { type Directory, openChild } from './directory.ts'
import { maximumDepth } from './directory-listing.ts'
import { openBelow } from './directory-walk.ts'
import { diskFailure } from './disk-failure.ts'

/** Entries looked at below one observed directory; K3s itself and its users have a few dozen. */
const maximumEntries = 10_000

/**
 * Takes away the siblings that a killed write left in an observed directory. Only to be called while nobody writes.
 * @returns how many there were
 */
export async function removeLeftoversBelow(root: string, base: string): Promise<number> {
  const directory = await openBelow(root, base, [], 'undefined')
  if (directory === undefined) return 0
  try {
    return removeLeftoversIn(directory, { recursive: isRecursive(base), olderThanMs: 0 })
  } finally {
    directory.close()
  }
}

interface Which {
  readonly recursive: boolean
  /** Milliseconds. */
  readonly olderThanMs: number
}

/**
 * Nothing but regular files whose name follows our own pattern; no deeper, and no further through a flood of foreign
 * entries, than is worth it for files that harm nobody.
 */
export function removeLeftoversIn(
  directory: Directory,
  which: Which,
  depth = 0,
  budget = { entries: maximumEntries },
): number {
  let removed = 0
  try {
    const entries = readdirSync(directory.at(), { withFileTypes: true })
    for (const { name } of entries) if (isTemporaryName(name) && removeLeftover(directory, name, which)) removed += 1
    budget.entries -= entries.length
    if (!which.recursive || depth >= maximumDepth) return removed
    for (const entry of entries) {
      if (budget.entries <= 0) break
      if (entry.isDirectory()) removed += removeLeftoversInChild(directory, entry.name, which, depth + 1, budget)
    }
  } catch (cause) {
    throw diskFailure(cause, 'clean up', directory.path)
  }
  return removed
}

function removeLeftover(directory: Directory, name: string, { olderThanMs }: Which): boolean {
  const stats = lstatSync(directory.at(name), { throwIfNoEntry: false })
  if (stats?.isFile() !== true) return false
  if (olderThanMs > 0 && stats.mtimeMs + olderThanMs > Date.now()) return false
  unlinkSync(directory.at(name))
  return true
}

function removeLeftoversInChild(
  parent: Directory,
  name: string,
  which: Which,
  depth: number,
  budget: { entries: number },
): number {
  const child = openChild(parent, name)
  if (child === undefined) return 0
  try {
    return removeLeftoversIn(child, which, depth, budget)
  } finally {
    child.close()
  }
}
