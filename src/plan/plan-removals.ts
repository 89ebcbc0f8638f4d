import type { ArtefactId } from '../domain/artefact.ts'
import type { FileChange, Impact } from '../domain/change.ts'
import { type InventoryEntry, isOurContent } from '../domain/inventory.ts'
import { isUnobserved, type ObservedFile } from '../domain/observation.ts'
import { locationOf, manifestName } from '../k3s/locations.ts'
import { sha256Hex } from '../text/digest.ts'
import { removalImpact } from './file-impact.ts'
import { type Move, moveOf } from './moved-manifests.ts'
import { packagedFiles } from './packaged-target.ts'
import type { PlanInput } from './plan-input.ts'

/**
 * How long an emptied manifest stays. K3s looks every 15 s and prunes the objects of an emptied file, never those of a
 * missing one: three of its passes. Our own engine works on the emptied file within the same second.
 * @see k3s-io/k3s pkg/deploy/controller.go
 */
const emptiedForMs = { k3s: 45_000, builtin: 1_000 } as const
/** A removal that the API is asked about is looked at again as soon as it moves on; this often in any case. */
const lookAgainMs = 15_000
/** From the start of K3s until its first passes over the directory are certainly through: the API server comes first. */
const k3sFirstPassesMs = 120_000

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
    if (kept.has(path) || isInBundle(entry, path, input) || isUnobserved(input.observation, path)) continue
    const before = input.observation.files.get(path)
    if (before === undefined && isFollowed(entry, path, input)) continue
    if (before === undefined || !isOursToRemove(entry, before, input)) {
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

/** Where an API is, somebody looks after what a moved manifest leaves in it. Until it is gone, we have to know of it. */
function isFollowed(entry: InventoryEntry, path: string, { removals }: PlanInput): boolean {
  return entry.moved !== undefined && removals?.get(path) !== 'pruned'
}

/**
 * A file that we once wrote stays ours when somebody edits it; one that we only meant to write is ours with that very
 * content. A directory or link in its place is neither, and nothing outside the allow-list ever is.
 */
function isOursToRemove(entry: InventoryEntry, before: ObservedFile, input: PlanInput): boolean {
  if (locationOf(before.path) === undefined || before.type !== 'file' || isHandedOver(entry, input)) return false
  return entry.digest !== '' || isOurContent(entry, before.digest)
}

const staying: Impact = { kind: 'None', reason: 'its objects stay: another manifest is about them' }

function planRemoval(entry: InventoryEntry, before: ObservedFile, input: PlanInput): FileChange | number {
  const change = {
    id: entry.id,
    cause: 'Revision',
    impact: removalImpact(before, input.hasK3s ? input.config : undefined),
    before,
  } as const
  if (manifestName(before.path) === undefined) return { kind: 'delete', ...change }
  // Where our own engine deploys, it takes a disabled file away itself, after its objects.
  if (entry.class === 'packaged') {
    return input.removals?.get(before.path) === 'waiting' ? lookAgainMs : { kind: 'delete', ...change }
  }
  const move = moveOf(before, input)
  if (move !== undefined) return planMove(move, { kind: 'delete', ...change, impact: staying, moved: move.to }, input)
  if (before.sizeBytes > 0) return { kind: 'empty', ...change }
  const remaining = remainingMs(before, input)
  return remaining <= 0 ? { kind: 'delete', ...change } : remaining
}

/**
 * A manifest whose objects others are about goes as it is, before they come: K3s never sees both, and prunes nothing. What
 * it leaves is taken out through the API. Where there is none, K3s has to prune that, once the others had time to be applied.
 */
function planMove(move: Move, change: FileChange & { readonly kind: 'delete' }, input: PlanInput): FileChange | number {
  if (!move.leavesObjects || input.removals?.has(change.before.path) === true) return change
  const applied = move.heirs.map(({ path, text }) => {
    const there = input.observation.files.get(path)
    return there?.digest === sha256Hex(text) ? remainingMs(there, input) : lookAgainMs
  })
  const remaining = Math.max(...applied)
  const { moved: _, ...rest } = change
  return remaining <= 0 ? { ...rest, kind: 'empty' } : remaining
}

/** What the API shows counts; where it was never asked, time does. A K3s that is down, or not long up, has not read it. */
function remainingMs(before: ObservedFile, { engine, nowMs, k3sUpForMs, removals }: PlanInput): number {
  const progress = removals?.get(before.path)
  if (progress !== undefined) return progress === 'pruned' ? 0 : lookAgainMs
  const sinceEmptied = before.modifiedAtMs + emptiedForMs[engine] - nowMs
  if (engine === 'builtin') return sinceEmptied
  return Math.max(sinceEmptied, k3sUpForMs === undefined ? emptiedForMs.k3s : k3sFirstPassesMs - k3sUpForMs)
}

function isInBundle(entry: InventoryEntry, path: string, input: PlanInput): boolean {
  return entry.class === 'packaged' && packagedFiles(input.packaged).has(path)
}

/** Where a K3s took over, the packaged files are its own and are never removed by us (DESIGN §5). */
function isHandedOver(entry: InventoryEntry, input: PlanInput): boolean {
  return entry.class === 'packaged' && input.packaged.kind !== 'bundle'
}
