import type { Failure } from '../domain/failure.ts'
import type { Verdict } from '../domain/verdict.ts'

export interface LoopSettings {
  /** How often everything is looked at although nobody said that it changed, in milliseconds. */
  readonly intervalMs: number
}

const firstRetryMs = 1_000
const longestRetryMs = 300_000
/** A node's disk is retried sooner than a remote: it is all that keeps the cluster as it should be. */
const longestNodeRetryMs = 30_000

/** When a node is looked at again; whatever changes before then triggers a pass at once. */
export function nextNodeRun(verdict: Verdict, attempt: number, settings: LoopSettings): number {
  switch (verdict.kind) {
    case 'settled':
    case 'pending':
      return Math.max(10, Math.min(settings.intervalMs, verdict.revisitAfterMs ?? settings.intervalMs))
    case 'blocked':
      return settings.intervalMs
    case 'failed':
      return Math.min(longestNodeRetryMs, backOff(attempt))
    default:
      return verdict satisfies never
  }
}

/** When a repository that could not be read is asked again: `soon` with back-off, the rest at the usual interval. */
export function nextFetch(failure: Failure | undefined, attempt: number, settings: LoopSettings): number {
  if (failure === undefined || failure.detail.retry !== 'soon') return settings.intervalMs
  return Math.min(longestRetryMs, backOff(attempt))
}

/** @param attempt failures in a row, from 1 */
function backOff(attempt: number): number {
  return firstRetryMs * 2 ** Math.min(attempt - 1, 20)
}
