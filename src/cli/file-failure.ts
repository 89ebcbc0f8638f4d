import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure } from '../domain/failure.ts'

/**
 * A file or a directory named on the command line could not be read, written or made.
 * @param doing to be read after "could not": `read`
 */
export function fileFailure(cause: unknown, doing: 'read' | 'write' | 'make', where: string): Failure {
  const errno = errnoOf(cause) ?? 'an unknown error'
  const reason = (doing === 'make' ? reasonsToMake[errno] : undefined) ?? reasons[errno]
  return new Failure(
    `could not ${doing} ${where}: ${reason ?? errno}`,
    { code: 'FILE_REFUSED', where, fix: 'check the path and its permissions', retry: 'never' },
    { cause },
  )
}

/**
 * A directory and those above it that are missing, one after the other: Node's own recursive way never ends below /proc,
 * where a directory that exists refuses new ones with ENOENT.
 * @param path absolute
 * @throws Failure FILE_REFUSED
 */
export async function makeDirectories(path: string): Promise<void> {
  const missing: string[] = []
  for (let at = path; !(await isDirectory(at)); at = dirname(at)) missing.unshift(at)
  for (const directory of missing) {
    try {
      await mkdir(directory)
    } catch (cause) {
      // Somebody else may have made it in between.
      if (errnoOf(cause) === 'EEXIST' && (await isDirectory(directory))) continue
      throw fileFailure(cause, 'make', directory)
    }
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(cause) ?? '')) return false
    throw fileFailure(cause, 'make', path)
  }
}

function errnoOf(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
}

const reasonsToMake: Readonly<Record<string, string>> = {
  ENOENT: 'nothing can be made there',
  EEXIST: 'it exists and is no directory',
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission was denied',
  EPERM: 'permission was denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is no directory',
  EEXIST: 'it exists already',
  ENOSPC: 'the file system is full',
  EROFS: 'the file system is read-only',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'the name is too long',
}
