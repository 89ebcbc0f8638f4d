import { lstatSync, readdirSync, unlinkSync } from 'node:fs'
import { isRecursive } from './allowed-path.ts'
import { isTemporaryName } from './atomic-write.ts'
import { type Directory, openChild } from './directory.ts'
import { openBelow } from './directory-walk.ts'
import { diskFailure } from './disk-failure.ts'

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

/** Nothing but regular files whose name follows our own pattern. */
export function removeLeftoversIn(
  directory: Directory,
  which: { readonly recursive: boolean; readonly olderThanMs: number },
): number {
  let removed = 0
  try {
    for (const name of readdirSync(directory.at())) {
      const stats = lstatSync(directory.at(name), { throwIfNoEntry: false })
      if (stats?.isFile() === true && isTemporaryName(name)) {
        if (which.olderThanMs > 0 && stats.mtimeMs + which.olderThanMs > Date.now()) continue
        unlinkSync(directory.at(name))
        removed += 1
      } else if (stats?.isDirectory() === true && which.recursive) {
        removed += removeLeftoversInChild(directory, name, which)
      }
    }
  } catch (cause) {
    throw diskFailure(cause, 'clean up', directory.path)
  }
  return removed
}

function removeLeftoversInChild(
  parent: Directory,
  name: string,
  which: Parameters<typeof removeLeftoversIn>[1],
): number {
  const child = openChild(parent, name)
  if (child === undefined) return 0
  try {
    return removeLeftoversIn(child, which)
  } finally {
    child.close()
  }
}
