import type { Json } from '../../domain/plain-json.ts'
import { addonName } from '../../k3s/manifest-rules.ts'
import { sha256Hex } from '../../text/digest.ts'
import { addonKind, checksumOf, isStored, newAddon, recordedGvks, settledAddon } from './addon.ts'
import { applySet } from './apply-set.ts'
import type { ApplyCounts, DeployContext } from './deploy-context.ts'
import { type DeployReason, deployEvent } from './deploy-event.ts'
import { emit, readFile, type Steps, sendOne, takeTurn } from './deploy-steps.ts'
import { distinctGvks, servedGvks } from './distinct-gvks.ts'
import { type DeployMemory, type FileMark, passesChecksumGate } from './file-gates.ts'
import { addonNamespace } from './object-marks.ts'
import { parseManifest } from './parse-manifest.ts'
import { problemText } from './problem-text.ts'
import type { Safeguards } from './safeguards.ts'
import { sameJson } from './same-json.ts'

export type FileOutcome =
  /** `isRevert`: the content of the last success, after an attempt with another one that failed half-way. */
  | { readonly kind: 'applied'; readonly counts: ApplyCounts; readonly isRevert?: true }
  /** The checksum is that of the last success. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'failed'; readonly reason: DeployReason | 'AddonFailed'; readonly message: string }

export interface FileResult {
  readonly outcome: FileOutcome
  readonly mark: FileMark
}

/**
 * Deploys one file: Addon, read, checksum, parse, apply, Addon again, in the order of the release.
 * @see k3s-packaged-components §2.4
 */
export function* deployFile(
  path: string,
  memory: DeployMemory,
  safeguards: Safeguards,
  context: DeployContext,
): Steps<FileResult> {
  const { rules } = context
  const name = addonName(path)
  const fetched = yield* fetchAddon(name, path)
  if (!fetched.ok) return failed('AddonFailed', fetched.message)
  let { addon } = fetched
  if (rules.addonFirst && !isStored(addon)) {
    const created = yield* sendOne({ verb: 'create', of: addonKind, namespace: addonNamespace, object: addon })
    if (!created.ok) return failed('AddonFailed', created.error.message)
    addon = created.value
  }
  const fail = function* (reason: DeployReason, message: string, mark: FileMark = 'failed'): Steps<FileResult> {
    if (rules.events) yield* emit(deployEvent(reason, addon, path, message))
    return { ...failed(reason, message), mark }
  }
  const content = yield* readFile(path)
  if ('message' in content) return yield* fail('ReadManifestFailed', content.message)
  const checksum = sha256Hex(content.bytes)
  if (!passesChecksumGate({ path, checksum, applied: checksumOf(addon) }, memory, safeguards)) {
    return { outcome: { kind: 'unchanged' }, mark: 'success' }
  }
  const parsed = parseManifest(content.bytes, path, rules)
  if (!parsed.ok) return yield* fail('ParseManifestFailed', problemText(parsed.error))
  const gvks = distinctGvks(parsed.value)
  const kinds = yield* servedGvks([...gvks, ...recordedGvks(addon, rules)], context)
  if (!kinds.ok) return yield* fail('ValidateManifestFailed', kinds.error.message)
  if (rules.events) yield* emit(deployEvent('ApplyingManifest', addon, path))
  const delayed = yield* takeTurn(name, rules.waitsForTurn)
  if (delayed !== undefined) return yield* fail('ApplyManifestFailed', delayed)
  const applied = yield* applySet({ addon: name, objects: parsed.value, pruned: kinds.value }, context)
  if (applied.errors.length > 0) return yield* fail('ApplyManifestFailed', applied.errors.join(', '), 'failed-applying')
  if (rules.events) yield* emit(deployEvent('AppliedManifest', addon, path))
  const settled = settledAddon(addon, { source: path, checksum, gvks }, rules)
  const stored = sameJson(settled, addon) ? undefined : yield* storeAddon(name, settled)
  if (stored !== undefined) return { ...failed('AddonFailed', stored), mark: 'failed-applying' }
  const { errors: _none, ...counts } = applied
  const isRevert = !memory.forced && checksum === checksumOf(addon)
  return { outcome: { kind: 'applied', counts, ...(isRevert ? { isRevert } : {}) }, mark: 'success' }
}

type FetchedAddon = { readonly ok: true; readonly addon: Json } | { readonly ok: false; readonly message: string }

/** The Addon in the cluster, or a new one that is not there yet. */
function* fetchAddon(name: string, path: string): Steps<FetchedAddon> {
  const answer = yield* sendOne({ verb: 'get', of: addonKind, namespace: addonNamespace, name })
  if (answer.ok) return { ok: true, addon: answer.value }
  if (answer.error.status === 404) return { ok: true, addon: newAddon(name, path) }
  return { ok: false, message: answer.error.message }
}

/** Undefined after a success. */
function* storeAddon(name: string, addon: Json): Steps<string | undefined> {
  const answer = isStored(addon)
    ? yield* sendOne({ verb: 'update', of: addonKind, namespace: addonNamespace, name, object: addon })
    : yield* sendOne({ verb: 'create', of: addonKind, namespace: addonNamespace, object: addon })
  return answer.ok ? undefined : answer.error.message
}

function failed(reason: DeployReason | 'AddonFailed', message: string): FileResult {
  return { outcome: { kind: 'failed', reason, message }, mark: 'failed' }
}
