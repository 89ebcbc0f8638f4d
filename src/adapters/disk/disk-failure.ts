import { Failure, type Retry } from '../../domain/failure.ts'

interface Refusal {
  readonly code: string
  readonly why: string
  readonly fix: string
  readonly retry: Retry
}

const diskFull: Refusal = {
  code: 'DISK_FULL',
  why: 'the file system is full',
  fix: 'free space (df -h, df -i) or raise the quota; the file that was there is untouched',
  retry: 'soon',
}
const tooManyFiles: Refusal = {
  code: 'TOO_MANY_OPEN_FILES',
  why: 'too many files are open',
  fix: 'raise the limit of open files (LimitNOFILE= in the unit, or fs.file-max)',
  retry: 'soon',
}
const notPermitted: Refusal = {
  code: 'DISK_DENIED',
  why: 'permission was denied',
  fix: 'run as root, and look for a read-only bind mount, an immutable flag (lsattr) or a security module',
  retry: 'soon',
}

const refusals: Readonly<Record<string, Refusal>> = {
  ENOSPC: diskFull,
  EDQUOT: diskFull,
  EROFS: {
    code: 'DISK_READ_ONLY',
    why: 'the file system is read-only',
    fix: 'look in dmesg for disk errors, repair the file system and remount it read-write',
    retry: 'soon',
  },
  EMFILE: tooManyFiles,
  ENFILE: tooManyFiles,
  EACCES: notPermitted,
  EPERM: notPermitted,
  EIO: {
    code: 'DISK_BROKEN',
    why: 'the device reported an input/output error',
    fix: 'look in dmesg for disk errors and replace the disk',
    retry: 'soon',
  },
  EISDIR: occupied('a directory'),
  ENOTEMPTY: occupied('a directory'),
}

/**
 * What the operating system refused, as people can act on it.
 * @param doing what was tried, to be read after "could not": `write`, `list`
 * @param where the path it happened at
 */
export function diskFailure(cause: unknown, doing: string, where: string): Failure {
  if (cause instanceof Failure) return cause
  const errno = errnoOf(cause)
  const refusal = errno === undefined ? undefined : refusals[errno]
  const why = refusal?.why ?? `the system answered ${errno ?? 'with an unknown error'}`
  return new Failure(
    `could not ${doing} ${where}: ${why}`,
    {
      code: refusal?.code ?? 'DISK_REFUSED',
      where,
      fix: refusal?.fix ?? 'try the same by hand as the same user to see what the system objects to',
      retry: refusal?.retry ?? 'soon',
    },
    { cause },
  )
}

/** Something that is not a file stands where a file is to be. */
export function pathOccupied(where: string, by: string): Failure {
  const { code, fix, retry } = occupied(by)
  return new Failure(`could not write ${where}: ${by} is in its place`, { code, where, fix, retry })
}

/** File systems that cannot link: another one, FAT, some network ones. */
export function isWithoutLinks(cause: unknown): boolean {
  return ['EXDEV', 'EPERM', 'EMLINK', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(errnoOf(cause) ?? '')
}

/** `ENOENT` and its like; undefined for what no system call said. */
export function errnoOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !('code' in cause)) return undefined
  return typeof cause.code === 'string' ? cause.code : undefined
}

function occupied(by: string): Refusal {
  return {
    code: 'PATH_OCCUPIED',
    why: `${by} is in its place`,
    fix: 'look at what is there and move it away; Fairlead replaces only files',
    retry: 'soon',
  }
}
