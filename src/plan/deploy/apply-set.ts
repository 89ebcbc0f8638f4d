import { asRecord, type Json } from '../../domain/plain-json.ts'
import { applyKind } from './apply-kind.ts'
import type { ApplyOutcome, DeployContext } from './deploy-context.ts'
import type { Steps } from './deploy-steps.ts'
import { desiredObjects, type KindGroup, kindGroups, nameOf } from './desired-set.ts'
import { type GroupVersionKind, gvkOf } from './group-version-kind.ts'
import { addonNamespace } from './object-marks.ts'
import { servedKind } from './served-kinds.ts'

export interface ApplySet {
  readonly addon: string
  /** As they were parsed. */
  readonly objects: readonly Json[]
  /** Kinds to look for objects in that are no longer wanted, besides those of `objects`. */
  readonly pruned: readonly GroupVersionKind[]
}

/**
 * Brings the objects of one Addon to what its file says. An error of one object or kind keeps none of the others from
 * being tried.
 * @see rancher/wrangler pkg/apply/desiredset_apply.go, desiredset_process.go; k3s-packaged-components §2.6
 */
export function* applySet(set: ApplySet, context: DeployContext): Steps<ApplyOutcome> {
  const total = { created: 0, patched: 0, deleted: 0, unchanged: 0 }
  const errors: string[] = []
  const groups = kindGroups(set.objects, set.pruned)
  const elsewhere = context.rules.keepsOtherVersions ? otherVersions(set.objects) : () => new Set<string>()
  for (const group of groups) {
    const served = yield* servedKind(group.gvk, context.known)
    if (!served.ok) {
      errors.push(served.error.message)
      continue
    }
    const desired = desiredObjects(group, served.value, set.addon)
    const outcome = yield* applyKind({
      gvk: group.gvk,
      served: served.value,
      desired,
      kept: elsewhere(group),
      addon: set.addon,
      // The set id, which is empty, and the owner.
      label: ` ${addonNamespace}/${set.addon}`,
      context,
    })
    total.created += outcome.created
    total.patched += outcome.patched
    total.deleted += outcome.deleted
    total.unchanged += outcome.unchanged
    errors.push(...outcome.errors)
  }
  return { ...total, errors }
}

/** Names that the file has under another version of the same kind: the same objects to the API server. */
function otherVersions(objects: readonly Json[]): (group: KindGroup) => ReadonlySet<string> {
  return ({ gvk }) => {
    const names = new Set<string>()
    for (const object of objects) {
      const other = gvkOf(object)
      if (other?.group !== gvk.group || other.kind !== gvk.kind || other.version === gvk.version) continue
      names.add(nameOf(object))
      if (asRecord(object['metadata'])['namespace'] === undefined) names.add(`default${nameOf(object)}`)
    }
    return names
  }
}
