import { expect, test } from 'vitest'
import { inParallel } from '../../../src/reconcile/objects/in-parallel.ts'

const signal = new AbortController().signal
const items = Array.from({ length: 100 }, (_, at) => at)
const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('answers come in the order of the items, and no more than sixteen run at once', async () => {
  let running = 0
  let most = 0
  const answers = await inParallel(
    items,
    async (item) => {
      running += 1
      most = Math.max(most, running)
      for (let turns = item % 7; turns >= 0; turns -= 1) await later()
      running -= 1
      return item * 2
    },
    signal,
  )
  expect(answers).toEqual(items.map((item) => item * 2))
  expect(most).toBe(16)
})

test('after a throw nothing new begins, and what runs has ended before it is told', async () => {
  let begun = 0
  let running = 0
  const run = async (item: number): Promise<number> => {
    begun += 1
    running += 1
    await later()
    running -= 1
    if (item === 3) throw new Error('three')
    return item
  }
  await expect(inParallel(items, run, signal)).rejects.toThrow('three')
  expect(running).toBe(0)
  expect(begun).toBeLessThanOrEqual(32)
})

test('an abort is an end like a throw', async () => {
  const controller = new AbortController()
  let begun = 0
  const run = async (): Promise<void> => {
    begun += 1
    await later()
    controller.abort(new Error('over'))
  }
  await expect(inParallel(items, run, controller.signal)).rejects.toThrow('over')
  expect(begun).toBe(16)
})
