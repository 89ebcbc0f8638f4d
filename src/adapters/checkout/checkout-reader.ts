import { constants } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../domain/failure.ts'
import type { RepositoryFile, RepositoryReader } from '../../ports/repository-port.ts'

const maxFiles = 10_000
const maxTotalBytes = 64 * 1024 * 1024
/** Contents of larger files are left out; only their size is told. */
const maxFileBytes = 1024 * 1024

const lfsFirstLine = 'version https://git-lfs.github.com/spec/v1\n'

/**
 * A directory as a repository would hold it: what verbs see that run in a work tree, committed or not. Symlinks are told
 * as such and never followed, on the way to a directory neither; `.git` and what is neither file nor link is left out.
 *
 * @throws Failure TREE_TOO_LARGE, CHECKOUT_UNREADABLE, GIT_LFS_POINTER, GIT_PATH_REFUSED, by `readDirectory`
 */
export function openCheckout(root: string): RepositoryReader {
  return {
    async readDirectory(directory, signal) {
      const parts = directory === '' ? [] : directory.split('/')
      if (parts.some((part) => part === '' || part === '.' || part === '..')) {
        throw failure('GIT_PATH_REFUSED', 'a directory is named from the root, without ".."', JSON.stringify(directory))
      }
      if (!(await isPlainDirectory(root, parts))) return []
      const walk: Walk = { root, files: [], directories: 0, totalBytes: 0, signal }
      await collect(directory, walk)
      return walk.files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
    },
  }
}

interface Walk {
  readonly root: string
  readonly files: RepositoryFile[]
  directories: number
  totalBytes: number
  readonly signal: AbortSignal
}

async function isPlainDirectory(root: string, parts: readonly string[]): Promise<boolean> {
  let path = root
  for (const part of parts) {
    path = join(path, part)
    const status = await lstat(path).catch(() => undefined)
    if (status?.isDirectory() !== true) return false
  }
  return true
}

async function collect(directory: string, walk: Walk): Promise<void> {
  walk.signal.throwIfAborted()
  walk.directories += 1
  if (walk.directories > maxFiles) throw tooLarge(directory)
  const absolute = join(walk.root, directory)
  const entries = await readdir(absolute, { withFileTypes: true }).catch((cause) => {
    throw unreadable(absolute, cause)
  })
  for (const entry of entries) {
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`
    if (entry.name === '.git') continue
    if (entry.isDirectory()) await collectDirectory(path, walk)
    else if (entry.isSymbolicLink())
      add(walk, { path, type: 'symlink', sizeBytes: (await status(walk.root, path)).size })
    else if (entry.isFile()) add(walk, await readEntry(path, walk))
  }
}

/** A repository inside of a repository is what git would hold as a submodule. */
async function collectDirectory(path: string, walk: Walk): Promise<void> {
  const isRepository = (await lstat(join(walk.root, path, '.git')).catch(() => undefined)) !== undefined
  if (isRepository) add(walk, { path, type: 'submodule', sizeBytes: 0 })
  else await collect(path, walk)
}

async function readEntry(path: string, walk: Walk): Promise<RepositoryFile> {
  const { size } = await status(walk.root, path)
  const file = { path, type: 'file', sizeBytes: size } as const
  if (size > maxFileBytes) return file
  if (walk.totalBytes + size > maxTotalBytes) throw tooLarge(path)
  const absolute = join(walk.root, path)
  const handle = await open(absolute, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (cause) => {
      throw unreadable(absolute, cause)
    },
  )
  try {
    // At most one byte more than it had: a file that grows meanwhile is not followed.
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size + 1), 0, size + 1, 0)
    const bytes = buffer.subarray(0, bytesRead)
    if (bytes.length <= 1024 && bytes.toString('latin1', 0, lfsFirstLine.length) === lfsFirstLine) {
      throw failure(
        'GIT_LFS_POINTER',
        'a file is kept in Git LFS, and only its pointer is here',
        path,
        'run git lfs pull',
      )
    }
    return { ...file, sizeBytes: bytesRead, bytes }
  } finally {
    await handle.close()
  }
}

async function status(root: string, path: string) {
  return lstat(join(root, path)).catch((cause) => {
    throw unreadable(join(root, path), cause)
  })
}

function add(walk: Walk, file: RepositoryFile): void {
  walk.totalBytes += file.bytes?.length ?? 0
  if (walk.files.length >= maxFiles || walk.totalBytes > maxTotalBytes) throw tooLarge(file.path)
  walk.files.push(file)
}

function tooLarge(where: string): Failure {
  return failure('TREE_TOO_LARGE', 'the directory holds more than 10,000 files or 64 MiB', where || '/')
}

function unreadable(where: string, cause: unknown): Failure {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
  return failure('CHECKOUT_UNREADABLE', `cannot be read: ${code}`, where, 'check that it exists and may be read', cause)
}

function failure(
  code: string,
  message: string,
  where: string,
  fix = 'name a smaller directory',
  cause?: unknown,
): Failure {
  const options = cause === undefined ? undefined : { cause }
  return new Failure(message, { code, where, fix, retry: 'when-changed' }, options)
}
