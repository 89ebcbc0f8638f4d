import { setTimeout as wait } from 'node:timers/promises'
import type { ClockPort } from '../../ports/clock-port.ts'

/** The longest delay that a timer takes; a longer one fires at once. */
const longestTimerMs = 2 ** 31 - 1

/**
 * The machine's own time. A sleep keeps the process alive; so does a schedule.
 * @param schedule `scheduleCron`, for who has something to schedule: it is not loaded for everybody
 */
export function systemClock(schedule: ClockPort['schedule'] = unscheduled): ClockPort {
  return { nowMs: () => Date.now(), monotonicMs: () => performance.now(), sleep, schedule }
}

function unscheduled(): never {
  throw new Error('this clock was made without schedules')
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  for (let left = ms; left > 0 && !signal.aborted; left -= longestTimerMs) {
    try {
      await wait(Math.min(left, longestTimerMs), undefined, { signal })
    } catch (cause) {
      if (!signal.aborted) throw cause
    }
  }
}
