import { type ArtefactId, compareById, type FileArtefact } from '../domain/artefact.ts'
import type { Cause, FileChange, NodePlan, ReportedDrift } from '../domain/change.ts'
import { fileMode, type ObservedFile } from '../domain/observation.ts'
import { inPlacePath } from '../k3s/locations.ts'
import { sha256Hex } from '../text/digest.ts'
import { artefactImpact, repairImpact } from './file-impact.ts'
import { type PlacedFlags, placeFlags } from './flag-placement.ts'
import type { PlanInput } from './plan-input.ts'
import { planPackaged } from './plan-packaged.ts'
import { planRemovals } from './plan-removals.ts'

/** A plan, with what it found to be right already but not yet in the inventory, and flags that wait for a restart. */
export interface PlannedNode extends NodePlan {
  readonly claims: readonly FileArtefact[]
  readonly waitingFlags: readonly FileArtefact[]
  /** Seen gone, or no longer ours to keep: the inventory may forget them. */
  readonly forget: readonly ArtefactId[]
}

/**
 * The ordered way from what is on a node's disk to its program: additions, then changes, then removals (k3s-networking
 * §11.3). Only what the inventory proves ours is changed or removed; everything else is reported.
 */
export function planNode(input: PlanInput): PlannedNode {
  const flags = placeFlags(input)
  const program = [...flags.files, ...input.program.files.filter((file) => file.location === 'manifest')]
  const written = program.sort(compareById).map((file) => planFile(file, input))
  const packaged = planPackaged(input)
  const removals = planRemovals(input, keptPaths(program, flags))
  const changes = [...written.flatMap((item) => item.changes), ...packaged.changes, ...removals.changes]
  return {
    node: input.program.node,
    changes: changes.sort((a, b) => rankOf(a) - rankOf(b) || compareById(a, b)),
    reported: [...written.flatMap((item) => item.reported), ...packaged.reported],
    claims: [...written.flatMap((item) => item.claims), ...packaged.claims],
    waitingFlags: flags.waiting,
    forget: removals.forget,
    ...(removals.revisitAfterMs === undefined ? {} : { revisitAfterMs: removals.revisitAfterMs }),
  }
}

interface PlannedFile {
  readonly changes: readonly FileChange[]
  readonly reported: readonly ReportedDrift[]
  readonly claims: readonly FileArtefact[]
}

function planFile(after: FileArtefact, input: PlanInput): PlannedFile {
  const before = input.observation.files.get(after.path)
  const entry = input.inventory.entries.get(after.id)
  const digest = sha256Hex(after.text)
  const cause: Cause = entry !== undefined && entry.digest === digest ? 'Drift' : 'Revision'
  // A staged file costs what it changes in place; K3s still runs with what drifted.
  const replaced = input.observation.files.get(inPlacePath(after.path))
  const impact = cause === 'Drift' ? repairImpact(after) : artefactImpact(replaced, after)
  if (before === undefined) return changed({ kind: 'create', id: after.id, cause, impact, after })
  const same = isCurrent(before, digest)
  if (entry !== undefined) {
    return same ? nothing : changed({ kind: 'update', id: after.id, cause, impact, before, after })
  }
  if (same) return { ...nothing, claims: [after] }
  if (before.digest !== undefined && input.takenOver[after.path] === before.digest) {
    return changed({ kind: 'update', id: after.id, cause: 'Revision', impact, before, after })
  }
  return changed({ kind: 'takeover', id: after.id, cause: 'Foreign', impact, before, after })
}

/** Same bytes, a plain file, and readable by nobody else. */
export function isCurrent(before: ObservedFile, digest: string): boolean {
  return before.type === 'file' && before.digest === digest && before.mode === fileMode
}

const nothing: PlannedFile = { changes: [], reported: [], claims: [] }

function changed(change: FileChange): PlannedFile {
  return { ...nothing, changes: [change] }
}

function keptPaths(program: readonly FileArtefact[], flags: PlacedFlags): ReadonlySet<string> {
  return new Set([...program.map((file) => file.path), ...flags.keptPaths])
}

function rankOf(change: FileChange): number {
  return ['create', 'takeover', 'update', 'restore', 'empty', 'delete'].indexOf(change.kind)
}

/** What the user would have to agree to: foreign files at our paths, with other content. */
export function takeovers(plan: NodePlan): readonly (FileChange & { readonly kind: 'takeover' })[] {
  return plan.changes.filter((change) => change.kind === 'takeover')
}
