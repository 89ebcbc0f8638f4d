export interface ClockPort {
  /** Epoch milliseconds. */
  nowMs(): number
  /** Milliseconds on a clock that nobody sets: for what lies between two moments. */
  monotonicMs(): number
  /** Resolves after `ms`, or at once when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /**
   * Calls `run` at every time of a cron expression until the returned function is called. Calls never overlap.
   * @throws Failure SCHEDULE_INVALID for an expression that never fires
   */
  schedule(cronExpression: string, timeZone: string, run: () => void): () => void
}
