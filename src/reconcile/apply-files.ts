import type { ArtefactId, FileArtefact } from '../domain/artefact.ts'
import type { FileChange } from '../domain/change.ts'
import { Failure } from '../domain/failure.ts'
import type { Inventory, InventoryEntry } from '../domain/inventory.ts'
import type { PlannedNode } from '../plan/plan-node.ts'
import type { ClockPort } from '../ports/clock-port.ts'
import type { LogPort } from '../ports/log-port.ts'
import type { MetricsPort } from '../ports/metrics-port.ts'
import type { NodeFilesPort } from '../ports/node-files-port.ts'
import type { NodeStatePort } from '../ports/node-state-port.ts'
import { sha256Hex } from '../text/digest.ts'
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
  /** Repairs that were put off because somebody keeps undoing them. */
  readonly postponedMs: number | undefined
}

/**
 * Carries out a plan. What we are about to own is written down first and what is gone is struck off last, so that a kill
 * on any line leaves nothing half-owned. One failing file does not stop the others.
 */
export async function applyFiles(context: ApplyContext, ports: ApplyPorts): Promise<Applied> {
  const changes = context.plan.changes.filter((change) => change.kind !== 'takeover')
  const entries = new Map(context.inventory.entries)
  for (const file of newlyOwned(changes, context)) entries.set(file.id, file)
  for (const id of context.plan.forget) entries.delete(id)
  await writeIfChanged(context.inventory, entries, ports)

  const done: FileChange[] = []
  const failures: Failure[] = []
  const waits: number[] = []
  for (const change of changes) {
    const wait = change.cause === 'Drift' ? context.limits.waitFor(pathOf(change), ports.clock.nowMs()) : 0
    if (wait > 0) {
      waits.push(wait)
      continue
    }
    try {
      if (await applyChange(change, context, ports)) done.push(change)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      failures.push(error)
      ports.log.warn({ path: pathOf(change), code: error.detail.code, error: error.message }, 'file refused')
    }
  }
  await strikeOff(done, entries, ports)
  return { done, failures, postponedMs: waits.length === 0 ? undefined : Math.min(...waits) }
}

async function applyChange(change: FileChange, context: ApplyContext, ports: ApplyPorts): Promise<boolean> {
  const path = pathOf(change)
  // Staging the bundle over somebody's file of that name is no drift, but their text is kept all the same.
  const overwrites = change.kind === 'restore' && change.before !== undefined
  if (change.cause === 'Drift' || overwrites) await keepEdit(change, context, ports)
  if (!(await effect(change, context, ports))) return false
  ports.metrics.changeApplied(change.kind, change.cause)
  const message = change.cause === 'Drift' ? 'drift repaired' : 'change applied'
  ports.log.info({ path, change: change.kind, revision: context.revision, impact: change.impact.kind }, message)
  return true
}

async function effect(change: FileChange, context: ApplyContext, { files }: ApplyPorts): Promise<boolean> {
  switch (change.kind) {
    case 'create':
    case 'update':
      return files.writeFile(change.after.path, change.after.text)
    case 'restore':
      return files.writeFile(change.after.path, change.after.text, context.packagedStillWanted)
    case 'empty':
      return files.writeFile(change.before.path, '')
    case 'delete':
      await files.removeFile(change.before.path)
      return true
    case 'takeover':
      return false
    default:
      return change satisfies never
  }
}

/** The content that a repair overwrites, and who wrote it; also counts the repair. */
async function keepEdit(change: FileChange, context: ApplyContext, ports: ApplyPorts): Promise<void> {
  const path = pathOf(change)
  const before = change.kind === 'create' ? undefined : change.before
  const writer = before === undefined ? 'unknown' : await ports.files.describeWriter(path)
  if (change.cause === 'Drift') context.limits.repaired(path, ports.clock.nowMs(), writer)
  const text = before?.text ?? ''
  const wanted = 'after' in change ? change.after.text : ''
  const cause = before === undefined ? 'deleted' : text === wanted ? 'mode' : 'edited'
  if (cause === 'edited' && before?.text === undefined) return
  const repairedAt = new Date(ports.clock.nowMs()).toISOString()
  await ports.state.keepLostEdit({ path, digest: sha256Hex(text), repairedAt, cause, writer }, text)
}

function newlyOwned(changes: readonly FileChange[], context: ApplyContext): InventoryEntry[] {
  const written = changes.flatMap((change) => ('after' in change ? [change.after] : []))
  return [...written, ...context.plan.claims]
    .filter((file) => file.origin !== 'packaged' || context.ownsPackaged)
    .map((file) => entryOf(file, context.revision))
}

function entryOf(file: FileArtefact, revision: string): InventoryEntry {
  const owner = file.origin === 'packaged' ? 'packaged' : 'program'
  return { id: file.id, digest: sha256Hex(file.text), revision, class: owner }
}

async function strikeOff(
  done: readonly FileChange[],
  entries: Map<ArtefactId, InventoryEntry>,
  ports: ApplyPorts,
): Promise<void> {
  const gone = done.filter((change) => change.kind === 'delete')
  if (gone.length === 0) return
  for (const change of gone) {
    if ((await ports.files.observeFile(change.before.path)) === undefined) entries.delete(change.id)
  }
  await ports.state.writeInventory({ entries })
}

/** A revision alone is no reason to write: the inventory of a settled node does not move. */
async function writeIfChanged(
  before: Inventory,
  entries: ReadonlyMap<ArtefactId, InventoryEntry>,
  ports: ApplyPorts,
): Promise<void> {
  const same =
    before.entries.size === entries.size &&
    [...entries].every(([id, entry]) => {
      const known = before.entries.get(id)
      return known !== undefined && known.digest === entry.digest && known.class === entry.class
    })
  if (!same) await ports.state.writeInventory({ entries })
}

function pathOf(change: FileChange): string {
  return 'after' in change ? change.after.path : change.before.path
}
