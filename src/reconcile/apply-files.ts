import type { ArtefactId, FileArtefact, FileLocation } from '../domain/artefact.ts'
import type { FileChange } from '../domain/change.ts'
import { Failure } from '../domain/failure.ts'
import { type Inventory, type InventoryEntry, isOurContent } from '../domain/inventory.ts'
import type { PlannedNode } from '../plan/plan-node.ts'
import type { ClockPort } from '../ports/clock-port.ts'
import type { LogPort } from '../ports/log-port.ts'
import type { MetricsPort } from '../ports/metrics-port.ts'
import type { NodeFilesPort } from '../ports/node-files-port.ts'
import type { NodeStatePort } from '../ports/node-state-port.ts'
import { sha256Hex } from '../text/digest.ts'
import { keepOverwritten } from './keep-overwritten.ts'
import { kindsOfManifest, sameKinds } from './manifest-kinds.ts'
import type { RepairLimits } from './repair-limits.ts'

export interface ApplyPorts {
  readonly files: NodeFilesPort
  readonly state: NodeStatePort
  readonly clock: ClockPort
  readonly log: LogPort
  readonly metrics: MetricsPort
}

export interface ApplyContext {
  readonly plan: PlannedNode
  readonly inventory: Inventory
  readonly revision: string
  /** Packaged files are staged by us, and so are in the inventory; with a K3s they are its own. */
  readonly ownsPackaged: boolean
  /** Asked right before a packaged file is renamed into place: does the K3s still run whose file this is? */
  readonly packagedStillWanted: () => Promise<boolean>
  readonly limits: RepairLimits
}

export interface Applied {
  readonly done: readonly FileChange[]
  readonly failures: readonly Failure[]
  /** Milliseconds until what was put off is looked at again: a fight, or a file that changed under our hands. */
  readonly postponedMs: number | undefined
}

/** A file that somebody is just writing is looked at again after this. */
const changedUnderHandsMs = 50

/**
 * Carries out a plan. What we are about to own is written down first, and what was seen written or gone is struck off
 * last, so that a kill on any line leaves nothing half-owned. One failing file does not stop the others.
 */
export async function applyFiles(context: ApplyContext, ports: ApplyPorts): Promise<Applied> {
  const changes = context.plan.changes.filter((change) => change.kind !== 'takeover')
  const intended = withIntentions(changes, context)
  await writeIfChanged(context.inventory.entries, intended, ports)

  const done: FileChange[] = []
  const failed: { readonly change: FileChange; readonly failure: Failure }[] = []
  const waits: number[] = []
  for (const change of changes) {
    const wait = change.cause === 'Drift' ? context.limits.waitFor(pathOf(change), ports.clock.nowMs()) : 0
    if (wait > 0 || namesFailedFile(change, failed)) {
      if (wait > 0) waits.push(wait)
      continue
    }
    try {
      if (await applyChange(change, context, ports)) done.push(change)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      if (error.detail.code === 'FILE_CHANGED') waits.push(changedUnderHandsMs)
      else failed.push({ change, failure: error })
    }
  }
  for (const { change, failure } of failed) {
    ports.log.warn({ path: pathOf(change), code: failure.detail.code, error: failure.message }, 'file refused')
  }
  await writeIfChanged(intended, await withOutcome(intended, changes, done, context, ports), ports)
  const failures = failed.map(({ failure }) => failure)
  return { done, failures, postponedMs: waits.length === 0 ? undefined : Math.min(...waits) }
}

/** Flags never go into place when the file that they name could not. */
function namesFailedFile(change: FileChange, failed: readonly { readonly change: FileChange }[]): boolean {
  return locationOf(change) === 'k3s-config' && failed.some((one) => locationOf(one.change) === 'flannel-conf')
}

async function applyChange(change: FileChange, context: ApplyContext, ports: ApplyPorts): Promise<boolean> {
  const path = pathOf(change)
  const entry = context.inventory.entries.get(change.id)
  const moved = await keepOverwritten(change, entry, context.limits, ports)
  if (!(await effect(change, moved, context, ports.files))) return false
  ports.metrics.changeApplied(change.kind, change.cause)
  const message = change.cause === 'Drift' ? 'drift repaired' : 'change applied'
  ports.log.info({ path, change: change.kind, revision: context.revision, impact: change.impact.kind }, message)
  return true
}

/** @param moved what was there has been moved away, to be kept */
async function effect(
  change: FileChange,
  moved: boolean,
  context: ApplyContext,
  files: NodeFilesPort,
): Promise<boolean> {
  const before = moved || change.kind === 'create' ? undefined : change.before
  switch (change.kind) {
    case 'create':
    case 'update':
      return files.writeFile(change.after.path, change.after.text, before)
    case 'restore':
      return files.writeFile(change.after.path, change.after.text, before, context.packagedStillWanted)
    case 'empty':
      return files.writeFile(change.before.path, '', before)
    case 'delete':
      if (!moved) await files.removeFile(change.before.path, change.before)
      return true
    case 'takeover':
      return false
    default:
      return change satisfies never
  }
}

