import { constants, linkSync, lstatSync, unlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { Failure } from '../../domain/failure.ts'
import { fileMode } from '../../domain/observation.ts'
import { fairleadPaths } from '../../k3s/locations.ts'
import type { PlacedPath } from './allowed-path.ts'
import { type Directory, pathIn } from './directory.ts'
import { openBelow } from './directory-walk.ts'
import { diskFailure, errnoOf } from './disk-failure.ts'
import { proofOfSameness } from './file-content.ts'

/** File systems that cannot link (another one, FAT, some network ones) get a copy instead. */
const cannotLink = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP'])

/**
 * Moves a drop into `/var/lib/fairlead/quarantine/<first 12 of its digest>-<name>` and overwrites nothing there. The
 * file is in both places for a moment rather than in neither; a move that was killed in between is finished next time.
 *
 * @param judged digest of the content that was found wanting, `now` that of the content there is
 * @returns where it is, as K3s sees it
 * @throws Failure FILE_CHANGED when it is no longer what was judged
 */
export async function quarantine(
  root: string,
  placed: PlacedPath,
  judged: string,
  now: string | undefined,
): Promise<string> {
  if (now !== judged) throw fileChanged(placed.path)
  const from = await openBelow(root, placed.base, placed.below, 'undefined')
  if (from === undefined) throw fileChanged(placed.path)
  try {
    const to = await openBelow(root, fairleadPaths.quarantine, [], 'make')
    if (to === undefined) throw new Error('a directory that was just made is not there')
    try {
      const name = await putBeside(from, placed.name, to, `${judged.slice(0, 12)}-${placed.name}`)
      await to.sync()
      unlinkSync(from.at(placed.name))
      await from.sync()
      return `${fairleadPaths.quarantine}/${name}`
    } finally {
      to.close()
    }
  } catch (cause) {
    throw diskFailure(cause, 'quarantine', placed.path)
  } finally {
    from.close()
  }
}

async function putBeside(from: Directory, name: string, to: Directory, wanted: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const free = number === 1 ? wanted : `${wanted}-${number}`
    try {
      linkSync(from.at(name), to.at(free))
      return free
    } catch (cause) {
      const errno = errnoOf(cause) ?? ''
      if (errno === 'EEXIST') {
        if (isSameFile(from, name, to, free)) return free
        continue
      }
      if (!cannotLink.has(errno)) throw cause
    }
    if (await copyTo(from, name, to, free)) return free
  }
}

function isSameFile(from: Directory, name: string, to: Directory, other: string): boolean {
  const a = lstatSync(from.at(name), { bigint: true })
  const b = lstatSync(to.at(other), { bigint: true })
  return a.dev === b.dev && a.ino === b.ino
}

/** False when the name is taken. */
async function copyTo(from: Directory, name: string, to: Directory, free: string): Promise<boolean> {
  const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants
  const source = await open(from.at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const before = await source.stat({ bigint: true })
    if (!before.isFile()) throw fileChanged(pathIn(from, name))
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

function fileChanged(where: string): Failure {
  return new Failure(`${where} is no longer the file that was looked at`, {
    code: 'FILE_CHANGED',
    where,
    fix: 'nothing to do: it is looked at again in the next pass',
    retry: 'soon',
  })
}
