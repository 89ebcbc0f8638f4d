import type { KubernetesObject } from '../../domain/facts.ts'
import { asList, asRecord } from '../../domain/plain-json.ts'
import { objectKey } from '../../k3s/object-key.ts'
import { objectOwner } from '../../plan/objects/object-owner.ts'
import { orderObjects } from '../../plan/objects/order-objects.ts'
import { pruneObjection } from '../../plan/objects/prune-guard.ts'
import type { KubeObjectsPort, LiveObject, ObjectRef } from '../../ports/kube-objects-port.ts'
import { inParallel } from './in-parallel.ts'
import { concernsObject } from './object-failures.ts'
import { type ObjectOutcome, refOf } from './object-outcome.ts'

/** The manager of server-side apply whose fields are ours. */
const ourManager = 'fairlead'

/**
 * Removes what was applied once and is wanted no more, in the opposite order. Only what still carries fields that we
 * applied is ours to remove: another object of the same name is somebody else's.
 */
export async function pruneObjects(
  desired: readonly KubernetesObject[],
  previous: readonly ObjectRef[],
  { dryRun = false }: { readonly dryRun?: boolean },
  port: Pick<KubeObjectsPort, 'get' | 'list' | 'delete'>,
  signal: AbortSignal,
): Promise<readonly ObjectOutcome[]> {
  const wanted = new Set(desired.map((object) => objectKey(refOf(object))))
  const gone = previous.filter((ref) => !wanted.has(objectKey(ref))).map(asObject)
  const stages = orderObjects(gone).toReversed()
  const outcomes: ObjectOutcome[] = []
  for (const { objects } of stages) {
    outcomes.push(...(await inParallel(objects, (object) => pruneOne(refOf(object), dryRun, port, signal), signal)))
  }
  return outcomes
}

async function pruneOne(
  ref: ObjectRef,
  dryRun: boolean,
  port: Pick<KubeObjectsPort, 'get' | 'delete'>,
  signal: AbortSignal,
): Promise<ObjectOutcome> {
  try {
    const live = await port.get(ref, signal)
    if (live === undefined) return { ref, kind: 'Pruned' }
    const objection = objectionTo(live)
    if (objection !== undefined) return { ref, kind: 'Kept', ...objection }
    // Of something that is being deleted already, nothing is left to do.
    const { uid } = live.metadata
    const deletion = await port.delete(ref, { uid, propagation: 'Background', dryRun }, signal)
    return deletion === 'deleting' && !dryRun
      ? { ref, kind: 'NotReached', message: 'it is being deleted, and its finalizers are not done' }
      : { ref, kind: 'Pruned' }
  } catch (error) {
    if (!concernsObject(error)) throw error
    if (error.detail.code === 'KUBE_KIND_UNKNOWN') return { ref, kind: 'Pruned' }
    return { ref, kind: 'Refused', failure: error }
  }
}

type Objection = Pick<Extract<ObjectOutcome, { kind: 'Kept' }>, 'reason' | 'message'>

function objectionTo(live: LiveObject): Objection | undefined {
  const owner = objectOwner(live.metadata)
  if (owner !== undefined) return { reason: 'NotOurs', message: `it belongs to ${owner.tool} (${owner.name}) now` }
  if (!isApplied(live)) return { reason: 'NotOurs', message: 'nothing of it was applied by Fairlead' }
  const objection = pruneObjection(live)
  switch (objection?.kind) {
    case undefined:
      return undefined
    case 'OptedOut':
      return { reason: 'OptedOut', message: `it says ${objection.mark}` }
    case 'Unconfirmed':
      return {
        reason: 'Unconfirmed',
        message: `everything that belongs to it would go as well; annotate it with fairlead.dev/prune: confirmed`,
      }
  }
}

function isApplied(live: LiveObject): boolean {
  return asList(live.metadata['managedFields'])
    .map(asRecord)
    .some(({ manager, operation }) => manager === ourManager && operation === 'Apply')
}

function asObject({ apiVersion, kind, name, namespace }: ObjectRef): KubernetesObject {
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } }
}
