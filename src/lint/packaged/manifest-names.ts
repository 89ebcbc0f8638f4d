import { k3sPaths, locationOf } from '../../k3s/locations.ts'
import { addonName, disabledBy, isDeployable, isSkipMarker, isValidAddonName } from '../../k3s/manifest-rules.ts'
import { isPackagedManifest } from '../../k3s/packaged-components.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, ManifestSubject } from '../subject.ts'
import { disabledNames } from './disabled-items.ts'

const sources = ['k3s-io/k3s pkg/deploy/controller.go', 'k3s-io/docs docs/installation/packaged-components.md']

export const manifestNameRefused: Rule = {
  id: 'manifest-name-refused',
  severity: 'error',
  title: 'a file name that Fairlead does not write into the manifests directory',
  why: 'only letters, digits, dots, dashes and underscores are written there, and nothing hidden',
  fix: 'rename the file',
  versions: 'every version',
  looksAt: ['manifests'],
  sources: ['fairlead cluster-repo-template/README.md'],
  check(subject) {
    // On a machine the file is there already, by whatever name.
    if (subject.scope === 'machine') return []
    return userManifests(subject)
      .filter(({ name }) => !isWritable(name))
      .map(({ name, file }) => ({
        at: top(file),
        what: `${JSON.stringify(name)} is no name for the manifests directory`,
      }))
  },
}

export const manifestIgnored: Rule = {
  id: 'manifest-ignored',
  severity: 'warning',
  title: 'a file in the manifests directory that K3s ignores',
  why: 'it deploys .yaml, .yml and .json only',
  fix: 'rename it, or move it out of manifests/',
  versions: 'every version',
  looksAt: ['manifests'],
  sources,
  check(subject) {
    return userManifests(subject)
      .filter(({ name }) => isWritable(name) && !isDeployable(name) && !isSkipMarker(name))
      .map(({ name, file }) => ({
        at: top(file),
        what: `K3s ignores ${JSON.stringify(name)}`,
        ...(subject.scope === 'repository' ? { why: staysInRepository } : {}),
      }))
  },
}

const staysInRepository = 'it deploys .yaml, .yml and .json only, and Fairlead places nothing else on servers'

export const editPackaged: Rule = {
  id: 'pkg-edit-packaged',
  severity: 'error',
  title: 'a file with the name of one that K3s ships',
  why: 'K3s overwrites it at every start',
  fix: 'use spec.components for what it offers, or another file name and another object name',
  versions: 'every version',
  looksAt: ['manifests'],
  sources: ['k3s-io/k3s pkg/deploy/stage.go'],
  check(subject) {
    return deployedByUser(subject)
      .filter(({ name }) => isPackagedManifest(name))
      .map(({ name, file }): Finding => {
        const what = `${JSON.stringify(name)} is the name of a file that K3s ships`
        return name === 'coredns.yaml' ? { at: top(file), what, ...copiedCoredns } : { at: top(file), what }
      })
  },
}

export const sameNameDisabled: Rule = {
  id: 'pkg-same-name-disabled',
  severity: 'error',
  title: 'a file whose name is in the disable list',
  why: 'the disable list matches file names, whoever wrote the file: K3s deletes it and what it deployed',
  fix: 'give the file another name',
  versions: '1.17.4 and later',
  looksAt: ['manifests', 'settings'],
  sources,
  check(subject) {
    const disabled = disabledNames(subject)
    return deployedByUser(subject).flatMap(({ name, file }): Finding[] => {
      const item = disabledBy(name, disabled)
      if (item === undefined) return []
      const what = `K3s would delete ${JSON.stringify(name)}: ${JSON.stringify(item)} is disabled`
      return [item === 'coredns' ? { at: top(file), what, ...copiedCoredns } : { at: top(file), what }]
    })
  },
}

/**
 * The recipe that the old documentation gave for CoreDNS.
 * @see k3s-networking §7.1, §12
 */
const copiedCoredns = {
  why: 'the old recipe, disable coredns and put an edited copy back under its name, does not survive a restart: K3s overwrites the file, or deletes it with its objects',
  fix: 'put zones into spec.components.coredns.custom; for a replacement use another file name and other object names, and keep the cluster DNS address',
} as const

export const reservedName: Rule = {
  id: 'reserved-name',
  severity: 'error',
  title: 'a file name that begins with fairlead-',
  why: 'files of that name are rendered from network.yaml',
  fix: 'give the file another name',
  versions: 'every version',
  looksAt: ['manifests'],
  sources: ['fairlead cluster-repo-template/README.md'],
  check(subject) {
    // On a machine such a file is ours.
    if (subject.scope === 'machine') return []
    return deployedByUser(subject)
      .filter(({ name }) => addonName(name).startsWith('fairlead-'))
      .map(({ name, file }) => ({ at: top(file), what: `${JSON.stringify(name)} begins with "fairlead-"` }))
  },
}

