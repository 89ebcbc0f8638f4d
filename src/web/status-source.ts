import type { PassRecord } from '../domain/history.ts'
import type { LostEdit } from '../domain/lost-edit.ts'
import type { StatusSnapshot } from '../domain/status.ts'

/** What the web side shows. The loop implements it; the web side owns no facts. */
export interface StatusSource {
  /** Undefined before the first pass ended. */
  current(): StatusSnapshot | undefined
  /** Newest first. */
  history(): Promise<readonly PassRecord[]>
  /** Newest first. */
  lostEdits(): Promise<readonly LostEdit[]>
  /** When the last pass ended, changed or not, in epoch milliseconds; undefined before the first. */
  lastPassAtMs(): number | undefined
  /**
   * Calls back after the snapshot, the history or the lost edits changed; may be often, and carries nothing.
   * @returns ends the subscription
   */
  subscribe(onChange: () => void): () => void
}
