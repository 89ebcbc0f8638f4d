import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import { reaches } from '../../k3s/version/release-floors.ts'

/** What the command line says about components; values as they are written, with their commas. */
export interface ComponentFlags {
  readonly disable: readonly string[]
  readonly noDeploy: readonly string[]
  readonly disableCloudController: boolean
}

export interface ComponentLists {
  /** Packaged files of these names are not written. */
  readonly skipped: readonly string[]
  /** Files of these names are pruned and deleted, whoever wrote them. */
  readonly disabled: readonly string[]
}

/** `fatal`: K3s does not start with these flags. */
export type ComponentReading = { readonly kind: 'lists'; readonly lists: ComponentLists } | { readonly kind: 'fatal' }

/**
 * The two lists that K3s makes of its flags. Nothing is compared with the components there are, and an empty part stays
 * an empty item.
 * @see k3s-io/k3s pkg/cli/server/server.go; k3s-packaged-components §1.4
 */
export function componentLists(flags: ComponentFlags, version: K3sVersion): ComponentReading {
  // Fatal in 1.25, and not even a flag after it.
  if (flags.noDeploy.length > 0 && reaches(['1.25.0'], version)) return { kind: 'fatal' }
  const disabled = flags.disable.flatMap(parts)
  const skipped = [...disabled, ...flags.noDeploy.flatMap(parts)]
  // ServiceLB lives in the cloud controller since then.
  const needsController = reaches(['1.24.7', '1.25.3'], version) && !skipped.includes('servicelb')
  const controller = flags.disableCloudController && !needsController ? ['ccm'] : []
  return { kind: 'lists', lists: { skipped: [...skipped, ...controller], disabled: [...disabled, ...controller] } }
}

/**
 * Whether a packaged file is left out: by its name, with or without extension, or by a directory above it. Unlike the
 * deploy loop, staging does not know a file by its base name, and no `.skip` marker keeps it from writing.
 *
 * @param asset below the manifests directory: `metrics-server/auth-reader.yaml`
 * @see k3s-io/k3s pkg/deploy/stage.go
 */
export function isStaged(asset: string, skipped: readonly string[]): boolean {
  const directories = asset.split('/').slice(0, -1)
  const prefixes = directories.map((_name, index) => directories.slice(0, index + 1).join('/'))
  return ![asset, asset.replace(/\.[^./]*$/, ''), ...prefixes].some((name) => skipped.includes(name))
}

function parts(value: string): readonly string[] {
  return value.split(',').map((part) => part.trim())
}
