import { type BigIntStats, constants, linkSync, unlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { Failure } from '../../domain/failure.ts'
import { fileMode, type ObservedFile } from '../../domain/observation.ts'
import { fairleadPaths } from '../../k3s/locations.ts'
import type { PlacedPath } from './allowed-path.ts'
import { type Directory, pathIn } from './directory.ts'
import { openBelow } from './directory-walk.ts'
import { diskFailure, errnoOf, isWithoutLinks } from './disk-failure.ts'
import { proofOfSameness } from './file-content.ts'
import { confirmed, type Expected, fileChanged, lookAt, requireSame } from './still-as-observed.ts'

/**
 * Moves a drop into `/var/lib/fairlead/quarantine/<first 12 of its digest>-<name>`, or `undigested-<bytes>-<name>` where
 * it was never read whole, and overwrites nothing there. The file is in both places for a moment rather than in neither;
 * a move that was killed in between is finished next time. What another renames over it between the last lstat and the
 * unlink, two system calls that follow each other, is lost; what is written into the file itself is not.
 *
 * @returns where it is, as K3s sees it
 * @throws Failure NOT_A_FILE for a symlink, device or directory; FILE_CHANGED when it is no longer what was judged
 */
export async function quarantine(root: string, placed: PlacedPath, judged: Expected): Promise<string> {
  if (judged.file.type !== 'file') throw notAFile(placed.path)
  const from = await openBelow(root, placed.base, placed.below, 'undefined')
  if (from === undefined) throw fileChanged(placed.path)
  try {
    const to = await openBelow(root, fairleadPaths.quarantine, [], 'make')
    if (to === undefined) throw new Error('a directory that was just made is not there')
    try {
      const found = await confirmed(from, placed.name, judged)
      if (found === undefined) throw fileChanged(placed.path)
      const put = await putBeside(from, placed.name, to, `${prefixOf(judged.file)}-${placed.name}`, found)
      await to.sync()
      requireSame(from, placed.name, put.stats)
      unlinkSync(from.at(placed.name))
      await from.sync()
      return `${fairleadPaths.quarantine}/${put.name}`
    } finally {
      to.close()
    }
  } catch (cause) {
    throw diskFailure(cause, 'quarantine', placed.path)
  } finally {
    from.close()
  }
}

function prefixOf(file: ObservedFile): string {
  return file.digest === undefined ? `undigested-${file.sizeBytes}` : file.digest.slice(0, 12)
}

interface Put {
  readonly name: string
  /** Of the file at its old name, now that it stands at both. */
  readonly stats: BigIntStats
}

async function putBeside(
  from: Directory,
  name: string,
  to: Directory,
  wanted: string,
  found: BigIntStats,
): Promise<Put> {
  for (let number = 1; ; number += 1) {
    const free = number === 1 ? wanted : `${wanted}-${number}`
    try {
      linkSync(from.at(name), to.at(free))
      return { name: free, stats: linkedStats(from, name, to, free, found) }
    } catch (cause) {
      if (errnoOf(cause) === 'EEXIST') {
        if (isSameFile(lookAt(to, free), found)) return { name: free, stats: found }
        continue
      }
      if (!isWithoutLinks(cause)) throw cause
    }
    if (await copyTo(from, name, to, free, found)) return { name: free, stats: found }
  }
}

/** The link moved ctime; all else has to be as it was found. A link to anything else is taken back. */
function linkedStats(from: Directory, name: string, to: Directory, free: string, found: BigIntStats): BigIntStats {
  const linked = lookAt(to, free)
  if (linked !== undefined && isSameFile(linked, found)) {
    if (linked.size === found.size && linked.mtimeNs === found.mtimeNs) return linked
  }
  unlinkSync(to.at(free))
  throw fileChanged(pathIn(from, name))
}

function isSameFile(a: BigIntStats | undefined, b: BigIntStats): boolean {
  return a !== undefined && a.dev === b.dev && a.ino === b.ino
}

/** False when the name is taken. */
async function copyTo(
  from: Directory,
  name: string,
  to: Directory,
  free: string,
  found: BigIntStats,
): Promise<boolean> {
  const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants
  const source = await open(from.at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const before = await source.stat({ bigint: true })
    if (proofOfSameness(before) !== proofOfSameness(found)) throw fileChanged(pathIn(from, name))
    const target = await open(to.at(free), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, fileMode)
    try {
      await target.writeFile(source.createReadStream({ autoClose: false }))
      await target.sync()
      const after = await source.stat({ bigint: true })
      if (proofOfSameness(after) !== proofOfSameness(before)) throw fileChanged(pathIn(from, name))
    } catch (cause) {
      unlinkSync(to.at(free))
      throw cause
    } finally {
      await target.close()
    }
    return true
  } catch (cause) {
    if (errnoOf(cause) === 'EEXIST') return false
    throw cause
  } finally {
    await source.close()
  }
}

function notAFile(where: string): Failure {
  return new Failure(`${where} is not a file, and only files are moved into the quarantine`, {
    code: 'NOT_A_FILE',
    where,
    fix: 'look at what it is and where it leads, and remove it by hand',
    retry: 'soon',
  })
}
