import type { Failure } from '../../domain/failure.ts'
import type { RepositoryFile } from '../../ports/repository-port.ts'
import { gitFailure } from './git-failures.ts'

const maxEntries = 10_000
const maxTotalBytes = 64 * 1024 * 1024
/** Contents of larger files are left out; only their size is told. */
export const maxFileBytes = 1024 * 1024

const lfsFirstLine = 'version https://git-lfs.github.com/spec/v1\n'

/** Collects the files of one directory, and stops at the first that is too many. */
export interface TreeCollector {
  /** @throws Failure TREE_TOO_LARGE, GIT_LFS_POINTER */
  add(file: RepositoryFile): void
  /** By path. */
  sorted(): readonly RepositoryFile[]
}

export function createTreeCollector(directory: string): TreeCollector {
  const files: RepositoryFile[] = []
  let totalBytes = 0
  return {
    add(file) {
      totalBytes += file.bytes?.length ?? 0
      checkFileCount(directory, files.length + 1)
      if (totalBytes > maxTotalBytes) throw tooLarge(directory)
      if (file.bytes !== undefined && isLfsPointer(file.bytes)) throw gitFailure('GIT_LFS_POINTER', file.path)
      files.push(file)
    },
    sorted: () => files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)),
  }
}

/** Counts directories at each call: a tree of trees could be walked for ever without meeting a file. */
export function countDirectories(directory: string): () => void {
  let count = 0
  return () => {
    count += 1
    checkFileCount(directory, count)
  }
}

/** @throws Failure TREE_TOO_LARGE */
export function checkFileCount(directory: string, count: number): void {
  if (count > maxEntries) throw tooLarge(directory)
}

/** Refuses by sizes alone, before any content is read. @throws Failure TREE_TOO_LARGE */
export function checkTreeSize(directory: string, sizesBytes: readonly number[]): void {
  checkFileCount(directory, sizesBytes.length)
  const held = sizesBytes.filter((size) => size <= maxFileBytes).reduce((sum, size) => sum + size, 0)
  if (held > maxTotalBytes) throw tooLarge(directory)
}

function tooLarge(directory: string): Failure {
  return gitFailure('TREE_TOO_LARGE', directory || '/')
}

function isLfsPointer(bytes: Uint8Array): boolean {
  if (bytes.length < lfsFirstLine.length || bytes.length > 1024) return false
  return Buffer.from(bytes.buffer, bytes.byteOffset, lfsFirstLine.length).toString('latin1') === lfsFirstLine
}
