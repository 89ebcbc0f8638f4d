import type { ManifestStatus } from '../../domain/deploy-status.ts'
import type { DeployedAddon, DeployedObjects } from '../../domain/deployed-objects.ts'
import { Failure } from '../../domain/failure.ts'
import type { Inventory, InventoryEntry } from '../../domain/inventory.ts'
import type { RemovalProgress } from '../../domain/manifest-removal.ts'
import type { NodeObservation } from '../../domain/observation.ts'
import type { NodeProgram } from '../../domain/program.ts'
import { manifestName } from '../../k3s/locations.ts'
import { addonName } from '../../k3s/manifest-rules.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import { type EmptiedManifest, emptyDigest, removalStep } from '../../plan/k3s-engine/removal-step.ts'
import { addonTwin, wantedObjects } from '../../plan/moved-manifests.ts'
import type { RetirePorts } from '../retire/retire-objects.ts'
import { deleteAddon, retireFromK3s } from './retire-from-k3s.ts'
import { retireMoved } from './retire-moved.ts'

/** What a look at removals is made from. */
export interface RemovalsInput {
  readonly program: NodeProgram
  readonly inventory: Inventory
  readonly observation: NodeObservation
  readonly live: DeployedObjects
  readonly version: K3sVersion | undefined
  /** Manifests of the program that K3s is not known to have applied. */
  readonly unapplied: readonly string[]
}

/**
 * Removals of our own manifests beside a living K3s: the empty file is applied, its objects are gone, its Addon goes, and
 * only then the file. The order is that of a process that may end anywhere: as long as the file is there, all comes again.
 * Of a manifest whose objects moved to others the file goes first, and as long as the inventory knows it, the rest follows.
 */
export class K3sRemovals {
  readonly #ports: RetirePorts
  #progress: ReadonlyMap<string, RemovalProgress | 'time'> = new Map()
  /** Addons that were deleted: a K3s that is about to look at the empty file makes one of them anew. */
  readonly #retired = new Map<string, string>()
  #overtaken: ReadonlySet<string> = new Set()

  constructor(ports: RetirePorts) {
    this.#ports = ports
  }

  /** @returns `time` where nothing in the API can tell; undefined for what was not looked at yet */
  progressOf(path: string): RemovalProgress | 'time' | undefined {
    return this.#progress.get(path)
  }

  get hasOpen(): boolean {
    return this.#progress.size > 0
  }

