import type { DeployedAddon, DeployWord } from '../../domain/deployed-objects.ts'
import type { ManifestKind } from '../../domain/manifest-removal.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import { sha256Hex } from '../../text/digest.ts'
import { deployRules } from '../deploy/deploy-rules.ts'
import { lastFailure, storesChecksum } from './addon-state.ts'

export interface EmptiedManifest {
  readonly path: string
  readonly emptiedAtMs: number
  /** What it held; undefined where that is not known. */
  readonly kinds: readonly ManifestKind[] | undefined
}

export interface RemovalQuestion {
  readonly manifest: EmptiedManifest
  readonly addon: DeployedAddon | undefined
  readonly word: DeployWord | undefined
  readonly version: K3sVersion | undefined
}

export type RemovalStep =
  /** Nothing in the API can tell: time decides. */
  | { readonly kind: 'time' }
  | { readonly kind: 'wait'; readonly message: string; readonly hasFailed: boolean }
  /** The empty file is applied: objects of these kinds are to be gone. */
  | { readonly kind: 'look'; readonly kinds: readonly ManifestKind[] }

/**
 * What comes next for an emptied manifest. K3s writes the checksum of the empty file after everything else; another one is
 * that of a server whose copy still holds something, or of a pass before ours.
 *
 * @see k3s-io/k3s pkg/deploy/controller.go; k3s-packaged-components §2.4, §2.6
 */
export function removalStep({ manifest, addon, word, version }: RemovalQuestion): RemovalStep {
  // Never applied, deleted by hand, or the Addon of another file by now: nothing of it says anything about ours.
  if (addon === undefined || isOfOther(addon, manifest)) return { kind: 'time' }
  const failure = lastFailure(addon, word)
  if (failure !== undefined && failure.atMs >= manifest.emptiedAtMs - 1_000) {
    return {
      kind: 'wait',
      message: `K3s could not prune it: ${failure.reason} ${failure.message}`.trim(),
      hasFailed: true,
    }
  }
  if (!storesChecksum(version)) {
    const isApplied = word !== undefined && !word.isFailure && word.atMs >= manifest.emptiedAtMs
    return isApplied ? look(manifest, version) : { kind: 'time' }
  }
  if (addon.checksum !== emptyDigest) {
    const message = 'K3s has not applied the empty file yet, or another server applied its own copy since'
    return { kind: 'wait', message, hasFailed: false }
  }
  return look(manifest, version)
}

/** An Addon names the path of before while K3s had no reason to write it: the file was renamed with the same content. */
function isOfOther({ source, checksum, writtenAtMs }: DeployedAddon, { path, emptiedAtMs }: EmptiedManifest): boolean {
  if (source === '' || source === path || checksum === emptyDigest) return false
  return writtenAtMs === undefined || writtenAtMs >= emptiedAtMs - 1_000
}

/** SHA-256 of no bytes: what K3s writes for an emptied file. */
export const emptyDigest = sha256Hex('')

function look({ kinds }: EmptiedManifest, version: K3sVersion | undefined): RemovalStep {
  if (kinds !== undefined) return { kind: 'look', kinds }
  // The checksum is written after K3s pruned by its own record; where it keeps none, nobody knows what there was.
  return version !== undefined && deployRules(version).gvkRecord !== 'none'
    ? { kind: 'look', kinds: [] }
    : { kind: 'time' }
}
