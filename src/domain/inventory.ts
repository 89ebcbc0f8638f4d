import type { ArtefactId } from './artefact.ts'

/**
 * What this installation wrote, or was about to write, and has not yet seen gone. Written down before the effect, and
 * shortened only after a removal was seen: only what stands here may ever be deleted.
 */
export interface Inventory {
  readonly entries: ReadonlyMap<ArtefactId, InventoryEntry>
}

export interface InventoryEntry {
  readonly id: ArtefactId
  /** SHA-256 of the content last written or about to be written, in hex. */
  readonly digest: string
  /** `main@sha1:…` that asked for it. */
  readonly revision: string
  /** `packaged`: staged by us in K3s's stead, from our own bundle. */
  readonly class: 'program' | 'packaged'
}

export const emptyInventory: Inventory = { entries: new Map() }
