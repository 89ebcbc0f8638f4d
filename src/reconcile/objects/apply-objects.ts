import type { KubernetesObject } from '../../domain/facts.ts'
import { objectKey } from '../../k3s/object-key.ts'
import { setNeeds } from '../../plan/objects/object-needs.ts'
import { objectOwner } from '../../plan/objects/object-owner.ts'
import { definedKind, orderObjects } from '../../plan/objects/order-objects.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeKind, KubeObjectsPort, LiveObject, ObjectRef } from '../../ports/kube-objects-port.ts'
import { awaitHealth } from './await-health.ts'
import { awaitServed } from './await-served.ts'
import { inParallel } from './in-parallel.ts'
import { concernsObject } from './object-failures.ts'
import { type ObjectOutcome, refOf, refText } from './object-outcome.ts'
import { pruneObjects } from './prune-objects.ts'
import { readLive } from './read-live.ts'

export interface ApplyObjectsOptions {
  /** Says what would happen and writes nothing. The server checks each object whose kind and namespace are there. */
  readonly dryRun?: boolean
  /** Fields that others own: named and left alone, or taken. */
  readonly conflicts?: 'Report' | 'Take'
  /** What was applied the last time: of these, what is not desired any more is removed. */
  readonly previous?: readonly ObjectRef[]
  /** How long definitions and namespaces may take before what needs them is given up for this pass. */
  readonly readyWithinMs?: number
}

export interface ApplyObjectsPorts {
  readonly objects: KubeObjectsPort
  readonly clock: Pick<ClockPort, 'monotonicMs' | 'sleep'>
}

export interface ApplyObjectsResult {
  /** One for each desired object, in the order in which they are applied; then what was to be removed. */
  readonly outcomes: readonly ObjectOutcome[]
  /** What the next pass is given as `previous`: sorted, and shorter only by what was seen gone. */
  readonly inventory: readonly ObjectRef[]
}

const defaultReadyMs = 30_000

/**
 * Makes the cluster hold `desired` by server-side apply, stage by stage. A pass over objects that are as they should be
 * reads collections and writes nothing. What one object is refused for does not stop the others, only those that need it.
 *
 * @throws Failure when the cluster could not be read, or cannot be reached at all: KUBE_UNREACHABLE and its like
 */
export async function applyObjects(
  desired: readonly KubernetesObject[],
  options: ApplyObjectsOptions,
  ports: ApplyObjectsPorts,
  signal: AbortSignal,
): Promise<ApplyObjectsResult> {
  const todo = new Set(await ports.objects.unapplied(desired, signal))
  const live = await readLive([...todo], ports.objects, signal)
  const needs = setNeeds(desired)
  const neededOf = neededBy(todo, needs)
  const outcomes = new Map<string, ObjectOutcome>()
  const unready = new Map<string, string>()

  for (const stage of orderObjects(desired)) {
    const pass = {
      options,
      ports,
      live,
      missing: (object: KubernetesObject) => missingNeed(needs(object), unready),
    }
    const answers = await inParallel(
      stage.objects,
      (object) => (todo.has(object) ? applyOne(object, pass, signal) : unchanged(object)),
      signal,
    )
    for (const outcome of answers) outcomes.set(objectKey(outcome.ref), outcome)
    const needed = stage.objects.flatMap((object) => neededOf.get(object) ?? [])
    const reasons = await inParallel(
      needed,
      async ({ object, kinds }) => ({
        object,
        reason: await unreadyReason(object, kinds, outcomes.get(keyOf(object)), options, ports, signal),
      }),
      signal,
    )
    for (const { object, reason } of reasons) if (reason !== undefined) unready.set(keyOf(object), reason)
  }
  const pruned = await pruneObjects(desired, options.previous ?? [], options, ports.objects, signal)
  return {
    outcomes: [...outcomes.values(), ...pruned],
    inventory: inventoryAfter(desired, outcomes, options.previous ?? [], pruned),
  }
}

interface Pass {
  readonly options: ApplyObjectsOptions
  readonly ports: ApplyObjectsPorts
  readonly live: ReadonlyMap<string, LiveObject>
  /** Why an object cannot be applied now; undefined when nothing stands against it. */
  missing(object: KubernetesObject): NotReady | undefined
}

interface NotReady {
  readonly object: KubernetesObject
  readonly reason: string
}

/** In a dry run, what is not there because it would only be made is no obstacle. */
const wouldBeMade = 'it would be made'