export const addonNameInvalid: Rule = {
  id: 'addon-name-invalid',
  severity: 'error',
  title: 'a file name that makes no object name',
  why: 'the API server refuses that name, and K3s tries again for ever',
  fix: 'use lower-case letters, digits and dashes up to the first dot',
  versions: 'every version',
  looksAt: ['manifests'],
  sources,
  check(subject) {
    return deployedByUser(subject)
      .filter(({ name }) => !isValidAddonName(addonName(name)))
      .map(({ name, file }) => ({
        at: top(file),
        what: `K3s makes an Addon named ${JSON.stringify(addonName(name))} of ${JSON.stringify(name)}`,
      }))
  },
}

export const addonNameClash: Rule = {
  id: 'addon-name-clash',
  severity: 'error',
  title: 'two files with one Addon name',
  why: 'each apply of one prunes the objects of the other',
  fix: 'give one of them another name up to its first dot',
  versions: 'every version',
  looksAt: ['manifests'],
  sources: [...sources, 'k3s-io/k3s#1369', 'k3s-io/k3s#9500'],
  check(subject) {
    const first = new Map<string, ManifestSubject>()
    return subject.manifests
      .filter(({ name }) => isDeployable(name))
      .flatMap((manifest): Finding[] => {
        const addon = addonName(manifest.name)
        const other = first.get(addon)
        if (other === undefined) {
          first.set(addon, manifest)
          return clashWithPackaged(manifest, addon, subject)
        }
        // Said at the file that somebody can rename.
        const [told, meant] = manifest.isPackaged === true ? [other, manifest] : [manifest, other]
        return [clash(told, meant.name, addon)]
      })
  },
}

/** In a repository the files of K3s are not among the manifests, and are there all the same. */
function clashWithPackaged(manifest: ManifestSubject, addon: string, subject: LintSubject): Finding[] {
  if (subject.scope === 'machine' || manifest.isPackaged === true || isPackagedManifest(manifest.name)) return []
  const packaged = [`${addon}.yaml`, `metrics-server/${addon}.yaml`].find(isPackagedManifest)
  if (packaged === undefined || !isShipped(addon, subject.version)) return []
  return disabledBy(packaged, disabledNames(subject)) === undefined ? [clash(manifest, packaged, addon)] : []
}

function clash({ name, file }: ManifestSubject, other: string, addon: string): Finding {
  return { at: top(file), what: `${name} and ${other} both become the Addon ${JSON.stringify(addon)}` }
}

function isShipped(addon: string, version: K3sVersion | undefined): boolean {
  if (addon === 'runtimes') return version !== undefined && supports('disable-runtimes', version)
  if (addon === 'gateway-api-crd') return version !== undefined && supports('gateway-api-crd', version)
  return true
}

export const skipWithDisable: Rule = {
  id: 'pkg-skip-with-disable',
  severity: 'warning',
  title: 'a .skip marker beside a disabled component',
  why: 'disable wins: the component is removed, where the marker alone would have left it as it is',
  fix: 'take the marker away, or the item of the disable list if what is deployed shall stay',
  versions: '1.17.4 and later',
  looksAt: ['manifests', 'settings'],
  sources,
  check(subject) {
    const disabled = disabledNames(subject)
    return subject.manifests.flatMap(({ name, file }): Finding[] => {
      if (!isSkipMarker(name)) return []
      const item = disabledBy(name.slice(0, -'.skip'.length), disabled)
      if (item === undefined) return []
      return [{ at: top(file), what: `${name} is there and ${JSON.stringify(item)} is disabled` }]
    })
  },
}

/** Files that somebody else than K3s put there. */
export function userManifests({ manifests }: LintSubject): readonly ManifestSubject[] {
  return manifests.filter((manifest) => manifest.isPackaged !== true)
}

export function top(file: string): Finding['at'] {
  return { place: { file, line: 1, column: 1 } }
}

function deployedByUser(subject: LintSubject): readonly ManifestSubject[] {
  return userManifests(subject).filter(
    ({ name }) => isDeployable(name) && (subject.scope === 'machine' || isWritable(name)),
  )
}

function isWritable(name: string): boolean {
  return locationOf(`${k3sPaths.manifests}/${name}`) !== undefined
}
