import { type FileArtefact, fileId } from '../domain/artefact.ts'
import { asReadBy } from '../k3s/config/release-reading.ts'
import { inPlacePath, locationOf, manifestName, stagedPath } from '../k3s/locations.ts'
import { parseK3sVersion } from '../k3s/version/k3s-version.ts'
import { sha256Hex } from '../text/digest.ts'
import { isInEffect } from './flag-check.ts'
import type { PlanInput } from './plan-input.ts'

export interface PlacedFlags {
  /** The flag files to be written now, in place or staged. */
  readonly files: readonly FileArtefact[]
  /** Staged ones that K3s has not been restarted for. */
  readonly waiting: readonly FileArtefact[]
  /** Paths of ours that stay although no file of this pass is written there. */
  readonly keptPaths: readonly string[]
}

/**
 * Where the files that K3s reads only when it starts go. With a K3s on the machine new ones are staged beside their
 * place, so that a crash or a reboot before its turn starts it with the old flags (DESIGN §5); without one, and when
 * told to, they go into place.
 */
export function placeFlags(input: PlanInput): PlacedFlags {
  const wanted = neededFlags(input)
  if (input.engine === 'builtin' || input.placeFlags) return { files: wanted, waiting: [], keptPaths: [] }

  const files = wanted.map((file) => (isPlaced(file, input) ? file : stagedCopy(file)))
  const waiting = files.filter((file) => inPlacePath(file.path) !== file.path)
  return { files, waiting, keptPaths: [...waiting.map(placeOfStaged), ...obsoleteFlags(wanted, waiting, input)] }
}

/** The flag files of the program; without a drop-in that would say what K3s is told already. */
function neededFlags({
  program,
  config,
  unreadConfig,
  hasK3s,
  inventory,
  observation,
}: PlanInput): readonly FileArtefact[] {
  const files = program.files.filter((file) => file.location !== 'manifest')
  const dropIn = files.find((file) => file.location === 'k3s-config')
  if (dropIn === undefined || config === undefined || !hasK3s || unreadConfig.length > 0) return files
  // A staged one that K3s has never read is not needed any more either.
  const isThere = inventory.entries.has(dropIn.id) || observation.files.has(dropIn.path)
  const read = asReadBy(config, parseK3sVersion(program.k3sVersion))
  return isThere || !isInEffect(dropIn, read) ? files : files.filter((file) => file !== dropIn)
}

/**
 * What K3s was started with stays until everything it is to start with next is in place: a crash would start it with
 * flags that name a missing file. Taking away the last flag file is a change of flags as well.
 */
function obsoleteFlags(
  wanted: readonly FileArtefact[],
  waiting: readonly FileArtefact[],
  input: PlanInput,
): readonly string[] {
  if (waiting.length === 0 && wanted.length > 0) return []
  return [...input.inventory.entries.keys()]
    .map((id) => id.slice('file:'.length))
    .filter((path) => locationOf(path) !== undefined && manifestName(path) === undefined && inPlacePath(path) === path)
    .filter((path) => !wanted.some((file) => file.path === path))
}

/** In place with the wanted content, or ours there and only drifted from it: then it is repaired where it is. */
function isPlaced(file: FileArtefact, input: PlanInput): boolean {
  const digest = sha256Hex(file.text)
  if (input.observation.files.get(file.path)?.digest === digest) return true
  return input.inventory.entries.get(file.id)?.digest === digest
}

function stagedCopy(file: FileArtefact): FileArtefact {
  const path = stagedPath(file.path)
  return { ...file, id: fileId(path), path }
}

function placeOfStaged(file: FileArtefact): string {
  return inPlacePath(file.path)
}
