import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openNetworkEvents } from '../../../src/adapters/network-events/network-events.ts'
import type { CommandPort } from '../../../src/ports/command-port.ts'
import { recordingLog } from '../../lab/recording-log.ts'

/** A machine without monitors: only the poll is left. */
const nothing: CommandPort = {
  run: () => Promise.reject(new Error('nothing is started')),
  follow: () => {
    throw new Error('nothing is followed')
  },
  find: async () => undefined,
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('the same harm is told again after it was repaired between two polls', async () => {
  let tables = 'whole'
  let hints = 0
  const events = openNetworkEvents({ commands: nothing, log: recordingLog(), poll: async () => tables })
  await events.start(() => {
    hints += 1
    tables = 'whole'
  })
  await vi.advanceTimersByTimeAsync(100)
  expect(hints).toBe(0)
  for (let turn = 1; turn <= 5; turn += 1) {
    tables = 'harmed'
    await vi.advanceTimersByTimeAsync(2_000)
    expect(tables, `harm ${turn}`).toBe('whole')
    await vi.advanceTimersByTimeAsync(400)
  }
  await events.stop()
})

test('what does not change is not told', async () => {
  let hints = 0
  const events = openNetworkEvents({ commands: nothing, log: recordingLog(), poll: async () => 'whole' })
  await events.start(() => {
    hints += 1
  })
  await vi.advanceTimersByTimeAsync(60_000)
  await events.stop()
  expect(hints).toBe(0)
})
