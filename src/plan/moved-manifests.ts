import type { FileArtefact } from '../domain/artefact.ts'
import { fileId } from '../domain/artefact.ts'
import type { MovedTo } from '../domain/change.ts'
import type { Inventory } from '../domain/inventory.ts'
import type { NodeObservation, ObservedFile } from '../domain/observation.ts'
import { hasErrors } from '../domain/problem.ts'
import type { NodeProgram } from '../domain/program.ts'
import { manifestName } from '../k3s/locations.ts'
import { addonName, disabledBy, isDeployable } from '../k3s/manifest-rules.ts'
import { objectKey } from '../k3s/object-key.ts'
import { sha256Hex } from '../text/digest.ts'
import { readManifestObjects } from '../text/manifest-objects.ts'

export interface ManifestsHere {
  readonly program: Pick<NodeProgram, 'files' | 'packaged'>
  readonly inventory: Inventory
  readonly observation: NodeObservation
}

export interface Move {
  readonly to: MovedTo
  /** Files that are about its objects from now on. */
  readonly heirs: readonly FileArtefact[]
  /** It holds more than they do. */
  readonly leavesObjects: boolean
}

/**
 * Where the objects of a manifest go that nothing wants any more, as after a file was renamed; undefined when nothing else
 * is about any of them. K3s prunes them for an emptied file, whoever else wants them, and nothing for a missing one.
 *
 * @see k3s-io/k3s pkg/deploy/controller.go; rancher/wrangler pkg/apply/desiredset_process.go
 */
export function moveOf(before: ObservedFile, here: ManifestsHere): Move | undefined {
  if (addonTwin(before.path, here) !== undefined) return { to: 'same-addon', heirs: [], leavesObjects: false }
  if (before.sizeBytes === 0) return undefined
  const held = keysOf(before.path, before.text ?? '')
  const wanted = wantedManifests(here).map((file) => ({ file, keys: keysOf(file.path, file.text) }))
  const heirs = wanted.filter(({ file, keys }) => held.some((key) => keys.includes(key)) || isCopy(before, file.text))
  if (heirs.length === 0) return undefined
  const isHeld = (key: string): boolean => !heirs.some(({ keys }) => keys.includes(key))
  return { to: 'other-addons', heirs: heirs.map(({ file }) => file), leavesObjects: held.some(isHeld) }
}

/** Another file that K3s applies as the same Addon, and that stays: a wanted one, or somebody else's. */
export function addonTwin(path: string, here: ManifestsHere): string | undefined {
  const addon = addonName(path)
  const wanted = wantedManifests(here).map((file) => file.path)
  return [...wanted, ...filesOfOthers(here)].find((other) => other !== path && addonName(other) === addon)
}

/**
 * By the key of each object that a wanted manifest defines: the path of that manifest. Undefined where one of them cannot be
 * read, so that nobody can tell what is wanted.
 */
export function wantedObjects(program: Pick<NodeProgram, 'files'>): ReadonlyMap<string, string> | undefined {
  const read = wantedManifests({ program }).map(({ path, text }) => ({ path, ...readManifestObjects(path, text) }))
  if (read.some(({ problems }) => hasErrors(problems))) return undefined
  return new Map(read.flatMap(({ path, objects }) => objects.map((object) => [objectKey(object), path] as const)))
}

function wantedManifests({ program }: { readonly program: Pick<NodeProgram, 'files'> }): readonly FileArtefact[] {
  return program.files.filter(({ location, path }) => location === 'manifest' && isDeployable(path))
}

/** On the disk, with something in them, applied, and not of those that we are taking away. */
function filesOfOthers({ program, inventory, observation }: ManifestsHere): readonly string[] {
  const names = [...observation.files.keys()].flatMap((path) => manifestName(path) ?? [])
  const markers = new Set(names.filter((name) => name.endsWith('.skip')).map(baseName))
  return [...observation.files.values()].flatMap(({ path, type, sizeBytes }) => {
    const name = manifestName(path)
    if (name === undefined || !isDeployable(name) || type === 'directory' || sizeBytes === 0) return []
    const isLeftOut = markers.has(`${baseName(name)}.skip`) || disabledBy(name, program.packaged.disabled) !== undefined
    return isLeftOut || inventory.entries.get(fileId(path))?.class === 'program' ? [] : [path]
  })
}

/** Keys of the objects; none where it cannot be read. */
function keysOf(path: string, text: string): readonly string[] {
  return readManifestObjects(path, text).objects.map(objectKey)
}

/** Also where nobody but K3s can read it. */
function isCopy({ digest }: ObservedFile, text: string): boolean {
  return digest === sha256Hex(text)
}

function baseName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}
