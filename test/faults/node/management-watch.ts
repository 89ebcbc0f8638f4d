import { setTimeout as sleep } from 'node:timers/promises'
import type { Namespaces } from '../../netns/lab.ts'
import { tcp } from '../../netns/traffic.ts'
import { type KillRole, management } from './kill-node.ts'

/** The management client: asks for a new connection all the time and notes when it got one. */
export interface ManagementWatch {
  /** Milliseconds from `sinceMs` to the first connection that was asked for later; undefined while there is none. */
  answeredAfterMs(sinceMs: number): number | undefined
  /** The longest time without any connection from `sinceMs` to now. */
  longestSilenceMs(sinceMs: number): number
  /** Resolves with the next connection that is asked for from now on. */
  nextAnswer(withinMs: number): Promise<void>
  stop(): Promise<void>
}

const everyMs = 40
const patienceMs = 250

/** Times are of `performance.now()`. */
export function watchManagement(client: Namespaces<KillRole>): ManagementWatch {
  const answers: number[] = []
  let isOver = false
  const { address, port, from } = management
  const asking = (async () => {
    while (!isOver) {
      const askedAt = performance.now()
      const { outcome } = await tcp(client, 'cl', address, port, { timeoutMs: patienceMs, from })
      if (outcome === 'connected') answers.push(askedAt)
      await sleep(everyMs)
    }
  })()
  const answeredAfterMs = (sinceMs: number): number | undefined => {
    const first = answers.find((at) => at >= sinceMs)
    return first === undefined ? undefined : first - sinceMs
  }
  return {
    answeredAfterMs,
    longestSilenceMs: (sinceMs) => {
      const times = [sinceMs, ...answers.filter((at) => at > sinceMs), performance.now()]
      return Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? at)))
    },
    nextAnswer: async (withinMs) => {
      const sinceMs = performance.now()
      while (answeredAfterMs(sinceMs) === undefined) {
        if (performance.now() - sinceMs > withinMs) throw new Error(`management does not answer within ${withinMs} ms`)
        await sleep(20)
      }
    },
    stop: async () => {
      isOver = true
      await asking
    },
  }
}
