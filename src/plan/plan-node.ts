import { type ArtefactId, compareById, type FileArtefact, fileId } from '../domain/artefact.ts'
import type { Cause, FileChange, Impact, NodePlan, ReportedDrift } from '../domain/change.ts'
import { type InventoryEntry, isOurContent } from '../domain/inventory.ts'
import { fileMode, isUnobserved, type ObservedFile } from '../domain/observation.ts'
import { inPlacePath, k3sPaths, locationOf } from '../k3s/locations.ts'
import { sha256Hex } from '../text/digest.ts'
import { artefactImpact, repairImpact } from './file-impact.ts'
import { type PlacedFlags, placeFlags } from './flag-placement.ts'
import { type RefusedFlags, refusalText, refuseDataDirectory, refuseFlags } from './flag-refusal.ts'
import type { PlanInput } from './plan-input.ts'
import { planPackaged } from './plan-packaged.ts'
import { planRemovals } from './plan-removals.ts'

/** A plan, with what it found to be right already but not yet in the inventory, and flags that wait for a restart. */
export interface PlannedNode extends NodePlan {
  readonly claims: readonly FileArtefact[]
  readonly waitingFlags: readonly FileArtefact[]
  /** Why none of the flags may be written; empty when they may. */
  readonly refusedFlags: readonly RefusedFlags[]
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
  const written = program
    .filter((file) => file.secrecy !== 'locked' && !isUnobserved(input.observation, file.path))
    .sort(compareById)
    .map((file) => planFile(file, input))
  const packaged = planPackaged(input)
  const removals = planRemovals(input, keptPaths(program, flags))
  const changes = [...written.flatMap((item) => item.changes), ...packaged.changes, ...removals.changes]
  const objections = refuseFlags(flags.files, input)
  // Flags that are in place already are not taken back for it: that they do not count is reported.
  const isWriting = changes.some((change) => 'after' in change && change.after.location === 'k3s-config')
  return {
    node: input.program.node,
    changes: withoutHeldBack(changes, isWriting && objections.length > 0).sort(
      (a, b) => rankOf(a) - rankOf(b) || compareById(a, b),
    ),
    reported: [...editedFlags(flags, input), ...(isWriting ? [] : uncountedFlags(objections)), ...packaged.reported],
    claims: [...written.flatMap((item) => item.claims), ...packaged.claims],
    waitingFlags: flags.waiting,
    refusedFlags: [...refuseDataDirectory(input), ...(isWriting ? objections : [])],
    forget: removals.forget,
    ...(removals.revisitAfterMs === undefined ? {} : { revisitAfterMs: removals.revisitAfterMs }),
  }
}

interface PlannedFile {
  readonly changes: readonly FileChange[]
  readonly claims: readonly FileArtefact[]
}

function planFile(after: FileArtefact, input: PlanInput): PlannedFile {
  const before = input.observation.files.get(after.path)
  const entry = input.inventory.entries.get(after.id)
  const digest = sha256Hex(after.text)
  const cause: Cause = entry !== undefined && entry.digest === digest ? 'Drift' : 'Revision'
  const impact = cause === 'Drift' ? repairImpact(after) : revisionImpact(after, input)
  if (before === undefined) return changed({ kind: 'create', id: after.id, cause, impact, after })
  if (isCurrent(before, digest)) return isClaimed(after, digest, entry) ? nothing : { ...nothing, claims: [after] }
  // Somebody else put it there as it is wanted; its mode is narrowed once it is ours.
  if (entry === undefined && hasContent(before, digest) && after.secrecy === undefined) {
    return { ...nothing, claims: [after] }
  }
  const isOurs = entry !== undefined && (entry.digest !== '' || isOurContent(entry, before.digest))
  if (isOurs) return changed({ kind: 'update', id: after.id, cause, impact, before, after })
  if (before.digest !== undefined && input.takenOver[after.path] === before.digest) {
    return changed({ kind: 'update', id: after.id, cause: 'Revision', impact, before, after })
  }
  return changed({ kind: 'takeover', id: after.id, cause: 'Foreign', impact, before, after })
}

