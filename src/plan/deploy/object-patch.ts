import { asRecord, type Json } from '../../domain/plain-json.ts'
import { type AppliedCodec, appliedText, lastApplied, withApplied } from './applied-annotation.ts'
import type { PatchType } from './cluster-request.ts'
import type { DeployRules } from './deploy-rules.ts'
import type { GroupVersionKind } from './group-version-kind.ts'
import { mergeShape } from './merge-shapes.ts'
import { appliedAnnotation, withAnnotation } from './object-marks.ts'
import { needsReplacing } from './replace-rules.ts'
import { sameJson } from './same-json.ts'
import { threeWayPatch } from './three-way-patch.ts'

export type ObjectChange =
  | { readonly kind: 'none' }
  | { readonly kind: 'patch'; readonly patchType: PatchType; readonly patch: Json }
  /** Deleted now and created in the next pass: the API server would refuse the patch. */
  | { readonly kind: 'replace' }

/**
 * What has to be done to a live object.
 *
 * @param desired with its marks, without `applied`
 * @see rancher/wrangler pkg/apply/desiredset_compare.go (`applyPatch`); k3s-packaged-components §2.6
 */
export function changeObject(
  gvk: GroupVersionKind,
  desired: Json,
  live: Json,
  rules: DeployRules,
  codec: AppliedCodec,
): ObjectChange {
  const original = lastApplied(live, codec)
  const text = appliedText(desired, rules)
  const remembered = asRecord(JSON.parse(text))
  const mark = asRecord(asRecord(live['metadata'])['annotations'])[appliedAnnotation]
  // Encoders differ: bytes that say the same are no reason to write, and are not made anew.
  const sent =
    typeof mark === 'string' && sameJson(original, remembered)
      ? withAnnotation(desired, appliedAnnotation, mark)
      : withApplied(desired, rules, codec, text)
  const shape = mergeShape(gvk)
  const objects = { original, desired: sent, live }
  const patch = withoutServerFields(threeWayPatch(objects, shape ?? {}), rules)
  if (Object.keys(patch).length === 0) return { kind: 'none' }
  const base = Object.keys(original).length === 0 ? live : original
  if (needsReplacing(gvk, base, remembered, rules)) return { kind: 'replace' }
  return { kind: 'patch', patchType: shape === undefined ? 'merge' : 'strategic', patch }
}

function withoutServerFields(patch: Json, rules: DeployRules): Json {
  const { kind: _kind, apiVersion: _version, status, metadata, ...rest } = patch
  const keptStatus = status === undefined || rules.dropsStatusFromPatch ? {} : { status }
  const { creationTimestamp: _created, ...meta } = asRecord(metadata)
  return { ...rest, ...keptStatus, ...(Object.keys(meta).length > 0 ? { metadata: meta } : {}) }
}
