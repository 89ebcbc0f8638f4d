import { type BigIntStats, lstatSync } from 'node:fs'
import { Failure } from '../../domain/failure.ts'
import type { ObservedFile } from '../../domain/observation.ts'
import { type Directory, pathIn } from './directory.ts'
import { proofOfSameness, readContent } from './file-content.ts'
import { modifiedAtMs, typeOf } from './observed-file.ts'

/** What was there when a change was decided. */
export interface Expected {
  readonly file: ObservedFile
  /** Of the very look that `file` came from; undefined when that look is not ours to remember. */
  readonly proof: string | undefined
  /** A write right after that look could have left the same proof. */
  readonly isRacy: boolean
}

/**
 * Makes sure that a name still holds what was observed: by the exact proof of that look; where there is none, or it is
 * racy, by the digest of what is read now; where there is no digest either, by size and time.
 *
 * @returns what is there, to be held against `requireSame` in the same turn as the change; undefined when nothing is
 * @throws Failure FILE_CHANGED when it is anything else
 */
export async function confirmed(
  directory: Directory,
  name: string,
  { file, proof, isRacy }: Expected,
): Promise<BigIntStats | undefined> {
  const where = pathIn(directory, name)
  const now = lookAt(directory, name)
  if (now === undefined) return undefined
  if (typeOf(now) !== file.type) throw fileChanged(where)
  if (proof !== undefined && proof !== proofOfSameness(now)) throw fileChanged(where)
  if (file.type === 'file' && Number(now.size) !== file.sizeBytes) throw fileChanged(where)
  if (proof !== undefined && !isRacy) return now
  if (file.digest === undefined) {
    if (modifiedAtMs(now) !== file.modifiedAtMs) throw fileChanged(where)
    return now
  }
  const content = await readContent(directory, name, now)
  if (content === 'changed' || content.digest !== file.digest) throw fileChanged(where)
  return now
}

/**
 * The last look before a change, one system call ahead of it.
 * @throws Failure FILE_CHANGED when it is not what `confirmed` found
 */
export function requireSame(directory: Directory, name: string, found: BigIntStats): void {
  const now = lookAt(directory, name)
  if (now === undefined || proofOfSameness(now) !== proofOfSameness(found)) throw fileChanged(pathIn(directory, name))
}

export function lookAt(directory: Directory, name: string): BigIntStats | undefined {
  return lstatSync(directory.at(name), { bigint: true, throwIfNoEntry: false })
}

export function fileChanged(where: string): Failure {
  return new Failure(`${where} is no longer what was looked at`, {
    code: 'FILE_CHANGED',
    where,
    fix: 'nothing to do: it is looked at again in the next pass',
    retry: 'soon',
  })
}