type Entries = ReadonlyMap<ArtefactId, InventoryEntry>

function withIntentions(changes: readonly FileChange[], context: ApplyContext): Entries {
  const entries = new Map(context.inventory.entries)
  for (const change of changes) {
    if (change.kind === 'empty' || isMovedAway(change)) noteKinds(entries, change)
    if (!('after' in change) || !isOwned(change.after, context)) continue
    const known = entries.get(change.id)
    entries.set(change.id, {
      ...entryOf(change.after, context),
      digest: known?.digest ?? '',
      intended: digestOf(change.after),
    })
  }
  for (const claim of context.plan.claims) entries.set(claim.id, entryOf(claim, context))
  for (const id of context.plan.forget) entries.delete(id)
  return entries
}

/** Before the content is gone: nobody could tell afterwards what it held. */
function noteKinds(
  entries: Map<ArtefactId, InventoryEntry>,
  change: FileChange & { readonly kind: 'empty' | 'delete' },
): void {
  const entry = entries.get(change.id)
  if (entry === undefined) return
  const kinds = kindsOfManifest(change.before)
  const known = kinds === undefined ? entry : { ...entry, kinds }
  entries.set(change.id, isMovedAway(change) ? { ...known, moved: change.before.digest ?? '' } : known)
}

/** Its file goes, and what it leaves in the API is looked after. */
function isMovedAway(change: FileChange): change is FileChange & { readonly kind: 'delete' } {
  return change.kind === 'delete' && change.moved === 'other-addons'
}

async function withOutcome(
  intended: Entries,
  changes: readonly FileChange[],
  done: readonly FileChange[],
  context: ApplyContext,
  { files }: ApplyPorts,
): Promise<Entries> {
  const entries = new Map(intended)
  for (const change of done) {
    if ('after' in change && isOwned(change.after, context)) entries.set(change.id, entryOf(change.after, context))
    if (change.kind === 'empty') entries.set(change.id, emptied(entries.get(change.id), change.id, context))
    if (change.kind !== 'delete' || (await files.observeFile(change.before.path)) !== undefined) continue
    const entry = entries.get(change.id)
    if (entry?.moved !== undefined && isMovedAway(change))
      entries.set(change.id, movedAway(entry, entry.moved, context))
    else entries.delete(change.id)
  }
  for (const change of changes) {
    const entry = entries.get(change.id)
    if (done.includes(change) || entry === undefined || entry.digest !== '') continue
    // Never written by us: if it is not there with our content, it is not ours.
    const there = await files.observeFile(pathOf(change))
    if (!isOurContent(entry, there?.digest)) entries.delete(change.id)
  }
  return entries
}

function isOwned(file: FileArtefact, context: ApplyContext): boolean {
  return file.origin !== 'packaged' || context.ownsPackaged
}

function entryOf(file: FileArtefact, context: ApplyContext): InventoryEntry {
  const owner = file.origin === 'packaged' ? 'packaged' : 'program'
  const secret = file.secrecy === undefined ? {} : ({ holdsSecret: true } as const)
  return { id: file.id, digest: digestOf(file), revision: context.revision, class: owner, ...secret }
}

function emptied(entry: InventoryEntry | undefined, id: ArtefactId, context: ApplyContext): InventoryEntry {
  const secret = entry?.holdsSecret === true ? ({ holdsSecret: true } as const) : {}
  const kinds = entry?.kinds === undefined ? {} : { kinds: entry.kinds }
  return {
    id,
    digest: sha256Hex(''),
    revision: entry?.revision ?? context.revision,
    class: 'program',
    ...secret,
    ...kinds,
  }
}

/** Nothing that comes in its place is ours. */
function movedAway(entry: InventoryEntry, moved: string, context: ApplyContext): InventoryEntry {
  return { ...emptied(entry, entry.id, context), digest: '', moved }
}

function digestOf(file: FileArtefact): string {
  return sha256Hex(file.text)
}

/** A revision alone is no reason to write: the inventory of a settled node does not move. */
async function writeIfChanged(before: Entries, after: Entries, { state }: ApplyPorts): Promise<void> {
  const same =
    before.size === after.size &&
    [...after].every(([id, entry]) => {
      const known = before.get(id)
      return (
        known?.digest === entry.digest &&
        known.intended === entry.intended &&
        known.class === entry.class &&
        known.holdsSecret === entry.holdsSecret &&
        known.moved === entry.moved &&
        sameKinds(known.kinds, entry.kinds)
      )
    })
  if (!same) await state.writeInventory({ entries: after })
}

function locationOf(change: FileChange): FileLocation | undefined {
  return 'after' in change ? change.after.location : undefined
}

function pathOf(change: FileChange): string {
  return 'after' in change ? change.after.path : change.before.path
}
