import type { CleanupRecord } from '../domain/cleanup-record.ts'

/** What was cleaned up on this node and how it is taken back, below `/var/lib/fairlead/cleanups`. */
export interface CleanupRecordsPort {
  /** Sorted by name, so that the last is the newest. */
  names(): readonly string[]
  /** @returns the path of the file, for people */
  write(record: CleanupRecord): Promise<string>
  /** @throws Failure UNDO_UNREADABLE; STATE_DIRECTORY_UNSAFE where others may write what root would run */
  read(name: string): Promise<CleanupRecord | undefined>
  /** Somebody wants back what this one removed: the loop does not remove it again. */
  markTakenBack(name: string): Promise<void>
  isTakenBack(name: string): Promise<boolean>
}
