import type { NodeObservation, ObservedFile } from '../domain/observation.ts'

/**
 * The files of one machine, below its root. Paths are absolute as K3s sees them, and only those in the allow-list of
 * `k3s/locations.ts` are taken: anything else is a Failure PATH_REFUSED before the disk is touched. No symlink is
 * followed on the way to a file.
 */
export interface NodeFilesPort {
  /**
   * Everything in the places that programs may write to, read now. A place that cannot be read is named in `refusals`
   * and does not keep the others from being read.
   * @param alsoPaths looked at even where there are too many files to list them all
   */
  observe(alsoPaths: readonly string[], signal: AbortSignal): Promise<NodeObservation>
  /** One path, read now; undefined when nothing is there. */
  observeFile(path: string): Promise<ObservedFile | undefined>
  /**
   * Sibling, fsync, rename, fsync of the directory; mode 0600, missing directories 0700. A directory or symlink in the
   * place of the file itself is a Failure PATH_OCCUPIED.
   * @param before what was there when the write was decided; anything else right before the rename (another content, a
   *   file where there was none) is a Failure FILE_CHANGED, and nothing is written
   * @param stillWanted asked right before the rename; when it says no, nothing is written and the answer is false
   */
  writeFile(
    path: string,
    text: string,
    before: ObservedFile | undefined,
    stillWanted?: () => Promise<boolean>,
  ): Promise<boolean>
  /** Unlinks one file that is still as it was observed, and fsyncs its directory. Missing is fine; else FILE_CHANGED. */
  removeFile(path: string, before: ObservedFile): Promise<void>
  /** Moves a file that is still as it was observed into the quarantine; returns where it is now. Else FILE_CHANGED. */
  quarantineFile(path: string, before: ObservedFile): Promise<string>
  /** Siblings that a killed writer left behind are taken away. Called at start. */
  removeLeftovers(): Promise<number>
  /** Who has the file open, or owns it: `process 812 (vim)`, `uid 0 (root)`; for people. */
  describeWriter(path: string): Promise<string>
}

/** Hints that something changed; never the truth. */
export interface FileEventsPort {
  /** Calls back with a path as K3s sees it, within milliseconds. */
  start(onHint: (path: string) => void): Promise<void>
  stop(): Promise<void>
}
