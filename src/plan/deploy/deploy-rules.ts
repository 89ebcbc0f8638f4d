import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import { isWithin, type ReleaseFloors, type ReleaseRange, reaches } from '../../k3s/version/release-floors.ts'

/** What one K3s release does differently from another when it deploys its manifests directory. */
export interface DeployRules {
  /** A file whose mtime is the one remembered is left alone. */
  readonly mtimeGate: boolean
  /** A file whose mtime is the Unix epoch is looked at in every pass: image builders set it on everything. */
  readonly epochMtimeIsNoGate: boolean
  readonly extensionsAnyCase: boolean
  /** The Addon is made before the file is read, so that a file that cannot be read leaves one as well. */
  readonly addonFirst: boolean
  readonly events: boolean
  /** Two patch releases forgot to store it. */
  readonly storesChecksum: boolean
  /** `--- # text` separates documents, and `---text` is an error. */
  readonly strictSeparators: boolean
  /** A set that is applied too often waits; before, it failed. */
  readonly waitsForTurn: boolean
  /** `applied` is always compressed, and long texts in it are cut. */
  readonly cutsApplied: boolean
  readonly keepsOtherVersions: boolean
  readonly replacesSecretType: boolean
  readonly dropsStatusFromPatch: boolean
  readonly honoursPruneLabel: boolean
  /** Only in namespaces that the file still uses; with an empty set, nowhere. */
  readonly prunesUsedNamespacesOnly: boolean
  /** Where the kinds of the last success are written down. */
  readonly gvkRecord: 'none' | 'status' | 'annotation'
  /** A disabled file that cannot be read or parsed is removed all the same. */
  readonly prunesUnreadable: boolean
  readonly validatesKinds: boolean
  readonly followsDirectoryLinks: boolean
  /** Files behind a followed link are known by the link's path, not by the real one, and never deleted. */
  readonly logicalLinkPaths: boolean
  /** Directories are taken for files, and fail where their name looks like a manifest. */
  readonly directoriesAsFiles: boolean
  /** A disabled file goes in one pass: objects, file, Addon. Before: Addon first, the rest a pass later. */
  readonly prunesInOnePass: boolean
}

/** @see k3s-packaged-components §5; k3s-io/k3s pkg/deploy/controller.go, rancher/wrangler pkg/apply */
export function deployRules(version: K3sVersion): DeployRules {
  const has = (floors: ReleaseFloors): boolean => reaches(floors, version)
  const during = (range: ReleaseRange): boolean => isWithin(range, version)
  return {
    mtimeGate: has(['1.18.2']),
    // Merged after 1.36.4: the release of each branch that follows it.
    epochMtimeIsNoGate: has(['1.36.5', '1.37.1']),
    extensionsAnyCase: has(['1.21.0']),
    addonFirst: has(['1.21.3']),
    events: has(['1.21.3']),
    storesChecksum: !during({ since: ['1.21.3'], until: ['1.21.5', '1.22.2'] }),
    strictSeparators: has(['1.22.0']),
    waitsForTurn: has(['1.22.0']),
    cutsApplied: has(['1.22.0']),
    keepsOtherVersions: has(['1.22.0']),
    replacesSecretType: has(['1.22.0']),
    dropsStatusFromPatch: has(['1.22.0']),
    honoursPruneLabel: has(['1.22.4']),
    prunesUsedNamespacesOnly: during({ since: ['1.22.5', '1.23.0'], until: ['1.22.7', '1.23.4'] }),
    gvkRecord: has(['1.24.14', '1.25.10', '1.26.5', '1.27.2'])
      ? 'annotation'
      : has(['1.23.7', '1.24.1'])
        ? 'status'
        : 'none',
    prunesUnreadable: has(['1.23.7', '1.24.1']),
    validatesKinds: has(['1.24.8', '1.25.4']),
    followsDirectoryLinks: has(['1.27.15', '1.28.11', '1.29.6', '1.30.2']),
    logicalLinkPaths: has(logicalPaths),
    directoriesAsFiles: !has(logicalPaths),
    prunesInOnePass: has(['1.31.9', '1.32.5', '1.33.0']),
  }
}

const logicalPaths: ReleaseFloors = ['1.33.13+k3s2', '1.34.10', '1.35.7', '1.36.3']
