import type { ClusterInventoryEntry } from '../../domain/cluster-inventory.ts'
import type { KubernetesObject } from '../../domain/facts.ts'
import { Failure } from '../../domain/failure.ts'
import { unreachable } from '../../domain/unreachable.ts'
import type { ClusterStep, HoldStep } from '../../plan/cluster/cluster-step.ts'
import { isEmpty, noFields, type OurFields, without } from '../../plan/cluster/our-fields.ts'
import { targetText } from '../../plan/cluster/step-text.ts'
import type { FieldConflict, KubeObjectsPort, LiveObject, ObjectRef } from '../../ports/kube-objects-port.ts'
import { concernsObject } from '../objects/object-failures.ts'
import { appliersOf, isAppliedBy } from './field-owners.ts'

export type StepObjects = Pick<KubeObjectsPort, 'get' | 'apply' | 'patch' | 'delete'>

export type StepOutcome =
  /** `writers`: whose values went; `live`: as it is now. */
  | { readonly kind: 'done'; readonly live?: LiveObject; readonly writers: readonly string[] }
  /** Somebody else declares these fields, and would for ever put them back. */
  | { readonly kind: 'conflict'; readonly message: string }
  /** Another object, or another state, than was planned for: the next pass decides anew. */
  | { readonly kind: 'stale' }
  | { readonly kind: 'failed'; readonly failure: Failure }

/** The name under which fields are ours. */
const ourManager = 'fairlead'

/** @param entry what the inventory said before this step was written down */
export async function takeStep(
  step: ClusterStep,
  entry: ClusterInventoryEntry | undefined,
  objects: StepObjects,
  signal: AbortSignal,
): Promise<StepOutcome> {
  try {
    switch (step.kind) {
      case 'hold':
        return await takeHold(step, entry, objects, signal)
      case 'delete-daemon-set': {
        const { namespace, name, uid } = step.daemonSet
        const ref = { apiVersion: 'apps/v1', kind: 'DaemonSet', namespace, name }
        await objects.delete(ref, { uid, propagation: 'Background' }, signal)
        return { kind: 'done', writers: [] }
      }
      case 'intend':
      case 'forget':
        return { kind: 'done', writers: [] }
      default:
        return unreachable(step)
    }
  } catch (error) {
    if (!concernsObject(error)) throw error
    if (moved.has(error.detail.code) || (await isAnother(step, error, objects, signal))) return { kind: 'stale' }
    return { kind: 'failed', failure: error }
  }
}

const moved = new Set(['KUBE_STALE', 'KUBE_MISSING'])

/** A uid that differs is answered as a field that cannot be changed. */
async function isAnother(
  step: ClusterStep,
  { detail }: Failure,
  objects: StepObjects,
  signal: AbortSignal,
): Promise<boolean> {
  if (step.kind !== 'hold' || detail.code !== 'KUBE_INVALID') return false
  const live = await objects.get(refOf(step), signal)
  return live?.metadata.uid !== step.target.uid
}

async function takeHold(
  step: HoldStep,
  entry: ClusterInventoryEntry | undefined,
  objects: StepObjects,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const returned = valuesToReturn(step, entry)
  if (!isEmpty(returned)) await giveBack(step, returned, objects, signal)
  try {
    return { kind: 'done', live: await objects.apply(heldObject(step), {}, signal), writers: [] }
  } catch (error) {
    if (!(error instanceof Failure) || error.detail.code !== 'KUBE_CONFLICT') throw error
    return await takeOver(step, entry, writersIn(error), objects, signal)
  }
}

/**
 * What somebody wrote once is replaced, and was written down where it was never ours. What somebody applies again and again
 * stays theirs.
 */
async function takeOver(
  step: HoldStep,
  entry: ClusterInventoryEntry | undefined,
  writers: readonly string[],
  objects: StepObjects,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const live = await objects.get(refOf(step), signal)
  if (live === undefined) return { kind: 'stale' }
  const appliers = appliersOf(live, step.fields).filter((manager) => manager !== ourManager)
  if (appliers.length > 0) {
    const names = appliers.map((name) => JSON.stringify(name)).join(', ')
    const message = `${targetText(step.target)}: ${names} ${appliers.length === 1 ? 'applies' : 'apply'} other values of its labels, and the repository must not ask for these`
    return { kind: 'conflict', message }
  }
  if (!isAsPlanned(live, step, entry ?? noFields)) return { kind: 'stale' }
  const { resourceVersion } = live.metadata
  const taken = await objects.apply(heldObject(step, { resourceVersion }), { force: true }, signal)
  return { kind: 'done', live: taken, writers }
}

/** The values that go are those that were written down. */
function isAsPlanned({ metadata }: LiveObject, { fields, taken }: HoldStep, entry: OurFields): boolean {
  const fresh = without(fields, entry)
  const isSame = (live: Texts, wanted: Texts, known: Texts): boolean =>
    Object.keys(wanted).every((key) => live[key] === undefined || live[key] === wanted[key] || live[key] === known[key])
  return (
    isSame(metadata.labels ?? {}, fresh.labels, taken.labels) &&
    isSame(metadata.annotations ?? {}, fresh.annotations, taken.annotations)
  )
}

type Texts = Readonly<Record<string, string>>

/** Of this very object: values that ours replaced, under keys that are ours no more. */
function valuesToReturn({ target, fields, written }: HoldStep, entry: ClusterInventoryEntry | undefined): OurFields {
  if (entry === undefined || entry.uid !== target.uid) return noFields
  return without(without(entry.replaced, fields), written)
}

/** Only where the value is still ours: what somebody wrote since then is newer than what they once had. */
async function giveBack(step: HoldStep, values: OurFields, objects: StepObjects, signal: AbortSignal): Promise<void> {
  const live = await objects.get(refOf(step), signal)
  if (live === undefined) return
  const labels = Object.entries(values.labels).filter(([key]) => isAppliedBy(live, ourManager, 'labels', key))
  const annotations = Object.entries(values.annotations).filter(([key]) =>
    isAppliedBy(live, ourManager, 'annotations', key),
  )
  if (labels.length + annotations.length === 0) return
  const metadata = {
    uid: live.metadata.uid,
    resourceVersion: live.metadata.resourceVersion,
    ...(labels.length === 0 ? {} : { labels: Object.fromEntries(labels) }),
    ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
  }
  await objects.patch(refOf(step), 'merge', { metadata }, {}, signal)
}

/** With the uid, an apply neither makes an object that is gone nor touches another one of the same name. */
function heldObject(
  { target, fields }: HoldStep,
  version: { readonly resourceVersion?: string } = {},
): KubernetesObject {
  const { kind, name, namespace, uid } = target
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    uid,
    ...version,
    ...(Object.keys(fields.labels).length === 0 ? {} : { labels: fields.labels }),
    ...(Object.keys(fields.annotations).length === 0 ? {} : { annotations: fields.annotations }),
  }
  return { apiVersion: 'v1', kind, metadata }
}

function refOf({ target: { kind, name, namespace } }: HoldStep): ObjectRef {
  return { apiVersion: 'v1', kind, name, ...(namespace === undefined ? {} : { namespace }) }
}

function writersIn({ cause }: Failure): readonly string[] {
  const { conflicts = [] } = (cause ?? {}) as { readonly conflicts?: readonly FieldConflict[] }
  return [...new Set(conflicts.map(({ manager }) => manager))].toSorted((a, b) => (a < b ? -1 : 1))
}
