import type { CleanupKind } from './cleanup.ts'
import type { InverseStep } from './inverse.ts'

/** How one cleanup is taken back, as it stands on the disk before anything was removed. */
export interface CleanupRecord {
  readonly version: 1
  /** Name of its directory below `cleanups/`: `2026-11-21T17-32-03Z-network-policy`. */
  readonly name: string
  readonly cleanups: readonly CleanupKind[]
  /** One sentence for each removal, for people. */
  readonly removed: readonly string[]
  /** What of it no step can bring back. */
  readonly lost: readonly string[]
  readonly steps: readonly InverseStep[]
}

/** @param nowMs since 1970; names sort by time */
export function recordNameOf(nowMs: number, cleanups: readonly CleanupKind[]): string {
  const time = new Date(nowMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '-')
  return `${time}-${[...new Set(cleanups)].join('-')}`
}

export function isRecordName(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT[\d-]+Z-[a-z-]+$/.test(text)
}
