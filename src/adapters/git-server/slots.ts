/** Lets a number of callers in at a time, and a number wait; the others are turned away. */
export interface Slots {
  /** Resolves to the way out, or to undefined when too many wait already or `signal` was aborted meanwhile. */
  enter(signal: AbortSignal): Promise<(() => void) | undefined>
}

export function createSlots(running: number, waiting: number): Slots {
  let free = running
  const queue: (() => void)[] = []
  const leave = (): void => {
    const next = queue.shift()
    if (next === undefined) free += 1
    else next()
  }
  const leaveOnce = (): (() => void) => {
    let left = false
    return () => {
      if (left) return
      left = true
      leave()
    }
  }
  return {
    enter(signal) {
      if (signal.aborted) return Promise.resolve(undefined)
      if (free > 0) {
        free -= 1
        return Promise.resolve(leaveOnce())
      }
      if (queue.length >= waiting) return Promise.resolve(undefined)
      return new Promise((resolve) => {
        const turn = (): void => {
          signal.removeEventListener('abort', giveUp)
          resolve(leaveOnce())
        }
        const giveUp = (): void => {
          queue.splice(queue.indexOf(turn), 1)
          resolve(undefined)
        }
        queue.push(turn)
        signal.addEventListener('abort', giveUp, { once: true })
      })
    },
  }
}
