/** Lets so many run at once; the others wait in the order they came. */
export interface RequestSlots {
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>
}

export function requestSlots(count: number): RequestSlots {
  let free = count
  const waiting = new Set<() => void>()
  const take = (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted()
    if (free > 0) {
      free -= 1
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.delete(enter)
        reject(signal.reason)
      }
      const enter = (): void => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      waiting.add(enter)
      signal.addEventListener('abort', leave, { once: true })
    })
  }
  const giveBack = (): void => {
    const [next] = waiting
    if (next === undefined) free += 1
    else {
      waiting.delete(next)
      next()
    }
  }
  return {
    async run(work, signal) {
      await take(signal)
      try {
        return await work()
      } finally {
        // A connection is free only after this turn of the event loop; before, the next request would open another one.
        setImmediate(giveBack)
      }
    },
  }
}
