import { errnoOf } from './disk-failure.ts'

/**
 * An error of the system in the words of Go, which are those of strerror(3) in lower case.
 * @see golang/go src/syscall/zerrors_linux_amd64.go
 */
export function systemWords(error: unknown): string {
  const errno = errnoOf(error) ?? 'EIO'
  return words[errno] ?? errno
}

const words: Readonly<Record<string, string | undefined>> = {
  EACCES: 'permission denied',
  EBUSY: 'device or resource busy',
  EFBIG: 'file too large',
  EIO: 'input/output error',
  EISDIR: 'is a directory',
  ELOOP: 'too many levels of symbolic links',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'file name too long',
  ENFILE: 'too many open files in system',
  ENOENT: 'no such file or directory',
  ENOMEM: 'cannot allocate memory',
  ENOTDIR: 'not a directory',
  ENOTEMPTY: 'directory not empty',
  ENXIO: 'no such device or address',
  EPERM: 'operation not permitted',
  EROFS: 'read-only file system',
  ESTALE: 'stale NFS file handle',
}
