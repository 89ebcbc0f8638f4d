import { asRecord, type Json } from '../../domain/plain-json.ts'
import { withApplied } from './applied-annotation.ts'
import { compareBytes } from './byte-order.ts'
import type { ClusterAnswer, ClusterRequest, ServedKind } from './cluster-request.ts'
import type { ApplyOutcome, DeployContext } from './deploy-context.ts'
import { type Steps, send } from './deploy-steps.ts'
import { nameOf, type ObjectName, splitName } from './desired-set.ts'
import { type GroupVersionKind, gvkText } from './group-version-kind.ts'
import { hashLabel, ownerHash, pruneLabel } from './object-marks.ts'
import { changeObject, type ObjectChange } from './object-patch.ts'

export interface KindWork {
  readonly gvk: GroupVersionKind
  readonly served: ServedKind
  /** Sorted by name, with marks. */
  readonly desired: ReadonlyMap<ObjectName, Json>
  /** Never pruned. */
  readonly kept: ReadonlySet<ObjectName>
  readonly addon: string
  /** What errors call the set. */
  readonly label: string
  readonly context: DeployContext
}

/** The objects of one kind: creates, then updates, then deletes. */
export function* applyKind(work: KindWork): Steps<ApplyOutcome> {
  const listed = yield* listOwned(work)
  if (typeof listed === 'string') return { created: 0, patched: 0, deleted: 0, unchanged: 0, errors: [listed] }
  const missing = [...work.desired].filter(([name]) => !listed.has(name))
  const present = [...work.desired].filter(([name]) => listed.has(name))
  const creation = yield* create(work, missing)
  const live = new Map([...listed, ...creation.adopted])
  const adopted = missing.filter(([name]) => creation.adopted.has(name))
  const update = yield* updateAll(work, [...present, ...adopted], live)
  const unwanted = [...listed].filter(([name, object]) => !work.desired.has(name) && mayPrune(work, name, object))
  const removal = yield* remove(work, unwanted.map(([name]) => name).sort(compareBytes))
  return {
    created: creation.created,
    patched: update.patched,
    deleted: removal.deleted + update.deleted,
    unchanged: update.unchanged,
    errors: [...creation.errors, ...update.errors, ...removal.errors],
  }
}

function* listOwned(work: KindWork): Steps<ReadonlyMap<ObjectName, Json> | string> {
  const { served, addon, gvk, label, desired, context } = work
  const [answer] = yield* send([{ verb: 'list', of: served, labelSelector: `${hashLabel}=${ownerHash(addon)}` }])
  if (answer?.ok === true) return new Map(('items' in answer ? answer.items : []).map((item) => [nameOf(item), item]))
  if (answer?.status === 404) {
    context.known.delete(gvkText(gvk))
    // The kind went, with its definition in this very file perhaps, and took its objects along.
    if (desired.size === 0) return new Map()
  }
  return `failed to list ${gvkText(gvk)} for ${label}: ${answer?.message ?? ''}`
}

/** What exists already without belonging to the set is taken over: `adopted`, as it is live. */
function* create(
  work: KindWork,
  missing: readonly (readonly [ObjectName, Json])[],
): Steps<{
  readonly created: number
  readonly adopted: ReadonlyMap<ObjectName, Json>
  readonly errors: readonly string[]
}> {
  const { rules, codec } = work.context
  const answers = yield* send(
    missing.map(([name, object]) => ({
      verb: 'create' as const,
      of: work.served,
      namespace: splitName(name).namespace,
      object: withApplied(object, rules, codec),
    })),
  )
  const outcomes = missing.map(([name], index) => ({ name, answer: answers[index] }))
  const existing = outcomes.filter(({ answer }) => isAlreadyThere(answer)).map(({ name }) => name)
  const found = yield* send(existing.map((name) => ({ verb: 'get' as const, of: work.served, ...splitName(name) })))
  const adopted = new Map<ObjectName, Json>()
  for (const [index, answer] of found.entries()) {
    const name = existing[index]
    if (name !== undefined && answer.ok && 'object' in answer) adopted.set(name, answer.object)
  }
  const failed = outcomes.filter(({ name, answer }) => answer?.ok !== true && !adopted.has(name))
  return {
    created: outcomes.filter(({ answer }) => answer?.ok === true).length,
    adopted,
    errors: failed.map(({ name, answer }) => failure(work, 'create', name, answer)),
  }
}