async function unchanged(object: KubernetesObject): Promise<ObjectOutcome> {
  return { ref: refOf(object), kind: 'Unchanged' }
}

async function applyOne(object: KubernetesObject, pass: Pass, signal: AbortSignal): Promise<ObjectOutcome> {
  const ref = refOf(object)
  const before = pass.live.get(objectKey(ref))
  const missing = pass.missing(object)
  if (missing?.reason === wouldBeMade) return { ref, kind: 'Created' }
  if (missing !== undefined) {
    return { ref, kind: 'NotReached', message: `it needs ${refText(refOf(missing.object))}: ${missing.reason}` }
  }
  const owner = before === undefined ? undefined : objectOwner(before.metadata)
  if (owner !== undefined && objectOwner(object.metadata)?.name !== owner.name) return { ref, kind: 'Foreign', owner }
  const { dryRun = false, conflicts = 'Report' } = pass.options
  try {
    const after = await pass.ports.objects.apply(object, { dryRun, force: conflicts === 'Take' }, signal)
    if (before === undefined) return { ref, kind: 'Created' }
    return { ref, kind: after.metadata.resourceVersion === before.metadata.resourceVersion ? 'Unchanged' : 'Changed' }
  } catch (error) {
    if (!concernsObject(error)) throw error
    return { ref, kind: 'Refused', failure: error }
  }
}

function missingNeed(needed: readonly KubernetesObject[], unready: ReadonlyMap<string, string>): NotReady | undefined {
  const found = needed.flatMap((object) => {
    const reason = unready.get(keyOf(object))
    return reason === undefined ? [] : [{ object, reason }]
  })
  return found.find(({ reason }) => reason !== wouldBeMade) ?? found[0]
}

interface Needed {
  readonly object: KubernetesObject
  /** Kinds, of what needs it, that it has to define; empty for a namespace. */
  readonly kinds: readonly KubeKind[]
}

/** What objects that are still to be applied cannot be without. */
function neededBy(
  todo: Iterable<KubernetesObject>,
  needsOf: (object: KubernetesObject) => readonly KubernetesObject[],
): ReadonlyMap<KubernetesObject, Needed> {
  const needed = new Map<KubernetesObject, Map<string, KubeKind>>()
  for (const { object, need } of [...todo].flatMap((one) => needsOf(one).map((need) => ({ object: one, need })))) {
    const kinds = needed.get(need) ?? new Map<string, KubeKind>()
    const { apiVersion, kind } = object
    if (definedKind(need) !== undefined) kinds.set(`${apiVersion} ${kind}`, { apiVersion, kind })
    needed.set(need, kinds)
  }
  return new Map([...needed].map(([object, kinds]) => [object, { object, kinds: [...kinds.values()] }]))
}

async function unreadyReason(
  object: KubernetesObject,
  kinds: readonly KubeKind[],
  outcome: ObjectOutcome | undefined,
  { dryRun = false, readyWithinMs = defaultReadyMs }: ApplyObjectsOptions,
  ports: ApplyObjectsPorts,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (outcome?.kind === 'Refused') return outcome.failure.message
  if (outcome?.kind === 'NotReached') return outcome.message
  if (dryRun && outcome?.kind === 'Created') return wouldBeMade
  const health = await awaitHealth(refOf(object), readyWithinMs, ports, signal)
  if (health.state !== 'Current') return health.message
  const served = await Promise.all(kinds.map((kind) => awaitServed(kind, readyWithinMs, ports, signal)))
  return served.every(Boolean) ? undefined : 'the server does not serve its kind yet'
}

/** What is, or may be, there because of us: also what was refused after it had been applied once. */
function inventoryAfter(
  desired: readonly KubernetesObject[],
  outcomes: ReadonlyMap<string, ObjectOutcome>,
  previous: readonly ObjectRef[],
  pruned: readonly ObjectOutcome[],
): readonly ObjectRef[] {
  const known = new Map(previous.map((ref) => [objectKey(ref), ref]))
  for (const { kind, ref } of pruned) if (kind === 'Pruned') known.delete(objectKey(ref))
  for (const object of desired) {
    const kind = outcomes.get(keyOf(object))?.kind
    if (kind === 'Created' || kind === 'Changed' || kind === 'Unchanged') known.set(keyOf(object), refOf(object))
  }
  return [...known].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, ref]) => ref)
}

function keyOf(object: KubernetesObject): string {
  return objectKey(refOf(object))
}
