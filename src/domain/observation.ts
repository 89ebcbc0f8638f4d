import type { Failure } from './failure.ts'

export type FileType = 'file' | 'directory' | 'symlink' | 'other'

/** One file as it is on the disk now, symlinks not followed. */
export interface ObservedFile {
  /** Absolute, as K3s sees it: without the machine's root. */
  readonly path: string
  readonly type: FileType
  /** Permission bits only: 0o600. */
  readonly mode: number
  readonly ownerUid: number
  readonly modifiedAtMs: number
  readonly sizeBytes: number
  /** SHA-256 of the bytes in hex; absent for anything but a file that could be read whole. */
  readonly digest?: string
  /** Absent for anything but UTF-8 text within the size limit. */
  readonly text?: string
  /** Why there is no text, for people: `larger than 8 MiB`, `not UTF-8`, `permission denied`. */
  readonly unreadable?: string
  /** What Fairlead decrypts stands or stood here: no line of it is shown or kept. */
  readonly holdsSecret?: true
}

/** The files in the places that programs may write to, by path. */
export interface NodeObservation {
  readonly files: ReadonlyMap<string, ObservedFile>
  /** Places that could not be read: nothing is known of the files below them, least of all that they are missing. */
  readonly refusals: readonly RefusedPlace[]
}

export interface RefusedPlace {
  /** Absolute, as K3s sees it, without a trailing `/`. */
  readonly directory: string
  readonly failure: Failure
}

export function isUnobserved(observation: NodeObservation, path: string): boolean {
  return observation.refusals.some(({ directory }) => path.startsWith(`${directory}/`))
}

/** Mode of everything that we write; K3s uses the same for what it stages. */
export const fileMode = 0o600
export const directoryMode = 0o700
