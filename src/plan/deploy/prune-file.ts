import type { Json } from '../../domain/plain-json.ts'
import { type Result, refusal, success } from '../../domain/result.ts'
import { addonName } from '../../k3s/manifest-rules.ts'
import { addonKind, isStored, newAddon, recordedGvks } from './addon.ts'
import { applySet } from './apply-set.ts'
import type { DeployContext } from './deploy-context.ts'
import { type DeployReason, deployEvent } from './deploy-event.ts'
import { emit, readFile, removeFile, type Steps, sendOne } from './deploy-steps.ts'
import { distinctGvks, servedGvks } from './distinct-gvks.ts'
import type { GroupVersionKind } from './group-version-kind.ts'
import { addonNamespace } from './object-marks.ts'
import { parseManifest } from './parse-manifest.ts'
import { problemText } from './problem-text.ts'

export type PruneOutcome =
  /** `fileRemains` behind a link that was followed: it is pruned again in every pass. */
  | { readonly kind: 'pruned'; readonly deleted: number; readonly fileRemains: boolean }
  /** The Addon went; objects and file go in the next pass. */
  | { readonly kind: 'prune-begun' }
  | { readonly kind: 'prune-failed'; readonly message: string }

/**
 * Takes a disabled file out of the cluster and off the disk. An error leaves the rest for the next pass.
 * @see k3s-packaged-components §2.9
 */
export function* pruneFile(path: string, mayDelete: boolean, context: DeployContext): Steps<PruneOutcome> {
  const name = addonName(path)
  const fetched = yield* sendOne({ verb: 'get', of: addonKind, namespace: addonNamespace, name })
  if (!fetched.ok && fetched.error.status !== 404) return failed(fetched.error.message)
  const addon = fetched.ok ? fetched.value : newAddon(name, path)
  return context.rules.prunesInOnePass
    ? yield* pruneAtOnce(path, mayDelete, addon, name, context)
    : yield* pruneInTurns(path, mayDelete, addon, name, context)
}

function* pruneAtOnce(
  path: string,
  mayDelete: boolean,
  addon: Json,
  name: string,
  context: DeployContext,
): Steps<PruneOutcome> {
  const fromFile = yield* kindsOfFile(path, addon, context)
  const gvks = [...(fromFile.ok ? fromFile.value : []), ...recordedGvks(addon, context.rules)]
  const pruned = yield* pruneObjects(path, mayDelete, addon, name, gvks, context)
  if (pruned.kind !== 'pruned') return pruned
  yield* tell('DeletingManifest', addon, path, context)
  const gone = yield* deleteAddon(name)
  return gone.ok ? pruned : failed(gone.error)
}

/** First the Addon; once it is gone, the objects of the kinds that the file names, and the file. */
function* pruneInTurns(
  path: string,
  mayDelete: boolean,
  addon: Json,
  name: string,
  context: DeployContext,
): Steps<PruneOutcome> {
  const fromFile = yield* kindsOfFile(path, addon, context)
  if (!fromFile.ok && !context.rules.prunesUnreadable) return failed(fromFile.error)
  yield* tell('DeletingManifest', addon, path, context)
  if (isStored(addon)) {
    const gone = yield* deleteAddon(name)
    if (!gone.ok) return failed(gone.error)
    if (gone.value === 'deleted') return { kind: 'prune-begun' }
  }
  return yield* pruneObjects(path, mayDelete, addon, name, fromFile.ok ? fromFile.value : [], context)
}

function* pruneObjects(
  path: string,
  mayDelete: boolean,
  addon: Json,
  name: string,
  gvks: readonly GroupVersionKind[],
  context: DeployContext,
): Steps<PruneOutcome> {
  const kinds = yield* servedGvks(gvks, context)
  if (!kinds.ok) {
    yield* tell('ValidateManifestFailed', addon, path, context, kinds.error.message)
    return failed(kinds.error.message)
  }
  const applied = yield* applySet({ addon: name, objects: [], pruned: kinds.value }, context)
  if (applied.errors.length > 0) return failed(applied.errors.join(', '))
  const error = mayDelete ? yield* removeFile(path) : undefined
  return error === undefined ? { kind: 'pruned', deleted: applied.deleted, fileRemains: !mayDelete } : failed(error)
}

/** The kinds that the file names; what cannot be read is told and names none. */
function* kindsOfFile(
  path: string,
  addon: Json,
  context: DeployContext,
): Steps<Result<readonly GroupVersionKind[], string>> {
  const content = yield* readFile(path)
  if ('message' in content) {
    yield* tell('ReadManifestFailed', addon, path, context, content.message)
    return refusal(content.message)
  }
  const parsed = parseManifest(content.bytes, path, context.rules)
  if (parsed.ok) return success(distinctGvks(parsed.value))
  const message = problemText(parsed.error)
  yield* tell('ParseManifestFailed', addon, path, context, message)
  return refusal(message)
}

function* deleteAddon(name: string): Steps<Result<'deleted' | 'absent', string>> {
  const answer = yield* sendOne({ verb: 'delete', of: addonKind, namespace: addonNamespace, name })
  if (answer.ok) return success('deleted')
  return answer.error.status === 404 ? success('absent') : refusal(answer.error.message)
}

function* tell(reason: DeployReason, addon: Json, path: string, context: DeployContext, error?: string): Steps<void> {
  if (context.rules.events) yield* emit(deployEvent(reason, addon, path, error))
}

function failed(message: string): PruneOutcome {
  return { kind: 'prune-failed', message }
}
