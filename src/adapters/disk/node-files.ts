import { lstatSync, unlinkSync } from 'node:fs'
import { observedDirectories } from '../../k3s/locations.ts'
import type { LogPort } from '../../ports/log-port.ts'
import type { NodeFilesPort } from '../../ports/node-files-port.ts'
import { observablePath, type PlacedPath, writablePath } from './allowed-path.ts'
import { type LastLook, writeAtomically } from './atomic-write.ts'
import { describeWriter } from './describe-writer.ts'
import { type Directory, pathIn } from './directory.ts'
import { openBelow } from './directory-walk.ts'
import { diskFailure, errnoOf, pathOccupied } from './disk-failure.ts'
import { FileObserver } from './file-observer.ts'
import { quarantine } from './quarantine.ts'
import { removeLeftoversBelow } from './remove-leftovers.ts'
import { confirmed, type Expected, requireSame } from './still-as-observed.ts'

/**
 * The files of the machine whose root is `root`: `/`, a mounted host, or a tree of the demo. Holds no descriptor open
 * between calls; what it remembers only saves reading unchanged files again.
 */
export function openNodeFiles(options: { readonly root: string; readonly log: LogPort }): NodeFilesPort {
  const { root, log } = options
  const observer = new FileObserver(root, log)
  return {
    observe: async (alsoPaths, signal) => await observer.observe(alsoPaths, signal),
    observeFile: async (path) => await observer.observeFile(observablePath(path)),
    writeFile: async (path, text, before, stillWanted) => {
      const last: LastLook = { before: before === undefined ? undefined : observer.expected(before), stillWanted }
      return await writeFile(root, writablePath(path), text, last)
    },
    removeFile: async (path, before) => await removeFile(root, writablePath(path), observer.expected(before)),
    quarantineFile: async (path, before) => await quarantine(root, observablePath(path), observer.expected(before)),
    removeLeftovers: async () => {
      let removed = 0
      for (const base of observedDirectories) removed += await removeLeftoversBelow(root, base)
      if (removed > 0) log.info({ removed }, 'temporary files of an interrupted write removed')
      return removed
    },
    describeWriter: async (path) => await describeWriter(root, observablePath(path)),
  }
}

async function writeFile(root: string, placed: PlacedPath, text: string, last: LastLook): Promise<boolean> {
  const directory = await openBelow(root, placed.base, placed.below, 'make')
  if (directory === undefined) throw new Error('a directory that was just made is not there')
  try {
    return await writeAtomically(directory, placed.name, text, last)
  } finally {
    directory.close()
  }
}

async function removeFile(root: string, placed: PlacedPath, before: Expected): Promise<void> {
  const directory = await openBelow(root, placed.base, placed.below, 'undefined')
  if (directory === undefined) return
  try {
    if (await unlinkFile(directory, placed.name, before)) await directory.sync()
  } finally {
    directory.close()
  }
}

/**
 * A symlink is unlinked as itself; unlink(2) never takes a directory. It takes no condition either: what another writes
 * between the last lstat and the unlink, two system calls that follow each other, is lost.
 */
async function unlinkFile(directory: Directory, name: string, before: Expected): Promise<boolean> {
  const where = pathIn(directory, name)
  if (lstatSync(directory.at(name), { throwIfNoEntry: false })?.isDirectory() === true) {
    throw pathOccupied(where, 'a directory')
  }
  try {
    const found = await confirmed(directory, name, before)
    if (found === undefined) return false
    requireSame(directory, name, found)
    unlinkSync(directory.at(name))
    return true
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return false
    throw diskFailure(cause, 'remove', where)
  }
}
