import type { CleanupArtefact } from '../domain/cleanup.ts'
import type { InverseStep } from '../domain/inverse.ts'
import type { CleanupPlan, Leftovers } from '../domain/leftovers.ts'

/** Finds and removes what components that are gone left behind, in both families and both iptables backends. */
export interface LeftoversPort {
  observe(cleanups: readonly CleanupArtefact[], signal: AbortSignal): Promise<Leftovers>
  /** What takes the node back; to be kept before `remove`. */
  inverse(plan: CleanupPlan, signal: AbortSignal): Promise<readonly InverseStep[]>
  /** Removes exactly what the plan names, each table in one transaction. */
  remove(plan: CleanupPlan, signal: AbortSignal): Promise<void>
}
