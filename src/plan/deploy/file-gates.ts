import type { DeployRules } from './deploy-rules.ts'
import type { ManifestCandidate } from './enumerate-manifests.ts'
import type { Safeguards } from './safeguards.ts'

/** What the deploy loop remembers while its process lives; a new process begins with `freshMemory`. */
export interface DeployMemory {
  /** True until a pass had no error at all; then false for good. While true no gate holds. */
  readonly forced: boolean
  /** Path → mtime at the last success. */
  readonly mtimes: ReadonlyMap<string, bigint>
  /** Paths whose last attempt failed after objects may have been written. */
  readonly unsettled: ReadonlySet<string>
}

export const freshMemory: DeployMemory = { forced: true, mtimes: new Map(), unsettled: new Set() }

/**
 * `all`: a pass as K3s does one every 15 seconds. `open`: one in between, because something changed or failed; while the
 * process is forced, files that succeeded in it already wait for the next full pass.
 */
export type PassScope = 'all' | 'open'

/** Whether a file of the directory has to be read. */
export function passesMtimeGate(
  file: ManifestCandidate,
  memory: DeployMemory,
  rules: DeployRules,
  scope: PassScope,
): boolean {
  if ((memory.forced && scope === 'all') || !rules.mtimeGate) return true
  if (rules.epochMtimeIsNoGate && file.mtimeNs === 0n) return true
  return memory.mtimes.get(file.path) !== file.mtimeNs
}

/** Whether a file that was read has to be applied: its checksum is not the one of the last success. */
export function passesChecksumGate(
  file: { readonly path: string; readonly checksum: string; readonly applied: string | undefined },
  memory: DeployMemory,
  safeguards: Safeguards,
): boolean {
  if (memory.forced || file.checksum !== file.applied) return true
  return safeguards.revertAfterFailure === 'apply' && memory.unsettled.has(file.path)
}

/** What became of one file, as far as memory goes. */
export type FileMark = 'success' | 'failed' | 'failed-applying' | 'untouched'

export function remember(memory: DeployMemory, file: ManifestCandidate, mark: FileMark): DeployMemory {
  if (mark === 'untouched' || mark === 'failed') return memory
  const unsettled = new Set(memory.unsettled)
  if (mark === 'failed-applying') return { ...memory, unsettled: unsettled.add(file.path) }
  unsettled.delete(file.path)
  return { ...memory, unsettled, mtimes: new Map(memory.mtimes).set(file.path, file.mtimeNs) }
}