  get hasPruned(): boolean {
    return [...this.#progress.values()].includes('pruned')
  }

  /** Manifests that K3s takes for applied, although objects of them are applied from a file that is gone. */
  get overtaken(): ReadonlySet<string> {
    return this.#overtaken
  }

  /** @throws Failure KUBE_* */
  async pass(input: RemovalsInput, signal: AbortSignal): Promise<readonly ManifestStatus[]> {
    await this.#deleteAgain(input, signal)
    const progress = new Map<string, RemovalProgress | 'time'>()
    const rows: ManifestStatus[] = []
    for (const manifest of emptiedManifests(input)) {
      const looked = await this.#look(manifest, input, signal)
      progress.set(manifest.path, looked.progress)
      rows.push({ path: manifest.path, addon: addonName(manifest.path), ...looked.row })
    }
    const overtaken: string[] = []
    for (const entry of movedManifests(input)) {
      const path = pathOf(entry)
      const looked = await this.#follow(entry, input, signal)
      overtaken.push(...(looked.overtaken ?? []))
      progress.set(path, looked.progress)
      rows.push({ path, addon: addonName(path), ...looked.row })
    }
    this.#progress = progress
    this.#overtaken = new Set(overtaken)
    return rows
  }

  async #look(manifest: EmptiedManifest, input: RemovalsInput, signal: AbortSignal): Promise<Looked> {
    const twin = addonTwin(manifest.path, input)
    if (twin !== undefined) return waiting(`its Addon is that of ${twin} as well, and stays; the file goes next`)
    const { live, version } = input
    const name = addonName(manifest.path)
    const addon = live.addons.find((one) => one.name === name)
    if (addon === undefined && this.#retired.has(manifest.path)) return pruned
    const word = live.words.find((one) => one.addon === name)
    const step = removalStep({ manifest, addon, word, version })
    if (step.kind === 'wait') return waiting(step.message, step.hasFailed ? 'Failed' : 'Pending')
    if (step.kind === 'time' || addon === undefined) return onTime
    const retired = await refusalOr(retireFromK3s(addon, step.kinds, this.#ports, signal))
    if (retired instanceof Failure) return waiting(`${retired.message} (${retired.detail.fix})`, 'Failed')
    if (retired.kind === 'left') return waiting(`objects of it are still there: ${some(retired.objects)}`)
    if (retired.kind === 'changed') return waiting('K3s looks at it just now')
    this.#retired.set(manifest.path, addon.name)
    return pruned
  }

  /** What a moved manifest leaves. A file of another server with its Addon's name is left alone. */
  async #follow(entry: InventoryEntry, input: RemovalsInput, signal: AbortSignal): Promise<Looked> {
    const { program, observation, live, unapplied } = input
    const path = pathOf(entry)
    const name = addonName(path)
    const addon = live.addons.find((one) => one.name === name)
    if (isOfOther(addon, entry) || addonTwin(path, input) !== undefined) return moved
    if (unapplied.length > 0) return waiting(`${unapplied.join(', ')} is to be applied first`)
    const wanted = wantedObjects(asOnDisk(program, observation))
    const retired = await refusalOr(retireMoved({ name, addon, kinds: entry.kinds ?? [], wanted }, this.#ports, signal))
    if (retired instanceof Failure) return waiting(`${retired.message} (${retired.detail.fix})`, 'Failed')
    if (retired.kind === 'not-taken-over') {
      const message = `still applied from it, and not from where they moved to: ${some(retired.objects)}`
      return { ...waiting(message), overtaken: retired.by }
    }
    if (retired.kind === 'left') return waiting(`objects of it are still there: ${some(retired.objects)}`)
    return retired.kind === 'changed' ? waiting('K3s looks at it just now') : moved
  }

  async #deleteAgain({ program, live, observation }: RemovalsInput, signal: AbortSignal): Promise<void> {
    for (const { path } of program.files) this.#retired.delete(path)
    for (const [path, name] of this.#retired) {
      if (observation.files.has(path)) continue
      const addon = live.addons.find((one) => one.name === name)
      const isLeftOver = addon !== undefined && addon.source === path && addon.checksum === emptyDigest
      const hasTwin = [...observation.files.keys()].some((other) => isManifest(other) && addonName(other) === name)
      if (isLeftOver && !hasTwin) await deleteAddon(addon, this.#ports, signal)
    }
  }
}

/** What the server refuses keeps nothing else from being looked at. */
async function refusalOr<T>(retired: Promise<T>): Promise<T | Failure> {
  try {
    return await retired
  } catch (error) {
    if (error instanceof Failure && refusals.has(error.detail.code)) return error
    throw error
  }
}

const refusals: ReadonlySet<string> = new Set(['KUBE_DENIED', 'KUBE_FORBIDDEN', 'KUBE_INVALID'])

interface Looked {
  readonly progress: RemovalProgress | 'time'
  readonly row: Pick<ManifestStatus, 'state' | 'message'>
  readonly overtaken?: readonly string[]
}

const pruned: Looked = {
  progress: 'pruned',
  row: { state: 'Pending', message: 'is being removed: its objects are gone, and the file goes next' },
}
const moved: Looked = {
  progress: 'pruned',
  row: { state: 'Pending', message: 'is being removed: its objects moved to other manifests' },
}
const onTime: Looked = {
  progress: 'time',
  row: { state: 'Pending', message: 'is being removed: K3s has no Addon of it, so that only time can tell when' },
}

function waiting(message: string, state: 'Pending' | 'Failed' = 'Pending'): Looked {
  return { progress: 'waiting', row: { state, message: `is being removed: ${message}` } }
}

/** What we wrote, nobody wants any more, and is empty on the disk. */
function emptiedManifests({ program, inventory, observation }: RemovalsInput): readonly EmptiedManifest[] {
  const wanted = new Set(program.files.map(({ path }) => path))
  return [...inventory.entries.values()].flatMap((entry): readonly EmptiedManifest[] => {
    const path = pathOf(entry)
    const there = observation.files.get(path)
    const isEmptied = there?.type === 'file' && there.sizeBytes === 0 && entry.digest === emptyDigest
    if (!isEmptied || !isManifest(path) || wanted.has(path) || entry.class !== 'program') return []
    return [{ path, emptiedAtMs: there.modifiedAtMs, kinds: entry.kinds }]
  })
}

/** An Addon that names another path, and is not the one that a file of the same content was renamed from before. */
function isOfOther(addon: DeployedAddon | undefined, entry: InventoryEntry): boolean {
  if (addon === undefined || addon.source === '' || addon.source === pathOf(entry)) return false
  return addon.checksum !== entry.moved
}

/** What moved to other manifests, and is not on the disk any more. */
function movedManifests({ program, inventory, observation }: RemovalsInput): readonly InventoryEntry[] {
  const wanted = new Set(program.files.map(({ path }) => path))
  return [...inventory.entries.values()].filter((entry) => {
    const path = pathOf(entry)
    return entry.moved !== undefined && isManifest(path) && !wanted.has(path) && !observation.files.has(path)
  })
}

/** An encrypted manifest as K3s reads it. */
function asOnDisk({ files }: NodeProgram, observation: NodeObservation): Pick<NodeProgram, 'files'> {
  return { files: files.map((file) => ({ ...file, text: observation.files.get(file.path)?.text ?? file.text })) }
}

function some(objects: readonly string[]): string {
  return objects.slice(0, 10).join(', ')
}

function pathOf({ id }: InventoryEntry): string {
  return id.slice('file:'.length)
}

function isManifest(path: string): boolean {
  return manifestName(path) !== undefined
}
