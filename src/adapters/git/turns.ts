/** Lets one caller in at a time, in the order in which they came. */
export interface Turns {
  /** @throws the signal's reason when it was aborted before the turn came */
  take<T>(run: () => Promise<T>, signal: AbortSignal): Promise<T>
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return {
    take(run, signal) {
      const turn = last.then(() => {
        signal.throwIfAborted()
        return run()
      })
      last = turn.catch(() => undefined)
      return turn
    },
  }
}
