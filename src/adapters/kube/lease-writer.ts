import type { KubernetesObject } from '../../domain/facts.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeObjectsPort, LiveObject, ObjectRef } from '../../ports/kube-objects-port.ts'
import { hasCode } from './kube-failures.ts'
import {
  isExpired,
  type LeaseRecord,
  leaseRecord,
  leaseSpec,
  microTime,
  type Sighting,
  sighted,
} from './lease-record.ts'

export interface HeldLease {
  readonly object: LiveObject
  readonly record: LeaseRecord
  /** Before the request that made it ours for another while. */
  readonly askedAt: { readonly monotonicMs: number; readonly epochMs: number }
}

/** Every write names the version it was decided on, so of several at once the server takes one. */
export interface LeaseWriter {
  /** @returns undefined while somebody else holds it, or was faster */
  acquire(signal: AbortSignal): Promise<HeldLease | undefined>
  /** @returns `taken` when it is somebody else's; undefined when nobody knows, and it is to be tried again */
  renew(held: HeldLease, signal: AbortSignal): Promise<HeldLease | 'taken' | undefined>
  release(held: HeldLease, signal: AbortSignal): Promise<void>
}

export interface LeaseWriterSettings {
  readonly namespace: string
  readonly name: string
  readonly identity: string
  readonly leaseMs: number
}

export function leaseWriter(
  objects: Pick<KubeObjectsPort, 'get' | 'create' | 'replace'>,
  clock: ClockPort,
  { namespace, name, identity, leaseMs }: LeaseWriterSettings,
): LeaseWriter {
  const ref: ObjectRef = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name }
  let seen: Sighting | undefined
  const askedNow = (): HeldLease['askedAt'] => ({ monotonicMs: clock.monotonicMs(), epochMs: clock.nowMs() })
  /** @returns undefined when somebody else was faster */
  const write = async (
    live: LiveObject | undefined,
    record: LeaseRecord,
    signal: AbortSignal,
  ): Promise<HeldLease | undefined> => {
    const askedAt = askedNow()
    try {
      const object =
        live === undefined ? await objects.create(made(record), {}, signal) : await put(live, record, signal)
      return { object, record, askedAt }
    } catch (error) {
      if (hasCode(error, 'KUBE_STALE', 'KUBE_EXISTS', 'KUBE_MISSING')) return undefined
      throw error
    }
  }
  const made = (record: LeaseRecord): KubernetesObject => ({
    apiVersion: ref.apiVersion,
    kind: ref.kind,
    metadata: { namespace, name },
    spec: leaseSpec(record),
  })
  const put = (live: LiveObject, record: LeaseRecord, signal: AbortSignal): Promise<LiveObject> =>
    objects.replace({ ...live, spec: leaseSpec(record) }, {}, signal)
  const ours = (former: LeaseRecord | undefined): LeaseRecord => {
    const now = microTime(clock.nowMs())
    const isNew = former?.holder !== identity
    return {
      holder: identity,
      leaseMs,
      acquiredAt: isNew ? now : former.acquiredAt,
      renewedAt: now,
      transitions: (former?.transitions ?? -1) + (isNew ? 1 : 0),
    }
  }
  return {
    async acquire(signal) {
      const live = await objects.get(ref, signal)
      if (live === undefined) return await write(undefined, ours(undefined), signal)
      const record = leaseRecord(live, leaseMs)
      seen = sighted(seen, live.metadata.resourceVersion, clock.monotonicMs())
      if (record.holder !== identity && !isExpired(record, seen, clock.monotonicMs())) return undefined
      return await write(live, ours(record), signal)
    },
    async renew(held, signal) {
      const renewed = await write(held.object, ours(held.record), signal)
      if (renewed !== undefined) return renewed
      // Somebody wrote it: a label, our own renewal whose answer was lost, or another leader.
      const live = await objects.get(ref, signal)
      if (live === undefined) return 'taken'
      const record = leaseRecord(live, leaseMs)
      if (record.holder !== identity) return 'taken'
      return await write(live, ours(record), signal)
    },
    async release(held, signal) {
      await write(
        held.object,
        { ...held.record, holder: '', leaseMs: 1_000, renewedAt: microTime(clock.nowMs()) },
        signal,
      )
    },
  }
}