function isAlreadyThere(answer: ClusterAnswer | undefined): boolean {
  return answer?.ok === false && answer.reason === 'AlreadyExists'
}

function* updateAll(
  work: KindWork,
  objects: readonly (readonly [ObjectName, Json])[],
  live: ReadonlyMap<ObjectName, Json>,
): Steps<Pick<ApplyOutcome, 'patched' | 'deleted' | 'unchanged' | 'errors'>> {
  const { rules, codec } = work.context
  const requests = objects.flatMap(([name, desired]) => {
    const change = changeObject(work.gvk, desired, live.get(name) ?? {}, rules, codec)
    return change.kind === 'none' ? [] : [{ name, request: requestFor(change, work.served, name) }]
  })
  const answers = yield* send(requests.map(({ request }) => request))
  const outcomes = requests.map(({ name, request: { verb } }, index) => ({ name, verb, answer: answers[index] }))
  const errors = outcomes.flatMap(({ name, verb, answer }) => {
    const failed =
      answer?.ok === true || isGone(verb, answer)
        ? []
        : [failure(work, verb === 'patch' ? 'update' : verb, name, answer)]
    // The next pass makes it anew; until then the file has not succeeded.
    return verb === 'delete'
      ? [...failed, `DesiredSet - Replace Wait ${gvkText(work.gvk)} ${name} for ${work.label}`]
      : failed
  })
  return {
    patched: outcomes.filter(({ verb, answer }) => verb === 'patch' && answer?.ok === true).length,
    deleted: outcomes.filter(({ verb, answer }) => verb === 'delete' && answer?.ok === true).length,
    unchanged: objects.length - requests.length,
    errors,
  }
}

function requestFor(
  change: Exclude<ObjectChange, { readonly kind: 'none' }>,
  served: ServedKind,
  name: ObjectName,
): ClusterRequest {
  const where = { of: served, ...splitName(name) }
  if (change.kind === 'replace') return { verb: 'delete', ...where }
  return { verb: 'patch', ...where, patchType: change.patchType, patch: change.patch }
}

function mayPrune({ context: { rules }, kept, desired }: KindWork, name: ObjectName, object: Json): boolean {
  if (kept.has(name)) return false
  if (rules.honoursPruneLabel && asRecord(asRecord(object['metadata'])['labels'])[pruneLabel] === 'false') return false
  if (!rules.prunesUsedNamespacesOnly) return true
  return [...desired.keys()].some((used) => splitName(used).namespace === splitName(name).namespace)
}

function* remove(
  work: KindWork,
  names: readonly ObjectName[],
): Steps<{ readonly deleted: number; readonly errors: readonly string[] }> {
  const answers = yield* send(names.map((name) => ({ verb: 'delete' as const, of: work.served, ...splitName(name) })))
  const failed = names.filter((_name, index) => !answers[index]?.ok && !isGone('delete', answers[index]))
  return {
    deleted: answers.filter(({ ok }) => ok).length,
    errors: failed.map((name) => failure(work, 'delete', name, answers[names.indexOf(name)])),
  }
}

function isGone(verb: ClusterRequest['verb'], answer: ClusterAnswer | undefined): boolean {
  return verb === 'delete' && answer?.ok === false && answer.status === 404
}

function failure(work: KindWork, verb: string, name: ObjectName, answer: ClusterAnswer | undefined): string {
  const message = answer?.ok === false ? answer.message : 'no answer'
  return `failed to ${verb} ${name} ${gvkText(work.gvk)} for ${work.label}: ${message}`
}
