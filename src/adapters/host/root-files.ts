import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs'
import type { FileType, ObservedFile } from '../../domain/observation.ts'

/** A larger file has no text; nothing of K3s's is near this. */
const maximumTextBytes = 8 * 1024 * 1024
/** More than any sane machine has on one path; a circle ends here. */
const symlinkHops = 16

/** Something is in the way of looking; never that nothing is there. */
class Refused extends Error {}

/**
 * The files of a machine below `root`, as a program on that machine sees them: a symlink is followed, an absolute one
 * from `root`, and `..` never leads above it. Nothing is written, and no pipe or device is opened. On Linux every name
 * is looked up in the directory that was opened before it, so that nobody can swap a directory for a link meanwhile.
 */
export class RootFiles {
  readonly #root: string
  #budgetBytes: number

  /** @param budgetBytes of text in all files together; a file beyond it has none */
  constructor(root: string, budgetBytes = 64 * 1024 * 1024) {
    this.#root = root
    this.#budgetBytes = budgetBytes
  }

  /** With the content, mode and time of what a link leads to; undefined where nothing is. */
  read(path: string): ObservedFile | undefined {
    return this.#look(path, 'file', (fd, stats) => this.#observed(path, fd, stats))
  }

  /**
   * The names in a directory, sorted; empty where nothing is.
   * @returns the directory itself, with the reason, where it cannot be listed
   */
  list(path: string): readonly string[] | ObservedFile {
    const names = this.#look(path, 'directory', (fd) => readdirSync(anchor(fd, `${this.#root}${path}`)).sort())
    return names ?? []
  }

  /** Undefined where no file is, or none that we may open. */
  modifiedAtMs(path: string): number | undefined {
    const found = this.#look(path, 'file', (_fd, stats) => Math.floor(stats.mtimeMs))
    return typeof found === 'number' ? found : undefined
  }

  #look<T>(
    path: string,
    wanted: 'file' | 'directory',
    use: (fd: number, stats: Stats) => T,
  ): T | ObservedFile | undefined {
    const opened: number[] = []
    try {
      const found = openBelow(this.#root, path, wanted, opened)
      if (found === undefined) return undefined
      if ('type' in found) return described(path, found.stats, found.type)
      return use(found.fd, found.stats)
    } catch (cause) {
      const reason = cause instanceof Refused ? cause.message : reasonOf(cause)
      return reason === undefined ? undefined : { ...nothingKnown(path, wanted), unreadable: reason }
    } finally {
      for (const fd of opened) closeSync(fd)
    }
  }

  #observed(path: string, fd: number, stats: Stats): ObservedFile {
    const file = described(path, stats, 'file')
    if (stats.size > maximumTextBytes) return { ...file, unreadable: 'larger than 8 MiB' }
    if (stats.size > this.#budgetBytes) return { ...file, unreadable: 'beyond what is read of all files together' }
    const bytes = readAll(fd)
    if (bytes === undefined) return { ...file, unreadable: 'larger than 8 MiB' }
    this.#budgetBytes -= bytes.length
    const digest = createHash('sha256').update(bytes).digest('hex')
    const content = { ...file, sizeBytes: bytes.length, digest }
    return isUtf8(bytes) ? { ...content, text: bytes.toString('utf8') } : { ...content, unreadable: 'not UTF-8' }
  }
}

type Opened = { readonly fd: number; readonly stats: Stats } | { readonly type: FileType; readonly stats: Stats }

/** Walks from the root down; every descriptor that it opens is in `opened`, for the caller to close. */
function openBelow(root: string, path: string, wanted: 'file' | 'directory', opened: number[]): Opened | undefined {
  const open = (at: string, flags: number): number => {
    const fd = openSync(at, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | flags)
    opened.push(fd)
    return fd
  }
  const above = [{ fd: open(root === '' ? '/' : root, constants.O_DIRECTORY), path: root }]
  const todo = namesIn(path)
  let hops = 0
  for (let name = todo.shift(); name !== undefined; name = todo.shift()) {
    if (name === '..') {
      if (above.length > 1) above.pop()
      continue
    }
    const parent = above.at(-1)
    if (parent === undefined) return undefined
    const at = `${anchor(parent.fd, parent.path)}/${name}`
    const stats = lstatSync(at, { throwIfNoEntry: false })
    if (stats === undefined) return undefined
    if (stats.isSymbolicLink()) {
      hops += 1
      if (hops > symlinkHops) throw new Refused('its symbolic links lead in a circle')
      const target = readlinkSync(at)
      if (target.startsWith('/')) above.splice(1)
      todo.unshift(...namesIn(target))
      continue
    }
    if (stats.isDirectory()) {
      const fd = open(at, constants.O_DIRECTORY | constants.O_NOFOLLOW)
      above.push({ fd, path: `${parent.path}/${name}` })
      continue
    }
    if (todo.length > 0) return undefined
    if (wanted === 'directory') return undefined
    if (!stats.isFile()) return { type: 'other', stats }
    const fd = open(at, constants.O_NOFOLLOW)
    return { fd, stats: fstatSync(fd) }
  }
  const last = above.at(-1)
  if (last === undefined) return undefined
  const stats = fstatSync(last.fd)
  return wanted === 'directory' ? { fd: last.fd, stats } : { type: 'directory', stats }
}

function namesIn(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.')
}

/** A path that resolves in the very directory that is open. */
function anchor(fd: number, path: string): string {
  return process.platform === 'linux' ? `/proc/self/fd/${fd}` : path
}

function readAll(fd: number): Buffer | undefined {
  const parts: Buffer[] = []
  let total = 0
  for (;;) {
    const buffer = Buffer.allocUnsafe(64 * 1024)
    const bytes = readSync(fd, buffer, 0, buffer.length, null)
    if (bytes === 0) return Buffer.concat(parts)
    total += bytes
    if (total > maximumTextBytes) return undefined
    parts.push(buffer.subarray(0, bytes))
  }
}

function described(path: string, stats: Stats, type: FileType): ObservedFile {
  return {
    path,
    type,
    mode: stats.mode & 0o7777,
    ownerUid: stats.uid,
    modifiedAtMs: Math.floor(stats.mtimeMs),
    sizeBytes: stats.size,
  }
}

function nothingKnown(path: string, type: FileType): ObservedFile {
  return { path, type, mode: 0, ownerUid: 0, modifiedAtMs: 0, sizeBytes: 0 }
}

/** For people; undefined for what says that nothing is there. */
function reasonOf(cause: unknown): string | undefined {
  const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : 'an unknown error'
  if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined
  return reasons[errno] ?? `the system answered ${errno}`
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EIO: 'the device reported an input/output error',
  ELOOP: 'it changed while it was looked at',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
}
