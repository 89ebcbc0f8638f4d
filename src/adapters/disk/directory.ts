import { closeSync, constants, fsync, lstatSync, mkdirSync, openSync } from 'node:fs'
import { promisify } from 'node:util'
import { Failure } from '../../domain/failure.ts'
import { directoryMode } from '../../domain/observation.ts'
import { diskFailure, errnoOf } from './disk-failure.ts'

const syncDescriptor = promisify(fsync)

/**
 * A directory held open. Names are looked up in the very directory that was opened, whatever happens to the path above
 * it meanwhile: node has no openat(2), but on Linux a path through `/proc/self/fd/<n>/` resolves from the open
 * directory, which is the same. Elsewhere (a laptop's demo) the plain path is used and a swap in between is possible.
 */
export interface Directory {
  readonly fd: number
  /** For people and for messages. */
  readonly path: string
  /** A path to `name` in this directory; to the directory itself without one. */
  at(name?: string): string
  /** Makes renames and unlinks in it outlive a power cut. */
  sync(): Promise<void>
  close(): void
}

/** Opens a directory by a path that is trusted, so symlinks on the way are followed. Missing: undefined. */
export function openDirectory(path: string): Directory | undefined {
  return open(path, path, constants.O_RDONLY | constants.O_DIRECTORY)
}

/**
 * Opens a directory below an open one. Missing: undefined.
 * @throws Failure SYMLINK_ON_PATH, or NOT_A_DIRECTORY for anything else that is in its place
 */
export function openChild(parent: Directory, name: string): Directory | undefined {
  const path = pathIn(parent, name)
  return open(parent.at(name), path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
}

/** The same, and makes it with mode 0700 when it is missing. */
export async function openOrMakeChild(parent: Directory, name: string): Promise<Directory> {
  for (;;) {
    const found = openChild(parent, name)
    if (found !== undefined) return found
    try {
      mkdirSync(parent.at(name), { mode: directoryMode })
    } catch (cause) {
      if (errnoOf(cause) !== 'EEXIST') throw diskFailure(cause, 'create', pathIn(parent, name))
    }
    await parent.sync()
  }
}

export function pathIn(parent: Directory, name: string): string {
  return parent.path === '/' ? `/${name}` : `${parent.path}/${name}`
}

export function symlinkOnPath(where: string, why: string): Failure {
  return new Failure(`${where} is a symlink: ${why}`, {
    code: 'SYMLINK_ON_PATH',
    where,
    fix: 'replace the symlink by the directory itself, or bind-mount the directory there',
    retry: 'soon',
  })
}

function open(openable: string, path: string, flags: number): Directory | undefined {
  let fd: number
  try {
    fd = openSync(openable, flags)
  } catch (cause) {
    const errno = errnoOf(cause)
    if (errno === 'ENOENT') return undefined
    if (errno === 'ENOTDIR' || errno === 'ELOOP') throw notADirectory(openable, path, cause)
    throw diskFailure(cause, 'open', path)
  }
  const anchor = process.platform === 'linux' ? `/proc/self/fd/${fd}` : path
  let isOpen = true
  return {
    fd,
    path,
    at: (name) => (name === undefined ? anchor : `${anchor}/${name}`),
    sync: async () => {
      try {
        await syncDescriptor(fd)
      } catch (cause) {
        // Some network file systems cannot sync a directory; they order renames themselves.
        if (errnoOf(cause) !== 'EINVAL') throw diskFailure(cause, 'sync', path)
      }
    },
    close: () => {
      if (isOpen) closeSync(fd)
      isOpen = false
    },
  }
}

function notADirectory(openable: string, path: string, cause: unknown): Failure {
  if (lstatSync(openable, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    return symlinkOnPath(path, 'nothing behind it is read or written')
  }
  return new Failure(
    `${path} is not a directory`,
    { code: 'NOT_A_DIRECTORY', where: path, fix: 'move away what is in its place', retry: 'soon' },
    { cause },
  )
}
