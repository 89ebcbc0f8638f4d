import { Failure } from '../domain/failure.ts'

/**
 * A file named on the command line could not be read or written.
 * @param doing to be read after "could not": `read`
 */
export function fileFailure(cause: unknown, doing: 'read' | 'write', where: string): Failure {
  const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : 'an unknown error'
  return new Failure(
    `could not ${doing} ${where}: ${reasons[errno] ?? errno}`,
    { code: 'FILE_REFUSED', where, fix: 'check the path and its permissions', retry: 'never' },
    { cause },
  )
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
}
