import { expect, test } from 'vitest'
import { scheduleCron } from '../../../src/adapters/clock/cron-schedule.ts'
import { systemClock } from '../../../src/adapters/clock/system-clock.ts'
import { Failure } from '../../../src/domain/failure.ts'

const clock = systemClock(scheduleCron)

test('a sleep lasts as long as it was asked to, and ends at once when aborted', async () => {
  const from = performance.now()
  await clock.sleep(30, new AbortController().signal)
  expect(performance.now() - from).toBeGreaterThanOrEqual(29)
  const abort = new AbortController()
  setTimeout(() => abort.abort(), 10)
  await clock.sleep(3_600_000, abort.signal)
  await clock.sleep(3_600_000, AbortSignal.abort())
  await clock.sleep(-1, new AbortController().signal)
})

test('a sleep longer than a timer can be does not end at once', async () => {
  const abort = new AbortController()
  let over = false
  const sleeping = clock.sleep(2 ** 40, abort.signal).then(() => {
    over = true
  })
  await clock.sleep(20, new AbortController().signal)
  expect(over).toBe(false)
  abort.abort()
  await sleeping
})

test('a schedule calls at its times, and no more once it is ended', async () => {
  let calls = 0
  const end = await new Promise<() => void>((resolve) => {
    const stop = clock.schedule('* * * * * *', 'Europe/Berlin', () => {
      calls += 1
      resolve(stop)
    })
  })
  end()
  await clock.sleep(1_100, new AbortController().signal)
  expect(calls).toBe(1)
})

for (const { expression, timeZone, because } of [
  { expression: '0 0 30 2 *', timeZone: 'UTC', because: 'there is no 30 February' },
  { expression: '61 * * * *', timeZone: 'UTC', because: 'no hour has a 61st minute' },
  { expression: 'nightly', timeZone: 'UTC', because: 'it is no cron expression' },
  { expression: '', timeZone: 'UTC', because: 'it is empty' },
  { expression: '0 0 * * *', timeZone: 'Mars/Olympus', because: 'there is no such time zone' },
]) {
  test(`${JSON.stringify(expression)} in ${timeZone} is refused: ${because}`, () => {
    let code = 'none'
    try {
      clock.schedule(expression, timeZone, () => undefined)()
    } catch (cause) {
      if (cause instanceof Failure) code = cause.detail.code
    }
    expect(code).toBe('SCHEDULE_INVALID')
  })
}
