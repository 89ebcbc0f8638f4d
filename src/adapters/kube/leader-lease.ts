import { randomUUID } from 'node:crypto'
import { Failure } from '../../domain/failure.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeObjectsPort, LeaderPort, LeaderTerm } from '../../ports/kube-objects-port.ts'
import { type HeldLease, type LeaseWriter, leaseWriter } from './lease-writer.ts'

export interface LeaseSettings {
  readonly namespace: string
  readonly name: string
  /** For people: the host or pod. Something random is added: a process that comes back is another one. */
  readonly identity: string
  /** Others wait this long after the last sign of life. */
  readonly leaseMs?: number
  /** Without a renewal for so long, the lead is given up; well below `leaseMs`. */
  readonly renewWithinMs?: number
  readonly retryMs?: number
}

/** A dead leader is followed within 10 + 2.4 seconds and one request. */
const defaults = { leaseMs: 10_000, renewWithinMs: 7_000, retryMs: 2_000 } as const

type LeaseObjects = Pick<KubeObjectsPort, 'get' | 'create' | 'replace'>

/**
 * Leader election by a Lease. Nobody's clock is compared with anybody else's: a leader counts from before it sent its last
 * renewal, the others from after they saw it. Where clocks run at the same speed, two never lead at once.
 * @see k8s.io/client-go tools/leaderelection/leaderelection.go
 */
export function leaderLease(
  objects: LeaseObjects,
  clock: ClockPort,
  settings: LeaseSettings,
  chance: () => number = Math.random,
): LeaderPort {
  const { leaseMs, renewWithinMs, retryMs } = { ...defaults, ...settings }
  const identity = `${settings.identity}_${randomUUID()}`
  const writer = leaseWriter(objects, clock, { ...settings, identity, leaseMs })
  const pause = (signal: AbortSignal, ms = retryMs): Promise<void> => clock.sleep(ms * (1 + chance() * 0.2), signal)
  return {
    async campaign(lead, signal) {
      while (!signal.aborted) {
        const held = await limited(clock, renewWithinMs, signal, (within) => writer.acquire(within))
        if (held === undefined) await pause(signal)
        else if (await serve({ clock, writer, renewWithinMs, retryMs, pause }, held, lead, signal)) return
      }
    },
  }
}

interface Service {
  readonly clock: ClockPort
  readonly writer: LeaseWriter
  readonly renewWithinMs: number
  readonly retryMs: number
  readonly pause: (signal: AbortSignal, ms?: number) => Promise<void>
}

/** One turn. @returns whether the work is done, instead of the lead being lost */
async function serve(
  { clock, writer, renewWithinMs, retryMs, pause }: Service,
  first: HeldLease,
  lead: (term: LeaderTerm) => Promise<void>,
  signal: AbortSignal,
): Promise<boolean> {
  const [lost, over] = [new AbortController(), new AbortController()]
  let held = first
  const leftMs = (): number =>
    renewWithinMs -
    // A suspended machine stops the one clock, somebody who sets the time stops the other.
    Math.max(clock.monotonicMs() - held.askedAt.monotonicMs, clock.nowMs() - held.askedAt.epochMs)
  const isHeld = (): boolean => !lost.signal.aborted && leftMs() > 0
  const guard = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const left = leftMs()
      if (left <= 0) return lost.abort()
      await clock.sleep(left, over.signal)
    }
  }
  const renew = async (): Promise<void> => {
    for (let waitMs = retryMs; ; ) {
      await pause(AbortSignal.any([over.signal, lost.signal]), waitMs)
      if (over.signal.aborted || lost.signal.aborted) return
      // An answer that got lost must not cost the time for a second attempt.
      const renewal = await limited(clock, renewWithinMs / 3, lost.signal, (within) => writer.renew(held, within))
      if (renewal === 'taken') return lost.abort()
      waitMs = renewal === undefined ? retryMs / 4 : retryMs
      // What came after the lead was lost does not bring it back.
      if (renewal !== undefined && isHeld()) held = renewal
    }
  }
  const work = lead({
    number: held.record.transitions,
    signal: AbortSignal.any([signal, lost.signal]),
    isHeld: () => isHeld(),
  }).finally(() => over.abort())
  const [outcome] = await Promise.allSettled([work, guard(), renew()])
  if (isHeld()) await limited(clock, renewWithinMs, undefined, (within) => writer.release(held, within))
  if (outcome.status === 'rejected' && !isAbort(outcome.reason, lost.signal, signal)) throw outcome.reason
  return !lost.signal.aborted
}

function isAbort(error: unknown, ...signals: readonly AbortSignal[]): boolean {
  return signals.some((signal) => signal.aborted && (signal.reason === error || isAbortError(error)))
}

function isAbortError(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

/** @returns undefined when it failed or did not end in time: it is tried again */
async function limited<T>(
  clock: ClockPort,
  ms: number,
  outer: AbortSignal | undefined,
  ask: (within: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const [late, done] = [new AbortController(), new AbortController()]
  void clock.sleep(ms, done.signal).then(() => late.abort())
  try {
    return await ask(outer === undefined ? late.signal : AbortSignal.any([late.signal, outer]))
  } catch (error) {
    if (error instanceof Failure || late.signal.aborted || outer?.aborted === true) return undefined
    throw error
  } finally {
    done.abort()
  }
}
