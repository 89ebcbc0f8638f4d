import type { InverseStep } from '../domain/inverse.ts'
import type { ProbeSpec } from '../domain/probe.ts'

export type CheckpointPhase =
  | 'prepared'
  | 'armed'
  | 'applying'
  | 'probing'
  | 'confirmed'
  | 'rolling-back'
  | 'rolled-back'

/** A risky change under way, as it stands on the disk. */
export interface Checkpoint {
  readonly id: string
  /** The program that is tried: its digest, and the revision that asked for it. */
  readonly program: string
  readonly revision: string
  readonly phase: CheckpointPhase
  /** ISO 8601, for people; the deadline itself is kept on a clock that nobody sets. */
  readonly startedAt: string
  readonly confirmTimeoutMs: number
  /** What passed before and so has to pass afterwards. */
  readonly required: readonly ProbeSpec[]
  /** One sentence for each change, for people. */
  readonly changes: readonly string[]
  /** Confirmed by a person or a controller, never by probes alone. */
  readonly isManual: boolean
  /** Why it was taken back: one of `rollbackReasons`, maybe with more behind a colon, or a sentence of the caller. */
  readonly reason?: string
  /** The way back failed five times: everything of ours was taken out of the packet path instead. */
  readonly rollbackFailed?: true
}

/**
 * Checkpoints of this node: one at a time, on the disk before anything is changed, with watchdogs outside this process that
 * take the change back when nobody confirms. Failures: CHECKPOINT_BUSY, CHECKPOINT_FAILED, CHECKPOINT_UNARMED,
 * CHECKPOINT_ENDED, CHECKPOINT_UNKNOWN.
 */
export interface CheckpointPort {
  /** The one that is not ended, or the last that ended. */
  current(): Promise<Checkpoint | undefined>
  /** That one and those that ended before it, newest first; the last five. */
  recent(): Promise<readonly Checkpoint[]>
  /**
   * Ends what a process that is gone, or another boot, left open; once, before anything else. After another boot nothing
   * is run: the kernel is empty, and the caller enforces the last good program.
   * @returns the checkpoint that it ended
   */
  recover(): Promise<Checkpoint | undefined>
  /** Writes the checkpoint and its inverse, checks the script, arms the watchdogs and proves that they live. */
  arm(
    plan: Omit<Checkpoint, 'id' | 'phase' | 'startedAt'> & { readonly inverse: readonly InverseStep[] },
  ): Promise<Checkpoint>
  /** @throws Failure CHECKPOINT_ENDED when it was taken back, or its time is over: what was written since must go, by `rollBack` */
  advance(id: string, phase: 'applying' | 'probing'): Promise<void>
  /** Milliseconds since it was armed and until it is taken back. */
  times(id: string): Promise<{ readonly sinceMs: number; readonly leftMs: number } | undefined>
  /**
   * Ends the watchdogs. Only from `probing`.
   * @returns false when it had been taken back already
   */
  confirm(id: string): Promise<boolean>
  /**
   * Runs the inverse now, through the same lock as the watchdogs, and again when they ran it: a process that was stopped
   * while it applied may have written after them.
   * @returns false when it was confirmed already
   */
  rollBack(id: string, reason: string): Promise<boolean>
}
