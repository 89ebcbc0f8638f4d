import { expect, test } from 'vitest'
import { WorkQueue } from '../../src/reconcile/work-queue.ts'

/** Sleeps until the test says that time passed. */
class ManualClock {
  readonly #sleeping = new Set<() => void>()

  nowMs(): number {
    return 0
  }

  monotonicMs(): number {
    return 0
  }

  async sleep(_ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#sleeping.delete(wake)
        resolve()
      }
      this.#sleeping.add(wake)
      signal.addEventListener('abort', wake, { once: true })
    })
  }

  schedule(): () => void {
    return () => undefined
  }

  elapse(): void {
    for (const wake of [...this.#sleeping]) wake()
  }
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

test('triggers that come while a target waits or runs coalesce into one more pass', async () => {
  const queue = new WorkQueue(['node'], new ManualClock())
  const reasons: string[] = []
  let finish: () => void = () => undefined
  const running = queue.run(async (_target, reason) => {
    reasons.push(reason)
    await new Promise<void>((resolve) => {
      finish = resolve
    })
    return 1_000
  })
  await settle()
  queue.trigger('node', 'push')
  queue.trigger('node', 'file event')
  finish()
  await settle()
  expect(reasons).toEqual(['interval', 'push'])
  queue.stop()
  finish()
  await running
})

test('a target that hangs does not hold up the other', async () => {
  const queue = new WorkQueue(['source', 'node'], new ManualClock())
  const passes: string[] = []
  const running = queue.run(async (target, _reason, signal) => {
    passes.push(target)
    if (target === 'source') await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    return 1_000
  })
  await settle()
  queue.trigger('node', 'file event')
  await settle()
  expect(passes).toEqual(['source', 'node', 'node'])
  queue.stop()
  await running
})

test('without a trigger the interval brings the next pass', async () => {
  const clock = new ManualClock()
  const queue = new WorkQueue(['node'], clock)
  let passes = 0
  const running = queue.run(async () => {
    passes += 1
    return 30_000
  })
  await settle()
  expect(passes).toBe(1)
  clock.elapse()
  await settle()
  expect(passes).toBe(2)
  queue.stop()
  await running
})

test('a pass that throws ends the queue, and the error is not swallowed', async () => {
  const queue = new WorkQueue(['source', 'node'], new ManualClock())
  const running = queue.run(async (target) => {
    if (target === 'source') throw new Error('a bug')
    return 1_000
  })
  await expect(running).rejects.toThrow('a bug')
})
