import type { Problem } from '../domain/problem.ts'
import { k3sPaths, locationOf } from '../k3s/locations.ts'
import { addonName, disabledBy, isDeployable, isSkipMarker, isValidAddonName } from '../k3s/manifest-rules.ts'
import { objectKey } from '../k3s/object-key.ts'
import { componentSwitches, isPackagedManifest } from '../k3s/packaged-components.ts'
import type { DesiredState, ManifestSource } from '../schema/documents.ts'
import { readManifestObjects } from '../text/manifest-objects.ts'
import { manifestFinding } from './finding.ts'

/** Files that K3s would refuse, overwrite, delete or let fight with one another. */
export function lintManifests(desired: DesiredState): Problem[] {
  const { components } = desired.cluster.spec
  const disabled = componentSwitches.flatMap((item) =>
    item.kind === 'disable-item' && !components[item.key].enabled ? [item.item] : [],
  )
  return lintManifestFiles(desired.manifests, disabled)
}

/** The same without a network that could be read: then nothing is known to be disabled. */
export function lintManifestFiles(manifests: readonly ManifestSource[], disabled: readonly string[] = []): Problem[] {
  const deployed = manifests.filter((manifest) => isDeployable(manifest.name))
  return [
    ...manifests.flatMap((manifest) => nameFindings(manifest, disabled)),
    ...addonClashes(deployed),
    ...objectClashes(deployed),
  ]
}

function nameFindings({ name, file }: ManifestSource, disabled: readonly string[]): Problem[] {
  if (locationOf(`${k3sPaths.manifests}/${name}`) === undefined) {
    return [
      manifestFinding(file, {
        code: 'MANIFEST_NAME_REFUSED',
        what: `${JSON.stringify(name)} is no name for the manifests directory`,
        why: 'only letters, digits, dots, dashes and underscores are written there, and nothing hidden',
        fix: 'rename the file',
      }),
    ]
  }
  if (!isDeployable(name)) {
    if (isSkipMarker(name)) return []
    return [
      manifestFinding(file, {
        code: 'MANIFEST_IGNORED',
        severity: 'warning',
        what: `K3s ignores ${JSON.stringify(name)}`,
        why: 'it deploys .yaml, .yml and .json only',
        fix: 'rename it, or move it out of manifests/',
      }),
    ]
  }
  const problems: Problem[] = []
  const item = disabledBy(name, disabled)
  if (item !== undefined) {
    problems.push(
      manifestFinding(file, {
        code: 'DISABLED_NAME',
        what: `K3s would delete ${JSON.stringify(name)}: ${JSON.stringify(item)} is disabled`,
        why: 'the disable list matches file names, whoever wrote the file',
        fix: 'give the file another name',
      }),
    )
  }
  if (isPackagedManifest(name)) {
    problems.push(
      manifestFinding(file, {
        code: 'PACKAGED_NAME',
        what: `${JSON.stringify(name)} is the name of a file that K3s ships`,
        why: 'K3s overwrites it at every start',
        fix: 'use spec.components for what it offers, or another file name and another object name',
      }),
    )
  }
  if (addonName(name).startsWith('fairlead-')) {
    problems.push(
      manifestFinding(file, {
        code: 'RESERVED_NAME',
        what: `${JSON.stringify(name)} begins with "fairlead-"`,
        why: 'files of that name are rendered from network.yaml',
        fix: 'give the file another name',
      }),
    )
  }
  if (!isValidAddonName(addonName(name))) {
    problems.push(
      manifestFinding(file, {
        code: 'ADDON_NAME_INVALID',
        what: `K3s makes an Addon named ${JSON.stringify(addonName(name))} of ${JSON.stringify(name)}`,
        why: 'the API server refuses that name, and K3s tries again for ever',
        fix: 'use lower-case letters, digits and dashes up to the first dot',
      }),
    )
  }
  return problems
}

function addonClashes(manifests: readonly ManifestSource[]): Problem[] {
  const first = new Map<string, ManifestSource>()
  return manifests.flatMap((manifest) => {
    const addon = addonName(manifest.name)
    const other = first.get(addon)
    if (other === undefined) {
      first.set(addon, manifest)
      return []
    }
    return manifestFinding(manifest.file, {
      code: 'ADDON_NAME_CLASH',
      what: `${manifest.name} and ${other.name} both become the Addon ${JSON.stringify(addon)}`,
      why: 'each apply of one prunes the objects of the other',
      fix: 'give one of them another name up to its first dot',
    })
  })
}

function objectClashes(manifests: readonly ManifestSource[]): Problem[] {
  const first = new Map<string, string>()
  return manifests.flatMap((manifest) =>
    readManifestObjects(manifest.file, manifest.text).objects.flatMap((object) => {
      const key = objectKey(object)
      const other = first.get(key)
      if (other === undefined) {
        first.set(key, manifest.name)
        return []
      }
      return {
        code: 'OBJECT_TWICE',
        severity: 'error' as const,
        place: object.place,
        what: `${object.kind} ${object.name} is defined in ${other} as well`,
        why: 'whichever file K3s applies last wins, and the other never notices',
        fix: 'keep it in one place',
      }
    }),
  )
}
