import { fileId } from './artefact.ts'
import type { Facts } from './facts.ts'
import type { Inventory } from './inventory.ts'
import type { FileType, NodeObservation, ObservedFile } from './observation.ts'

/**
 * Facts and observations of a living cluster in a file, so that a plan can be made far away from it: on a laptop, in a
 * pull request. Holds no Secrets: their files carry a digest and no text.
 */
export interface Capture {
  readonly apiVersion: 'fairlead.dev/v1alpha1'
  readonly kind: 'Capture'
  readonly metadata: {
    /** The cluster, as its directory below `clusters/` is called. */
    readonly name: string
    /** ISO 8601. */
    readonly capturedAt: string
    readonly fairleadVersion: string
  }
  readonly facts: Facts
  /** By node name. A node without an entry counts as empty: nothing of ours was there. */
  readonly observations: Readonly<Record<string, { readonly files: readonly CapturedFile[] }>>
  /** By node name. Without an entry nothing on the node is ours. */
  readonly inventories: Readonly<Record<string, { readonly entries: readonly CapturedEntry[] }>>
}

export interface CapturedFile {
  /** Absolute, as K3s sees it. */
  readonly path: string
  readonly type: FileType
  /** Permission bits only. */
  readonly mode: number
  /** Absent for Secrets, for anything but UTF-8, and for what is no file. */
  readonly text?: string
  /** SHA-256 of the bytes in hex. */
  readonly digest?: string
}

export interface CapturedEntry {
  readonly path: string
  /** SHA-256 of what was last written, in hex. */
  readonly digest: string
  readonly revision: string
  readonly class: 'program' | 'packaged'
}

export function capturedObservation(capture: Capture, node: string): NodeObservation {
  const files = capture.observations[node]?.files ?? []
  return { files: new Map(files.map((file) => [file.path, observed(file)])), refusals: [] }
}

export function capturedInventory(capture: Capture, node: string): Inventory {
  const entries = capture.inventories[node]?.entries ?? []
  return { entries: new Map(entries.map(({ path, ...entry }) => [fileId(path), { id: fileId(path), ...entry }])) }
}

/** Owner and time are no part of a capture: what is planned from one does not depend on them. */
function observed(file: CapturedFile): ObservedFile {
  const rest = { ...file, ownerUid: 0, modifiedAtMs: 0 }
  if (file.text !== undefined) return { ...rest, sizeBytes: file.text.length }
  // Not empty as far as anybody knows: its objects are pruned before it is removed.
  return { ...rest, sizeBytes: 1, unreadable: 'left out of the capture' }
}
