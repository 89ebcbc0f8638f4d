import type { KubernetesObject } from '../../domain/facts.ts'
import { asRecord, numberIn, textIn } from '../../domain/plain-json.ts'

/** What a Lease says. @see k8s.io/api coordination/v1 `LeaseSpec` */
export interface LeaseRecord {
  /** Empty when nobody holds it. */
  readonly holder: string
  readonly leaseMs: number
  readonly acquiredAt: string
  readonly renewedAt: string
  readonly transitions: number
}

/** @param ownLeaseMs for a record that says no duration, or none that can be */
export function leaseRecord(object: KubernetesObject, ownLeaseMs: number): LeaseRecord {
  const spec = asRecord(object['spec'])
  const seconds = numberIn(spec['leaseDurationSeconds']) ?? 0
  return {
    holder: textIn(spec['holderIdentity']) ?? '',
    leaseMs: seconds > 0 ? seconds * 1000 : ownLeaseMs,
    acquiredAt: textIn(spec['acquireTime']) ?? '',
    renewedAt: textIn(spec['renewTime']) ?? '',
    transitions: numberIn(spec['leaseTransitions']) ?? 0,
  }
}

export function leaseSpec({ holder, leaseMs, acquiredAt, renewedAt, transitions }: LeaseRecord): object {
  return {
    holderIdentity: holder,
    leaseDurationSeconds: Math.max(1, Math.round(leaseMs / 1000)),
    acquireTime: acquiredAt,
    renewTime: renewedAt,
    leaseTransitions: transitions,
  }
}

/**
 * `2026-01-02T03:04:05.678000Z`: releases of the API before 1.22 read six digits and nothing else.
 * @see k8s.io/apimachinery pkg/apis/meta/v1/micro_time.go `RFC3339Micro`
 */
export function microTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, -1)}000Z`
}

/** When a holder was last seen to do something, on our own clock: `renewTime` is of a clock that may be wrong. */
export interface Sighting {
  /** Every change of the record is another one. */
  readonly version: string
  readonly sinceMs: number
}

export function sighted(before: Sighting | undefined, version: string, nowMs: number): Sighting {
  return before?.version === version ? before : { version, sinceMs: nowMs }
}

/** Whether whoever holds it must have let go of it. */
export function isExpired({ holder, leaseMs }: LeaseRecord, { sinceMs }: Sighting, nowMs: number): boolean {
  return holder === '' || nowMs - sinceMs > leaseMs
}
