import type { CleanupKind } from '../../domain/cleanup.ts'
import type { InverseStep } from '../../domain/inverse.ts'
import type { CleanupRecordsPort } from '../../ports/cleanup-records-port.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { LeftoversPort } from '../../ports/leftovers-port.ts'
import type { LogPort } from '../../ports/log-port.ts'
import type { GatheredEvidence } from './gathered-evidence.ts'

/** What cleaning up behind former components works with. */
export interface CleanupPorts {
  /**
   * What it observes holds no arguments of K3s: those are part of the evidence.
   * @param record names the quarantine that files go to
   */
  leftovers(record: string): LeftoversPort
  readonly records: CleanupRecordsPort
  /** Costs programs and a question to the cluster: asked only where something was found. */
  evidence(wanted: ReadonlySet<CleanupKind>, signal: AbortSignal): Promise<GatheredEvidence>
  /** Runs the steps of a record. @returns what failed, for people */
  takeBack(steps: readonly InverseStep[], signal: AbortSignal): Promise<readonly string[]>
  readonly clock: Pick<ClockPort, 'nowMs' | 'monotonicMs'>
  readonly log: LogPort
}
