import { lstatSync, unlinkSync } from 'node:fs'
import type { ObservedFile } from '../../domain/observation.ts'
import { observedDirectories } from '../../k3s/locations.ts'
import type { LogPort } from '../../ports/log-port.ts'
import type { NodeFilesPort } from '../../ports/node-files-port.ts'
import { observablePath, type PlacedPath, writablePath } from './allowed-path.ts'
import { writeAtomically } from './atomic-write.ts'
import { describeWriter } from './describe-writer.ts'
import { type Directory, pathIn } from './directory.ts'
import { openBelow } from './directory-walk.ts'
import { diskFailure, errnoOf, pathOccupied } from './disk-failure.ts'
import { FileObserver } from './file-observer.ts'
import { quarantine } from './quarantine.ts'
import { removeLeftoversBelow } from './remove-leftovers.ts'

/**
 * The files of the machine whose root is `root`: `/`, a mounted host, or a tree of the demo. Holds no descriptor open
 * between calls; what it remembers only saves reading unchanged files again.
 */
export function openNodeFiles(options: { readonly root: string; readonly log: LogPort }): NodeFilesPort {
  const { root, log } = options
  const observer = new FileObserver(root, log)
  return {
    observe: (signal) => observer.observe(signal),
    observeFile: async (path) => await observer.observeFile(observablePath(path)),
    writeFile: async (path, text, stillWanted) => await writeFile(root, writablePath(path), text, stillWanted),
    removeFile: async (path) => await removeFile(root, writablePath(path)),
    quarantineFile: async (path, digest) => await quarantineFile(root, observer, observablePath(path), digest),
    removeLeftovers: async () => {
      let removed = 0
      for (const base of observedDirectories) removed += await removeLeftoversBelow(root, base)
      if (removed > 0) log.info({ removed }, 'temporary files of an interrupted write removed')
      return removed
    },
    describeWriter: async (path) => await describeWriter(root, observablePath(path)),
  }
}

async function writeFile(
  root: string,
  placed: PlacedPath,
  text: string,
  stillWanted: (() => Promise<boolean>) | undefined,
): Promise<boolean> {
  const directory = await openBelow(root, placed.base, placed.below, 'make')
  if (directory === undefined) throw new Error('a directory that was just made is not there')
  try {
    return await writeAtomically(directory, placed.name, text, stillWanted)
  } finally {
    directory.close()
  }
}

async function removeFile(root: string, placed: PlacedPath): Promise<void> {
  const directory = await openBelow(root, placed.base, placed.below, 'undefined')
  if (directory === undefined) return
  try {
    if (unlinkFile(directory, placed.name)) await directory.sync()
  } finally {
    directory.close()
  }
}

/** A symlink is unlinked as itself; unlink(2) never takes a directory. */
function unlinkFile(directory: Directory, name: string): boolean {
  const where = pathIn(directory, name)
  if (lstatSync(directory.at(name), { throwIfNoEntry: false })?.isDirectory() === true) {
    throw pathOccupied(where, 'a directory')
  }
  try {
    unlinkSync(directory.at(name))
    return true
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return false
    throw diskFailure(cause, 'remove', where)
  }
}

async function quarantineFile(
  root: string,
  observer: FileObserver,
  placed: PlacedPath,
  digest: string,
): Promise<string> {
  const now: ObservedFile | undefined = await observer.observeFile(placed)
  return await quarantine(root, placed, digest, now?.digest)
}
