import type { BigIntStats } from 'node:fs'
import type { FileType, ObservedFile } from '../../domain/observation.ts'
import type { FileContent } from './file-content.ts'

export function observedFile(path: string, stats: BigIntStats, content: FileContent): ObservedFile {
  return {
    path,
    type: typeOf(stats),
    mode: Number(stats.mode & 0o7777n),
    ownerUid: Number(stats.uid),
    modifiedAtMs: modifiedAtMs(stats),
    sizeBytes: Number(stats.size),
    ...content,
  }
}

export function typeOf(stats: BigIntStats): FileType {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'directory'
  return stats.isSymbolicLink() ? 'symlink' : 'other'
}

export function modifiedAtMs(stats: BigIntStats): number {
  return Number(stats.mtimeNs / 1_000_000n)
}
