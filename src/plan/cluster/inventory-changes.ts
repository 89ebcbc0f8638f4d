import type { ArtefactId } from '../../domain/artefact.ts'
import type { ClusterInventoryEntry } from '../../domain/cluster-inventory.ts'
import { unreachable } from '../../domain/unreachable.ts'
import type { ClusterStep, HoldStep } from './cluster-step.ts'
import { isEmpty, joined, noFields, type OurFields, within } from './our-fields.ts'

type Entries = ReadonlyMap<ArtefactId, ClusterInventoryEntry>

/** What is to be written down before the effect: all that is ours, or is about to be. The same map where nothing is new. */
export function entriesBefore(entries: Entries, steps: readonly ClusterStep[], revision: string): Entries {
  const changed = new Map<ArtefactId, ClusterInventoryEntry>()
  for (const step of steps) {
    if (step.kind === 'forget') continue
    const before = changed.get(step.id) ?? entries.get(step.id)
    const entry = entryWith(before, step.id, intentionOf(step), revision)
    if (!isSameEntry(before, entry)) changed.set(step.id, entry)
  }
  return changed.size === 0 ? entries : new Map([...entries, ...changed])
}

/** What is left once the steps were seen to have worked. The same map where nothing went. */
export function entriesAfter(entries: Entries, done: readonly ClusterStep[]): Entries {
  const changed = new Map<ArtefactId, ClusterInventoryEntry | undefined>()
  for (const step of done) {
    const entry = entries.get(step.id)
    if (entry === undefined || (step.kind !== 'hold' && step.kind !== 'forget')) continue
    const kept = step.kind === 'hold' ? entryOf(entry, step) : undefined
    if (kept === undefined || !isSameEntry(entry, kept)) changed.set(step.id, kept)
  }
  if (changed.size === 0) return entries
  const next = new Map(entries)
  for (const [id, entry] of changed) {
    if (entry === undefined) next.delete(id)
    else next.set(id, entry)
  }
  return next
}

interface Intention {
  readonly fields: OurFields
  readonly taken: OurFields
  readonly uid?: string
}

function intentionOf(step: Exclude<ClusterStep, { kind: 'forget' }>): Intention {
  switch (step.kind) {
    case 'hold':
      return { fields: step.fields, taken: step.taken, uid: step.target.uid }
    case 'intend':
      return { fields: step.fields, taken: noFields }
    case 'delete-daemon-set':
      return { fields: step.fieldsAfter, taken: noFields }
    default:
      return unreachable(step)
  }
}

function entryWith(
  before: ClusterInventoryEntry | undefined,
  id: ArtefactId,
  { fields, taken, uid }: Intention,
  revision: string,
): ClusterInventoryEntry {
  const isSameObject = before?.uid === undefined || uid === undefined || before.uid === uid
  const replaced = joined(isSameObject ? (before?.replaced ?? noFields) : noFields, taken)
  const holder = uid ?? before?.uid
  return {
    id,
    ...joined(before ?? noFields, fields),
    replaced,
    ...(isEmpty(replaced) || holder === undefined ? {} : { uid: holder }),
    revision: before?.revision ?? revision,
  }
}

function entryOf(entry: ClusterInventoryEntry, { written }: HoldStep): ClusterInventoryEntry | undefined {
  if (isEmpty(written)) return undefined
  const replaced = within(entry.replaced, written)
  const { uid, ...rest } = entry
  return { ...rest, ...within(entry, written), replaced, ...(isEmpty(replaced) || uid === undefined ? {} : { uid }) }
}

function isSameEntry(a: ClusterInventoryEntry | undefined, b: ClusterInventoryEntry): boolean {
  return a !== undefined && JSON.stringify(contentOf(a)) === JSON.stringify(contentOf(b))
}

function contentOf({ labels, annotations, replaced, uid }: ClusterInventoryEntry): unknown {
  const parts = [labels, annotations, replaced.labels, replaced.annotations]
  return [uid, ...parts.map((texts) => Object.entries(texts).toSorted(([a], [b]) => (a < b ? -1 : 1)))]
}
