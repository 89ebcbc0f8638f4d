import { Failure } from '../../domain/failure.ts'
import { inProgress, type ObjectHealth } from '../../plan/objects/health-words.ts'
import { objectHealth } from '../../plan/objects/object-health.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeObjectsPort, ObjectRef } from '../../ports/kube-objects-port.ts'

const firstWaitMs = 50
const longestWaitMs = 1_000

/** Waits until an object is current, or failed for good, or the time is over: then what it lacks. */
export async function awaitHealth(
  ref: ObjectRef,
  withinMs: number,
  {
    objects,
    clock,
  }: { readonly objects: Pick<KubeObjectsPort, 'get'>; readonly clock: Pick<ClockPort, 'monotonicMs' | 'sleep'> },
  signal: AbortSignal,
): Promise<ObjectHealth> {
  const endMs = clock.monotonicMs() + withinMs
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(longestWaitMs, waitMs * 2)) {
    const health = await healthOf(ref, objects, signal)
    const leftMs = endMs - clock.monotonicMs()
    if (health.state !== 'InProgress' || leftMs <= 0) return health
    await clock.sleep(Math.min(waitMs, leftMs), signal)
    signal.throwIfAborted()
  }
}

async function healthOf(
  ref: ObjectRef,
  objects: Pick<KubeObjectsPort, 'get'>,
  signal: AbortSignal,
): Promise<ObjectHealth> {
  const live = await objects.get(ref, signal).catch((error: unknown) => {
    if (error instanceof Failure && error.detail.retry === 'soon') return undefined
    throw error
  })
  return live === undefined ? inProgress('it is not there') : objectHealth(live)
}
