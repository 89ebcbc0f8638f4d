import type { DeployedAddon, DeployedObjects } from '../../domain/deployed-objects.ts'
import { addonName } from '../../k3s/manifest-rules.ts'
import { lastFailure } from './addon-state.ts'
import type { OurManifest } from './our-manifest.ts'

export interface RevertedManifest {
  readonly manifest: OurManifest
  readonly addon: DeployedAddon
}

/**
 * Manifests that K3s takes for applied although another content was begun since, and failed: its checksum is still that of
 * the content before, and so it never looks whether that is what is there (hazard H2).
 *
 * @see k3s-io/k3s pkg/deploy/controller.go; k3s-packaged-components §2.4
 */
export function revertedManifests(
  manifests: readonly OurManifest[],
  { addons, words }: Pick<DeployedObjects, 'addons' | 'words'>,
): readonly RevertedManifest[] {
  return manifests.flatMap((manifest): readonly RevertedManifest[] => {
    const name = addonName(manifest.path)
    const addon = addons.find((one) => one.name === name)
    const isApplied = addon?.source === manifest.path && addon.checksum === manifest.digest
    if (!isApplied || !manifest.isInPlace) return []
    const word = words.find((one) => one.addon === name)
    return lastFailure(addon, word) === undefined ? [] : [{ manifest, addon }]
  })
}

/**
 * Manifests that K3s takes for applied although another file had some of their objects since, as that of a server that was
 * away while they moved: their checksum is that of before.
 *
 * @param overtaken paths
 */
export function overtakenManifests(
  manifests: readonly OurManifest[],
  overtaken: ReadonlySet<string>,
  { addons }: Pick<DeployedObjects, 'addons'>,
): readonly RevertedManifest[] {
  return manifests.flatMap((manifest): readonly RevertedManifest[] => {
    const addon = addons.find(({ name }) => name === addonName(manifest.path))
    const isTakenForApplied = addon?.checksum === manifest.digest && manifest.isInPlace
    return isTakenForApplied && overtaken.has(manifest.path) ? [{ manifest, addon }] : []
  })
}
