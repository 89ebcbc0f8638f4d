import type { FileArtefact } from '../domain/artefact.ts'
import { withoutTrailingSlashes } from '../domain/plain-path.ts'
import type { LocatedLine } from '../domain/problem.ts'
import { configLocation } from '../k3s/config/discovery.ts'
import { effectiveSettings, scalarOf } from '../k3s/config/effective-settings.ts'
import { firstDropIns } from '../k3s/config/release-reading.ts'
import { k3sPaths } from '../k3s/locations.ts'
import { parseK3sVersion } from '../k3s/version/k3s-version.ts'
import { reaches } from '../k3s/version/release-floors.ts'
import { overriddenFlags } from './flag-check.ts'
import type { PlanInput } from './plan-input.ts'

/** Flags that K3s would not read from where Fairlead writes them. */
export type RefusedFlags =
  /** This release has no folder of drop-ins. */
  | { readonly kind: 'no-drop-ins'; readonly release: string }
  /** K3s keeps its manifests somewhere else: what is written to the usual place is never deployed. */
  | { readonly kind: 'other-data-dir'; readonly directory: string; readonly at: LocatedLine }
  /** Something that K3s reads could not be read here, so nobody knows what it would say. */
  | { readonly kind: 'unread'; readonly path: string; readonly reason: string }
  /** K3s here was told to read another configuration, and its drop-ins with it. */
  | { readonly kind: 'other-place'; readonly directory: string; readonly at: LocatedLine }
  /** A later drop-in, the unit or the command line says something else. */
  | { readonly kind: 'overridden'; readonly key: string; readonly at: LocatedLine }

/**
 * Why flag files may not be written, whatever they say: flags that look as if they were in force, and are not, are worse
 * than none.
 */
export function refuseFlags(
  flags: readonly FileArtefact[],
  { program, config, unreadConfig }: PlanInput,
): readonly RefusedFlags[] {
  const dropIn = flags.find((file) => file.path.endsWith(k3sPaths.managedDropIn))
  if (dropIn === undefined) return []
  const version = parseK3sVersion(program.k3sVersion)
  if (version !== undefined && !reaches(firstDropIns, version)) return [{ kind: 'no-drop-ins', release: version.text }]
  if (unreadConfig.length > 0) return unreadConfig.map((one) => ({ kind: 'unread', ...one }))
  if (config === undefined) return []
  const { dropInDirectory, at } = configLocation(config.arguments, config.environment)
  if (at !== undefined && dropInDirectory !== k3sPaths.configDropIns) {
    return [{ kind: 'other-place', directory: dropInDirectory, at }]
  }
  return overriddenFlags(dropIn, config).map(({ key, at }) => ({ kind: 'overridden', key, at }))
}

/** Why a server's manifests may not be written where Fairlead writes them. */
export function refuseDataDirectory({ program, config, hasK3s }: PlanInput): readonly RefusedFlags[] {
  if (config === undefined || !hasK3s || program.role === 'agent') return []
  const written = scalarOf(effectiveSettings(config), 'data-dir')
  if (written === undefined || withoutTrailingSlashes(written.text) === k3sPaths.dataDir || written.text === '')
    return []
  return [{ kind: 'other-data-dir', directory: written.text, at: written.at }]
}

/** One sentence, for people. */
export function refusalText(refused: RefusedFlags): string {
  switch (refused.kind) {
    case 'no-drop-ins':
      return `K3s ${refused.release} has no config.yaml.d; upgrade to v1.21 or later, or give it the flags by hand`
    case 'other-data-dir':
      return `K3s keeps its data in ${refused.directory}, as ${placeText(refused.at)} says, and Fairlead writes manifests to ${k3sPaths.manifests} only; mount or link that place to ${k3sPaths.dataDir} and take data-dir away`
    case 'unread':
      return `${refused.path}, which K3s reads, cannot be understood here: ${refused.reason}; mend it first`
    case 'other-place':
      return `K3s reads its drop-ins from ${refused.directory}, as ${placeText(refused.at)} says; move its configuration to /etc/rancher/k3s/config.yaml`
    case 'overridden':
      return `${refused.key} is set at ${placeText(refused.at)} as well, which K3s reads later; take it away there`
    default:
      return refused satisfies never
  }
}

function placeText({ place }: LocatedLine): string {
  return `${place.file}:${place.line}`
}
