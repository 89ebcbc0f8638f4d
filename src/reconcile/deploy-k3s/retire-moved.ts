import type { DeployedAddon } from '../../domain/deployed-objects.ts'
import type { ManifestKind } from '../../domain/manifest-removal.ts'
import { objectKey } from '../../k3s/object-key.ts'
import { objectsOfAddon } from '../retire/objects-of-addon.ts'
import { type RetirePorts, retireObjects, showObject } from '../retire/retire-objects.ts'
import { deleteAddon, type Retired } from './retire-from-k3s.ts'

export interface MovedManifest {
  /** Name of its Addon. */
  readonly name: string
  /** Undefined where it is gone, or is that of another file. */
  readonly addon: DeployedAddon | undefined
  readonly kinds: readonly ManifestKind[]
  /** By object key: the wanted manifest that defines it; undefined where that cannot be told. */
  readonly wanted: ReadonlyMap<string, string> | undefined
}

export type RetiredMove =
  | Retired
  /** Wanted objects that are still, or again, applied from it; `by`: the manifests that are to take them over. */
  | { readonly kind: 'not-taken-over'; readonly objects: readonly string[]; readonly by: readonly string[] }

/**
 * What a manifest left behind whose objects moved to others: once every one of them carries the marks of another Addon, the
 * rest of its objects is deleted, and then its Addon. While the Addon is there, K3s would take the same bytes under the old
 * name for applied.
 *
 * @throws Failure KUBE_*
 */
export async function retireMoved(
  { name, addon, kinds, wanted }: MovedManifest,
  ports: RetirePorts,
  signal: AbortSignal,
): Promise<RetiredMove> {
  const left = await objectsOfAddon(name, kinds, ports.objects, signal)
  const open = left.filter((object) => wanted === undefined || wanted.has(objectKey(refOf(object))))
  if (open.length > 0) {
    const by = open.flatMap((object) => wanted?.get(objectKey(refOf(object))) ?? [])
    return { kind: 'not-taken-over', objects: open.map(showObject).sort(), by: [...new Set(by)] }
  }
  const objects = await retireObjects(left, ports, signal)
  if (objects.length > 0) return { kind: 'left', objects }
  return addon === undefined ? { kind: 'gone' } : await deleteAddon(addon, ports, signal)
}

function refOf({ apiVersion, kind, metadata }: Awaited<ReturnType<typeof objectsOfAddon>>[number]): {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string
  readonly name: string
} {
  const { namespace, name } = metadata
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) }
}