/** The first drop-in of a machine replaces what its other files say, which may be a range that a cluster keeps for life. */
function revisionImpact(after: FileArtefact, input: PlanInput): Impact {
  return artefactImpact(replacedText(after, input), after, input.hasK3s ? input.config : undefined)
}

/**
 * What the file says in place, where K3s reads it. The program before is asked first: the file itself may have been
 * edited or deleted, and a change of the revision costs what it costs all the same.
 */
function replacedText(after: FileArtefact, { observation, previous }: PlanInput): string | undefined {
  const path = inPlacePath(after.path)
  return previous?.files.find((file) => file.path === path)?.text ?? observation.files.get(path)?.text
}

/** Flags that name a file go into place after it, and not at all while that file is somebody else's. */
function withoutHeldBack(changes: readonly FileChange[], isRefused: boolean): FileChange[] {
  if (isRefused) return changes.filter((change) => !isOfFlags(change))
  const isForeign = changes.some((change) => change.kind === 'takeover' && change.after.location === 'flannel-conf')
  return changes.filter(
    (change) =>
      !isForeign || !('after' in change) || change.after.location !== 'k3s-config' || change.kind === 'takeover',
  )
}

/** Flags in place that K3s gets from somewhere else. */
function uncountedFlags(objections: readonly RefusedFlags[]): ReportedDrift[] {
  return objections.map((one) => ({
    path: k3sPaths.managedDropIn,
    reason: 'FlagsOverridden',
    message: refusalText(one),
  }))
}

function isOfFlags(change: FileChange): boolean {
  const location = 'after' in change ? change.after.location : locationOf(change.before.path)
  return location !== 'manifest'
}

/** Flags in place that were edited while new ones wait: K3s would start with the edit. */
function editedFlags(flags: PlacedFlags, { observation, inventory }: PlanInput): ReportedDrift[] {
  return flags.waiting.flatMap((file) => {
    const path = inPlacePath(file.path)
    const [entry, there] = [inventory.entries.get(fileId(path)), observation.files.get(path)]
    if (entry === undefined || there === undefined || isOurContent(entry, there.digest)) return []
    return {
      path,
      reason: 'FlagsEdited',
      message: 'edited by hand while new flags wait; K3s would start with the edit',
    }
  })
}

/** Same bytes, a plain file, and readable by nobody else. */
export function isCurrent(before: ObservedFile, digest: string): boolean {
  return hasContent(before, digest) && before.mode === fileMode
}

function hasContent(before: ObservedFile, digest: string): boolean {
  return before.type === 'file' && before.digest === digest
}

function isClaimed(after: FileArtefact, digest: string, entry: InventoryEntry | undefined): boolean {
  return entry?.digest === digest && (entry.holdsSecret === true) === (after.secrecy !== undefined)
}

const nothing: PlannedFile = { changes: [], claims: [] }

function changed(change: FileChange): PlannedFile {
  return { ...nothing, changes: [change] }
}

function keptPaths(program: readonly FileArtefact[], flags: PlacedFlags): ReadonlySet<string> {
  return new Set([...program.map((file) => file.path), ...flags.keptPaths])
}

/** Within each kind, what flags may name comes before the flags. What moved goes before what it becomes. */
function rankOf(change: FileChange): number {
  if (change.kind === 'delete' && change.moved !== undefined) return -1
  const kind = ['create', 'takeover', 'update', 'restore', 'empty', 'delete'].indexOf(change.kind)
  const location = 'after' in change ? change.after.location : locationOf(change.before.path)
  return 2 * kind + (location === 'k3s-config' ? 1 : 0)
}

/** What the user would have to agree to: foreign files at our paths, with other content. */
export function takeovers(plan: NodePlan): readonly (FileChange & { readonly kind: 'takeover' })[] {
  return plan.changes.filter((change) => change.kind === 'takeover')
}
