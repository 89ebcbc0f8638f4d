import { Failure } from '../../domain/failure.ts'
import type { ManifestKind, RemovalProgress } from '../../domain/manifest-removal.ts'
import { addonName } from '../../k3s/manifest-rules.ts'
import { objectKey } from '../../k3s/object-key.ts'
import { addonKind } from '../../plan/deploy/addon.ts'
import { addonNamespace } from '../../plan/deploy/object-marks.ts'
import type { KubeObjectsPort, LiveObject } from '../../ports/kube-objects-port.ts'
import type { LogPort } from '../../ports/log-port.ts'
import { objectsOfAddon } from '../retire/objects-of-addon.ts'
import { retireObjects } from '../retire/retire-objects.ts'

export type LeavingManifest = {
  readonly path: string
  /** Where its objects are looked for. */
  readonly kinds: readonly ManifestKind[]
  /** Another file of the directory has the same Addon, which then stays with all that is its. */
  readonly sharesAddon: boolean
} & (
  | {
      readonly kind: 'emptied'
      /** The release forgets objects whose kind left the file: they are deleted here instead. */
      readonly deletesObjects: boolean
    }
  | {
      readonly kind: 'moved'
      /** By object key: what other manifests define by now; undefined while they are not applied, or cannot be read. */
      readonly wanted: ReadonlyMap<string, string> | undefined
    }
)

type Objects = Pick<KubeObjectsPort, 'get' | 'list' | 'delete'>

/**
 * How far a manifest that leaves has come: an emptied one that was applied, or one whose objects moved to others. Once none
 * of its own objects is left, its Addon goes, and then the file may, or what is known of it. Should the process end in
 * between, all of this comes again.
 *
 * @throws Failure KUBE_…
 */
export async function retireManifest(
  manifest: LeavingManifest,
  objects: Objects,
  log: LogPort,
  signal: AbortSignal,
): Promise<RemovalProgress> {
  if (manifest.sharesAddon) return 'pruned'
  const addon = addonName(manifest.path)
  const left = await objectsOfAddon(addon, manifest.kinds, objects, signal)
  if (isHeldBack(manifest, left)) return 'waiting'
  const open =
    manifest.kind === 'moved' || manifest.deletesObjects ? await retireObjects(left, { objects, log }, signal) : left
  if (open.length > 0) return 'waiting'
  return (await deleteAddon(addon, objects, signal)) ? 'pruned' : 'waiting'
}

/** Additions before removals, and nothing that another manifest defines. */
function isHeldBack(manifest: LeavingManifest, left: readonly LiveObject[]): boolean {
  if (manifest.kind === 'emptied') return false
  const { wanted } = manifest
  return (
    wanted === undefined ||
    left.some(({ apiVersion, kind, metadata: { namespace, name } }) =>
      wanted.has(objectKey({ apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) })),
    )
  )
}

/**
 * Only as it is read now.
 * @returns whether it is gone
 */
export async function deleteAddon(name: string, objects: Objects, signal: AbortSignal): Promise<boolean> {
  const ref = { apiVersion: addonKind.groupVersion, kind: addonKind.kind, namespace: addonNamespace, name }
  const there = await objects.get(ref, signal)
  if (there === undefined) return true
  const { uid, resourceVersion } = there.metadata
  try {
    await objects.delete(ref, { propagation: 'Background', uid, resourceVersion }, signal)
    return true
  } catch (error) {
    if (error instanceof Failure && error.detail.code === 'KUBE_STALE') return false
    throw error
  }
}
