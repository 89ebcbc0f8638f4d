import { randomBytes } from 'node:crypto'
import { constants, linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { fileMode } from '../../domain/observation.ts'
import { type Directory, pathIn } from './directory.ts'
import { diskFailure, errnoOf, isWithoutLinks, pathOccupied } from './disk-failure.ts'
import { confirmed, type Expected, fileChanged, requireSame } from './still-as-observed.ts'

/** K3s skips files whose name starts with a dot, and `config.yaml.d` takes only `.yaml`: neither reads half of one. */
const leftover = /^\.fairlead-[0-9a-f]{16}\.tmp$/

/** The sibling of a write that was killed, or that goes on right now. */
export function isTemporaryName(name: string): boolean {
  return leftover.test(name)
}

export function temporaryName(): string {
  return `.fairlead-${randomBytes(8).toString('hex')}.tmp`
}

/** What has to hold when all is prepared. */
export interface LastLook {
  /** What has to be in place still; undefined for nothing. */
  readonly before: Expected | undefined
  /** Asked first; when it says no, nothing changes. */
  readonly stillWanted?: (() => Promise<boolean>) | undefined
}

/**
 * Writes a whole file, or nothing: a sibling is written and synced, then put in the place of `name`, then the directory
 * is synced. Whoever reads `name` at any moment, a power cut included, finds the old content or the new one.
 *
 * Where nothing was, the sibling is linked, which fails when somebody was faster: there is no race. Where a file was,
 * rename(2) takes no condition, so what is written between the last lstat and the rename, two system calls that follow
 * each other, is lost; so is what a program writes afterwards through a descriptor that it still holds on the old file.
 *
 * @param last left out by those who alone write in a directory: whatever file is there is replaced
 * @returns whether it was written
 * @throws Failure FILE_CHANGED, PATH_OCCUPIED when `name` is no file, DISK_FULL, DISK_READ_ONLY, DISK_DENIED, …
 */
export async function writeAtomically(
  directory: Directory,
  name: string,
  content: string | Uint8Array,
  last?: LastLook,
): Promise<boolean> {
  const where = pathIn(directory, name)
  refuseOccupied(directory, name)
  const sibling = temporaryName()
  let made = false
  try {
    const file = await createSibling(directory, sibling)
    made = true
    try {
      await file.writeFile(content)
      // The umask, or a default ACL, may have taken bits away.
      await file.chmod(fileMode)
      await file.sync()
    } finally {
      await file.close()
    }
    if (last?.stillWanted !== undefined && !(await last.stillWanted())) return false
    made = await putInPlace(directory, sibling, name, last)
  } catch (cause) {
    throw diskFailure(cause, 'write', where)
  } finally {
    if (made) removeSibling(directory, sibling)
  }
  await directory.sync()
  return true
}

/** Whether the sibling is still there. Synchronous from the last look on: nothing else of this process runs between. */
async function putInPlace(
  directory: Directory,
  sibling: string,
  name: string,
  last: LastLook | undefined,
): Promise<boolean> {
  refuseOccupied(directory, name)
  if (last !== undefined && last.before === undefined) {
    if (linkedInPlace(directory, sibling, name)) return true
  } else if (last?.before !== undefined) {
    const found = await confirmed(directory, name, last.before)
    if (found === undefined) throw fileChanged(pathIn(directory, name))
    requireSame(directory, name, found)
  }
  renameSync(directory.at(sibling), directory.at(name))
  return false
}

/** False on a file system without links, where looking for a file right before the rename is all there is. */
function linkedInPlace(directory: Directory, sibling: string, name: string): boolean {
  try {
    linkSync(directory.at(sibling), directory.at(name))
    return true
  } catch (cause) {
    const isTaken = lstatSync(directory.at(name), { throwIfNoEntry: false }) !== undefined
    if (isTaken) {
      refuseOccupied(directory, name)
      throw fileChanged(pathIn(directory, name))
    }
    if (isWithoutLinks(cause)) return false
    throw errnoOf(cause) === 'EEXIST' ? fileChanged(pathIn(directory, name)) : cause
  }
}

async function createSibling(directory: Directory, sibling: string): Promise<FileHandle> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  return await open(directory.at(sibling), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, fileMode)
}

function refuseOccupied(directory: Directory, name: string): void {
  const stats = lstatSync(directory.at(name), { throwIfNoEntry: false })
  if (stats === undefined || stats.isFile()) return
  const what = stats.isDirectory() ? 'a directory' : stats.isSymbolicLink() ? 'a symlink' : 'a device, pipe or socket'
  throw pathOccupied(pathIn(directory, name), what)
}

function removeSibling(directory: Directory, sibling: string): void {
  try {
    unlinkSync(directory.at(sibling))
  } catch (cause) {
    // On a disk that turned read-only it stays; the next start removes it.
    if (errnoOf(cause) === undefined) throw cause
  }
}
