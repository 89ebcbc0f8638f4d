import type { ArtefactId } from '../domain/artefact.ts'
import type { FileChange } from '../domain/change.ts'
import type { InventoryEntry } from '../domain/inventory.ts'
import type { ObservedFile } from '../domain/observation.ts'
import { locationOf, manifestName } from '../k3s/locations.ts'
import { removalImpact } from './file-impact.ts'
import { packagedFiles } from './packaged-target.ts'
import type { PlanInput } from './plan-input.ts'

/**
 * How long an emptied manifest stays. K3s looks every 15 s and prunes the objects of an emptied file, never those of a
 * missing one: three of its passes. Our own engine works on the emptied file within the same second.
 * @see k3s-io/k3s pkg/deploy/controller.go
 */
const emptiedForMs = { k3s: 45_000, builtin: 1_000 } as const

interface PlannedRemovals {
  readonly changes: readonly FileChange[]
  readonly forget: readonly ArtefactId[]
  readonly revisitAfterMs?: number
}

/** What the inventory says is ours and nothing wants any more. */
export function planRemovals(input: PlanInput, kept: ReadonlySet<string>): PlannedRemovals {
  const changes: FileChange[] = []
  const forget: ArtefactId[] = []
  const waits: number[] = []
  for (const entry of input.inventory.entries.values()) {
    const path = entry.id.slice('file:'.length)
    if (kept.has(path) || isInBundle(entry, path, input)) continue
    const before = input.observation.files.get(path)
    if (before === undefined || locationOf(path) === undefined || isHandedOver(entry, input)) {
      forget.push(entry.id)
      continue
    }
    const removal = planRemoval(entry, before, input)
    if (typeof removal === 'number') waits.push(removal)
    else changes.push(removal)
    if (typeof removal !== 'number' && removal.kind === 'empty') waits.push(emptiedForMs[input.engine])
  }
  return { changes, forget, ...(waits.length === 0 ? {} : { revisitAfterMs: Math.min(...waits) }) }
}

function planRemoval(entry: InventoryEntry, before: ObservedFile, input: PlanInput): FileChange | number {
  const change = { id: entry.id, cause: 'Revision', impact: removalImpact(before), before } as const
  if (manifestName(before.path) === undefined || entry.class === 'packaged') return { kind: 'delete', ...change }
  if (before.sizeBytes > 0) return { kind: 'empty', ...change }
  const remaining = before.modifiedAtMs + emptiedForMs[input.engine] - input.nowMs
  return remaining <= 0 ? { kind: 'delete', ...change } : remaining
}

function isInBundle(entry: InventoryEntry, path: string, input: PlanInput): boolean {
  return entry.class === 'packaged' && packagedFiles(input.packaged).has(path)
}

/** Where a K3s took over, the packaged files are its own and are never removed by us (DESIGN §5). */
function isHandedOver(entry: InventoryEntry, input: PlanInput): boolean {
  return entry.class === 'packaged' && input.packaged.kind !== 'bundle'
}
