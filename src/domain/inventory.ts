import type { ArtefactId } from './artefact.ts'
import type { ManifestKind } from './manifest-removal.ts'

/**
 * What this installation wrote, or was about to write, and has not yet seen gone. Written down before the effect, and
 * shortened only after a removal was seen: only what stands here may ever be deleted.
 */
export interface Inventory {
  readonly entries: ReadonlyMap<ArtefactId, InventoryEntry>
}

export interface InventoryEntry {
  readonly id: ArtefactId
  /** SHA-256 of the content that was last seen written, in hex; empty while that never happened. */
  readonly digest: string
  /** SHA-256 of the content that is about to be written; absent once it was. */
  readonly intended?: string
  /** `main@sha1:…` that asked for it. */
  readonly revision: string
  /** `packaged`: staged by us in K3s's stead, from our own bundle. */
  readonly class: 'program' | 'packaged'
  /** The content is encrypted in the repository: whatever stands at the path is neither shown nor kept. */
  readonly holdsSecret?: true
  /** Of a manifest that was emptied or moved: the kinds that it held, which are looked for. Absent where it could not be read. */
  readonly kinds?: readonly ManifestKind[]
  /**
   * Its objects moved to manifests of other names: the file goes first, then what they left of it, and its Addon. Once the
   * file was seen gone `digest` is empty, and whatever comes in its place is somebody else's. SHA-256 of what went, in hex.
   */
  readonly moved?: string
}

/** The content is what we wrote, or were writing when we were interrupted. */
export function isOurContent(entry: InventoryEntry, digest: string | undefined): boolean {
  return digest !== undefined && (digest === entry.digest || digest === entry.intended)
}

export const emptyInventory: Inventory = { entries: new Map() }
