import { fstatSync, lstatSync, readlinkSync, type Stats } from 'node:fs'
import { Failure } from '../../domain/failure.ts'
import { type Directory, openChild, openDirectory, openOrMakeChild, pathIn, symlinkOnPath } from './directory.ts'
import { diskFailure, errnoOf } from './disk-failure.ts'

/** More than any sane machine has on one path; a loop ends here. */
const symlinkHops = 16

/**
 * Opens the directory `base`, and then those `below` it, from the machine's root down, each name in the directory that
 * was opened before it. Only above `base` may a component be a symlink, as where `/var/lib/rancher` points to a data
 * disk: one that root made in a directory nobody else may write to. It is resolved inside `root`.
 *
 * @param missing what to do about a directory that is not there: make it (0700), or answer undefined
 * @throws Failure SYMLINK_ON_PATH, NOT_A_DIRECTORY, ROOT_MISSING
 */
export async function openBelow(
  root: string,
  base: string,
  below: readonly string[],
  missing: 'make' | 'undefined',
): Promise<Directory | undefined> {
  const stack = [openRoot(root)]
  try {
    const todo = base.split('/').filter((name) => name !== '')
    const strictLength = below.length + 1
    todo.push(...below)
    let hops = 0
    for (let name = todo.shift(); name !== undefined; name = todo.shift()) {
      const parent = stack[stack.length - 1] ?? unreachableRoot()
      if (name === '..') {
        if (stack.length > 1) stack.pop()?.close()
        continue
      }
      // The strict part is never expanded, so it is always the tail of what is left to do.
      const target = todo.length + 1 > strictLength ? trustedTarget(parent, name) : undefined
      if (target !== undefined) {
        hops += 1
        if (hops > symlinkHops) throw symlinkOnPath(pathIn(parent, name), 'too many of them lead to each other')
        if (target.startsWith('/')) for (const left of stack.splice(1)) left.close()
        todo.unshift(...target.split('/').filter((part) => part !== '' && part !== '.'))
        continue
      }
      const child = missing === 'make' ? await openOrMakeChild(parent, name) : openChild(parent, name)
      if (child === undefined) return undefined
      stack.push(child)
    }
    return stack.pop()
  } finally {
    for (const directory of stack) directory.close()
  }
}

function openRoot(root: string): Directory {
  const directory = openDirectory(root)
  if (directory !== undefined) return directory
  throw new Failure(`the root directory ${root} does not exist`, {
    code: 'ROOT_MISSING',
    where: root,
    fix: 'create the directory, or name another with --root',
    retry: 'soon',
  })
}

/** Where a symlink that only root can have made points to; undefined for what is no symlink. */
function trustedTarget(parent: Directory, name: string): string | undefined {
  const path = pathIn(parent, name)
  const stats = lstatSync(parent.at(name), { throwIfNoEntry: false })
  if (stats === undefined || !stats.isSymbolicLink()) return undefined
  if (!isOurs(stats)) throw symlinkOnPath(path, `it belongs to uid ${stats.uid}, not to root`)
  const around = fstatSync(parent.fd)
  if (!isOurs(around) || (around.mode & 0o022) !== 0) {
    throw symlinkOnPath(path, 'others than root may write to the directory it stands in')
  }
  try {
    return readlinkSync(parent.at(name))
  } catch (cause) {
    // Replaced by something else meanwhile: opened, or refused, as what it is now.
    if (errnoOf(cause) === 'EINVAL' || errnoOf(cause) === 'ENOENT') return undefined
    throw diskFailure(cause, 'read', path)
  }
}

function isOurs(stats: Stats): boolean {
  return stats.uid === 0 || stats.uid === process.geteuid?.()
}

function unreachableRoot(): never {
  throw new Error('the root directory is never left')
}
