import { Failure } from '../../domain/failure.ts'
import type { ManifestKind } from '../../domain/manifest-removal.ts'
import { addonNamespace, hashLabel, ownerHash, pruneLabel } from '../../plan/deploy/object-marks.ts'
import type { KubeObjectsPort, LiveObject } from '../../ports/kube-objects-port.ts'

/**
 * The objects of these kinds that carry the marks of an Addon, and are not marked to be kept. A label alone is no proof: it
 * is copied along with an object.
 *
 * @throws Failure KUBE_*; a kind that the server does not have any more has no objects
 */
export async function objectsOfAddon(
  addon: string,
  kinds: readonly ManifestKind[],
  objects: Pick<KubeObjectsPort, 'list'>,
  signal: AbortSignal,
): Promise<readonly LiveObject[]> {
  const found: LiveObject[] = []
  for (const kind of kinds) found.push(...(await objectsOfKind(addon, kind, objects, signal)))
  return found
}

async function objectsOfKind(
  addon: string,
  { apiVersion, kind }: ManifestKind,
  objects: Pick<KubeObjectsPort, 'list'>,
  signal: AbortSignal,
): Promise<readonly LiveObject[]> {
  try {
    const labelSelector = `${hashLabel}=${ownerHash(addon)}`
    const { items } = await objects.list({ apiVersion, kind, labelSelector, metadataOnly: true }, signal)
    return items.filter((item) => isOwned(item, addon) && item.metadata.labels?.[pruneLabel] !== 'false')
  } catch (error) {
    if (error instanceof Failure && error.detail.code === 'KUBE_KIND_UNKNOWN') return []
    throw error
  }
}

function isOwned({ metadata: { annotations = {} } }: LiveObject, addon: string): boolean {
  return (
    annotations['objectset.rio.cattle.io/owner-name'] === addon &&
    annotations['objectset.rio.cattle.io/owner-namespace'] === addonNamespace &&
    annotations['objectset.rio.cattle.io/owner-gvk']?.endsWith(', Kind=Addon') === true
  )
}
