/** How long a watch is left alone. All in milliseconds. */
export interface WatchTiming {
  /** The server is asked to end a watch after a time between these. */
  readonly shortestMs: number
  readonly longestMs: number
  /** The client ends it itself so much later. */
  readonly graceMs: number
  /** Without a byte for so long, it is asked anew: a connection that died without a word looks like a quiet one. */
  readonly silenceMs: number
  /** The first wait after a failure; each further one is twice as long, up to the last. */
  readonly firstWaitMs: number
  readonly lastWaitMs: number
}

export const defaultWatchTiming: WatchTiming = {
  shortestMs: 180_000,
  longestMs: 300_000,
  graceMs: 5_000,
  silenceMs: 90_000,
  firstWaitMs: 500,
  lastWaitMs: 30_000,
}

/** What `WatchTiming` says, for one watch. @param chance from 0 to 1, so that not everybody comes at once */
export function watchSeconds({ shortestMs, longestMs }: WatchTiming, chance: number): number {
  return Math.max(1, Math.round((shortestMs + (longestMs - shortestMs) * chance) / 1000))
}

/** @param failures so far in a row, from 1 */
export function waitMs({ firstWaitMs, lastWaitMs }: WatchTiming, failures: number, chance: number): number {
  return Math.min(lastWaitMs, firstWaitMs * 2 ** (failures - 1)) * (0.5 + chance / 2)
}
