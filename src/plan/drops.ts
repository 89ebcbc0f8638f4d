import { fileId } from '../domain/artefact.ts'
import type { Drop, DropFinding } from '../domain/drop.ts'
import type { Inventory } from '../domain/inventory.ts'
import type { NodeObservation, ObservedFile } from '../domain/observation.ts'
import type { NodeProgram } from '../domain/program.ts'
import type { DeployEngine } from '../domain/status.ts'
import { manifestName } from '../k3s/locations.ts'
import { addonName, disabledBy, isDeployable, isValidAddonName } from '../k3s/manifest-rules.ts'
import { objectKey } from '../k3s/object-key.ts'
import { isPackagedManifest } from '../k3s/packaged-components.ts'
import { type ManifestObject, readManifestObjects } from '../text/manifest-objects.ts'
import { type PackagedTarget, packagedFiles } from './packaged-target.ts'

interface DropsInput {
  readonly program: NodeProgram
  readonly observation: NodeObservation
  readonly inventory: Inventory
  readonly engine: DeployEngine
  readonly packaged: PackagedTarget
}

interface ManifestContent {
  readonly objects: readonly ManifestObject[]
  readonly findings: readonly DropFinding[]
}

interface ReadManifest extends ManifestContent {
  readonly name: string
  readonly file: ObservedFile
  readonly isDrop: boolean
}

/** Who defines what: an Addon or an object → the first two files that do, which is as many as a clash names. */
interface Definitions {
  readonly addons: ReadonlyMap<string, readonly string[]>
  readonly objects: ReadonlyMap<string, readonly string[]>
}

/**
 * What the last call read, by name and digest: passes come by the second, and the files are the same ones nearly always.
 * Holds places and names, no text, and never more than one observation does.
 */
let lastRead: ReadonlyMap<string, ManifestContent> = new Map()

/**
 * The files in the manifests directory that neither K3s nor Fairlead wrote, with everything K3s would trip over: text it
 * cannot parse, names it refuses or deletes, and files that fight over an Addon or an object.
 */
export function assessDrops(input: DropsInput): Drop[] {
  const manifests = readManifests(input)
  const definitions = definitionsOf(manifests)
  return manifests
    .filter((manifest) => manifest.isDrop)
    .map((manifest) => {
      const holdsSecret = manifest.objects.some((object) => object.isSecret)
      return {
        path: manifest.file.path,
        digest: manifest.file.digest ?? '',
        findings: [
          ...manifest.findings,
          ...nameFindings(manifest.name, input.program.packaged.disabled),
          ...clashFindings(manifest, definitions),
        ].sort((a, b) => a.line - b.line || a.column - b.column || (a.code < b.code ? -1 : 1)),
        holdsSecret,
        handling: input.program.drift.drops === 'Adopt' && holdsSecret ? 'Report' : input.program.drift.drops,
      }
    })
}

function readManifests(input: DropsInput): ReadManifest[] {
  const ours = new Set([...input.program.files.map((file) => file.path), ...packagedFiles(input.packaged).keys()])
  const manifests: ReadManifest[] = []
  const read = new Map<string, ManifestContent>()
  for (const file of [...input.observation.files.values()].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const name = manifestName(file.path)
    if (name === undefined || file.type === 'directory' || !isDeployable(name)) continue
    const isDrop =
      !ours.has(file.path) &&
      !input.inventory.entries.has(fileId(file.path)) &&
      !(input.engine === 'k3s' && isPackagedManifest(name))
    const key = file.text === undefined || file.digest === undefined ? undefined : `${file.digest} ${name}`
    const content = (key === undefined ? undefined : lastRead.get(key)) ?? readManifest(name, file)
    if (key !== undefined) read.set(key, content)
    manifests.push({ name, file, isDrop, ...content })
  }
  lastRead = read
  return manifests
}

function readManifest(name: string, file: ObservedFile): ManifestContent {
  if (file.text === undefined) {
    const what = file.type === 'symlink' ? 'is a symbolic link' : `cannot be read: ${file.unreadable ?? file.type}`
    const finding = at(1, 1, 'DROP_UNREADABLE', what, 'put a plain YAML or JSON file here')
    return { objects: [], findings: [finding] }
  }
  const { objects, problems } = readManifestObjects(name, file.text)
  const findings = problems
    .filter((problem) => problem.severity === 'error')
    .map((problem) => at(problem.place.line, problem.place.column, problem.code, problem.what, problem.fix))
  return { objects, findings }
}

function nameFindings(name: string, disabled: readonly string[]): DropFinding[] {
  const findings: DropFinding[] = []
  const addon = addonName(name)
  if (!isValidAddonName(addon)) {
    const what = `K3s makes an Addon named ${JSON.stringify(addon)} of it, which is no object name`
    findings.push(at(1, 1, 'ADDON_NAME_INVALID', what, 'use lower-case letters, digits and dashes up to the first dot'))
  }
  const item = disabledBy(name, disabled)
  if (item !== undefined) {
    const what = `K3s deletes it and its objects, because ${JSON.stringify(item)} is disabled`
    findings.push(at(1, 1, 'DISABLED_NAME', what, 'give the file another name'))
  }
  if (isPackagedManifest(name)) {
    const what = 'K3s overwrites it with the file it ships at its next start'
    findings.push(at(1, 1, 'PACKAGED_NAME', what, 'give the file another name'))
  }
  return findings
}

function definitionsOf(manifests: readonly ReadManifest[]): Definitions {
  const [addons, objects] = [new Map<string, string[]>(), new Map<string, string[]>()]
  for (const { name, objects: defined } of manifests) {
    note(addons, addonName(name), name)
    for (const object of defined) note(objects, objectKey(object), name)
  }
  return { addons, objects }
}

function note(definitions: Map<string, string[]>, key: string, name: string): void {
  const names = definitions.get(key)
  if (names === undefined) definitions.set(key, [name])
  else if (names.length === 1 && names[0] !== name) names.push(name)
}

function clashFindings(manifest: ReadManifest, { addons, objects }: Definitions): DropFinding[] {
  const findings: DropFinding[] = []
  const addon = addonName(manifest.name)
  const sameAddon = addons.get(addon)?.find((name) => name !== manifest.name)
  if (sameAddon !== undefined) {
    const what = `shares the Addon ${addon} with ${sameAddon}: each prunes the objects of the other`
    findings.push(at(1, 1, 'ADDON_NAME_CLASH', what, 'give one of the files another name up to its first dot'))
  }
  for (const object of manifest.objects) {
    const twin = objects.get(objectKey(object))?.find((name) => name !== manifest.name)
    if (twin === undefined) continue
    const what = `${object.kind} ${object.namespace ?? 'default'}/${object.name} is defined in ${twin} as well`
    findings.push(at(object.place.line, object.place.column, 'OBJECT_TWICE', what, 'keep it in one of the files'))
  }
  return findings
}

function at(line: number, column: number, code: string, what: string, fix: string): DropFinding {
  return { code, line, column, what, fix }
}
