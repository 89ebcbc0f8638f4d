import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { type Directory, pathIn } from './directory.ts'
import { diskFailure, errnoOf } from './disk-failure.ts'

const mebibyte = 1024 * 1024
/** A larger file gets a digest and no text. */
export const maximumTextBytes = 8 * mebibyte
const maximumDigestBytes = 64 * mebibyte
const chunkBytes = mebibyte

/** What stands in a file, as far as we read it. */
export interface FileContent {
  readonly digest?: string
  readonly text?: string
  readonly unreadable?: string
}

/**
 * As long as this is the same, so is the content: any write moves ctime, and no user may set ctime. Only a write within
 * the same tick of the kernel's clock as our reading leaves it (git calls such a file racy).
 */
export function proofOfSameness(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`
}

/**
 * Reads a regular file whole; never opens a pipe to wait, never follows a symlink.
 * @param seen what lstat said; `changed` when it is something else by now, or changes while it is read
 */
export async function readContent(
  directory: Directory,
  name: string,
  seen: BigIntStats,
): Promise<FileContent | 'changed'> {
  let file: FileHandle
  try {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants
    file = await open(directory.at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
  } catch (cause) {
    const errno = errnoOf(cause)
    if (errno === 'ENOENT' || errno === 'ELOOP' || errno === 'ENXIO') return 'changed'
    if (errno === 'EACCES' || errno === 'EPERM') return { unreadable: 'permission denied' }
    throw diskFailure(cause, 'read', pathIn(directory, name))
  }
  try {
    const before = await file.stat({ bigint: true })
    if (!before.isFile() || proofOfSameness(before) !== proofOfSameness(seen)) return 'changed'
    if (before.size > maximumDigestBytes) return { unreadable: 'larger than 64 MiB' }
    const content = await readAll(file, Number(before.size))
    const after = await file.stat({ bigint: true })
    return proofOfSameness(after) === proofOfSameness(before) ? content : 'changed'
  } catch (cause) {
    if (errnoOf(cause) === 'EIO') return { unreadable: 'the device reported an input/output error' }
    throw diskFailure(cause, 'read', pathIn(directory, name))
  } finally {
    await file.close()
  }
}

/** Never holds more than the text limit and one chunk, whatever the file grows to. */
async function readAll(file: FileHandle, sizeBytes: number): Promise<FileContent> {
  const hash = createHash('sha256')
  const keeps = sizeBytes <= maximumTextBytes
  const kept: Buffer[] = []
  let total = 0
  while (total <= sizeBytes) {
    // One byte more than is left, so that a small file takes one read and its end is seen.
    const buffer = Buffer.allocUnsafe(Math.min(sizeBytes - total + 1, chunkBytes))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, null)
    if (bytesRead === 0) break
    const part = buffer.subarray(0, bytesRead)
    hash.update(part)
    if (keeps) kept.push(part)
    total += bytesRead
  }
  const digest = hash.digest('hex')
  if (!keeps) return { digest, unreadable: 'larger than 8 MiB' }
  const bytes = kept.length === 1 ? (kept[0] ?? Buffer.alloc(0)) : Buffer.concat(kept)
  return isUtf8(bytes) ? { digest, text: bytes.toString('utf8') } : { digest, unreadable: 'not UTF-8' }
}
