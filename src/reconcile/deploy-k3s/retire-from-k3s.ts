import type { DeployedAddon } from '../../domain/deployed-objects.ts'
import { Failure } from '../../domain/failure.ts'
import type { ManifestKind } from '../../domain/manifest-removal.ts'
import { addonKind } from '../../plan/deploy/addon.ts'
import { addonNamespace } from '../../plan/deploy/object-marks.ts'
import { objectsOfAddon } from '../retire/objects-of-addon.ts'
import { type RetirePorts, retireObjects } from '../retire/retire-objects.ts'

export type Retired =
  | { readonly kind: 'gone' }
  /** Objects that are left, for people: `ConfigMap shop/settings`; sorted. */
  | { readonly kind: 'left'; readonly objects: readonly string[] }
  /** Something was applied meanwhile: everything is to be looked at again. */
  | { readonly kind: 'changed' }

/**
 * The second half of a removal, once K3s applied the empty file: what K3s itself did not prune is deleted, and when nothing
 * is left, the Addon. K3s before 1.23.7 and 1.24.1 leaves what is of a kind that the file does not name any more; later ones
 * lose their record in an upgrade. Only what carries the marks of this very Addon is touched.
 *
 * @throws Failure KUBE_*
 */
export async function retireFromK3s(
  addon: DeployedAddon,
  kinds: readonly ManifestKind[],
  ports: RetirePorts,
  signal: AbortSignal,
): Promise<Retired> {
  const left = await retireObjects(await objectsOfAddon(addon.name, kinds, ports.objects, signal), ports, signal)
  return left.length > 0 ? { kind: 'left', objects: left } : await deleteAddon(addon, ports, signal)
}

/** Only as it was read: whatever K3s writes into it meanwhile means that something was applied again. */
export async function deleteAddon(
  { name, uid, resourceVersion }: DeployedAddon,
  { objects, log }: RetirePorts,
  signal: AbortSignal,
): Promise<Retired> {
  const ref = { apiVersion: addonKind.groupVersion, kind: addonKind.kind, namespace: addonNamespace, name }
  try {
    await objects.delete(ref, { propagation: 'Background', uid, resourceVersion }, signal)
    log.info({ addon: name }, 'Addon of a removed manifest deleted')
  } catch (error) {
    if (error instanceof Failure && error.detail.code === 'KUBE_STALE') return { kind: 'changed' }
    throw error
  }
  return { kind: 'gone' }
}
