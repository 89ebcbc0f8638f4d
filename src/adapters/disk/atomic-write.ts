import { randomBytes } from 'node:crypto'
import { constants, lstatSync, renameSync, unlinkSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { fileMode } from '../../domain/observation.ts'
import { type Directory, pathIn } from './directory.ts'
import { diskFailure, errnoOf, pathOccupied } from './disk-failure.ts'

/** K3s skips files whose name starts with a dot, and `config.yaml.d` takes only `.yaml`: neither reads half of one. */
const leftover = /^\.fairlead-[0-9a-f]{16}\.tmp$/

/** The sibling of a write that was killed, or that goes on right now. */
export function isTemporaryName(name: string): boolean {
  return leftover.test(name)
}

export function temporaryName(): string {
  return `.fairlead-${randomBytes(8).toString('hex')}.tmp`
}

/**
 * Writes a whole file, or nothing: a sibling is written and synced, then renamed over `name`, then the directory is
 * synced. Whoever reads `name` at any moment, a power cut included, finds the old content or the new one.
 *
 * @param stillWanted asked right before the rename; when it says no, nothing changes and the answer is false
 * @throws Failure PATH_OCCUPIED when `name` is no file, DISK_FULL, DISK_READ_ONLY, DISK_DENIED, …
 */
export async function writeAtomically(
  directory: Directory,
  name: string,
  content: string | Uint8Array,
  stillWanted?: () => Promise<boolean>,
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
    if (stillWanted !== undefined && !(await stillWanted())) return false
    // Synchronous to the end: between this look and the rename nothing else of this process runs.
    refuseOccupied(directory, name)
    renameSync(directory.at(sibling), directory.at(name))
    made = false
  } catch (cause) {
    throw diskFailure(cause, 'write', where)
  } finally {
    if (made) removeSibling(directory, sibling)
  }
  await directory.sync()
  return true
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
