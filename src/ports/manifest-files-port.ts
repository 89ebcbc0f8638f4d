import type { ManifestTree } from '../domain/manifest-tree.ts'

/** The manifests directory of a server, as its deploy engine looks at it. Paths are absolute. */
export interface ManifestFilesPort {
  /** What is there now. A directory that is missing is an answer, not a failure. */
  tree(signal: AbortSignal): Promise<ManifestTree>
  /** Through links. @throws Failure with the system's words as its message: `open <path>: no such file or directory` */
  read(path: string, signal: AbortSignal): Promise<Uint8Array>
  /** The file, the link itself, or an empty directory. @throws Failure as `read` does */
  remove(path: string, signal: AbortSignal): Promise<void>
}

/** Hints about directories that links of the manifests directory lead to, which nobody else watches. */
export interface LinkedDirectoriesPort {
  /**
   * Watches these from now on, and no others.
   * @param directories absolute, without links
   */
  follow(directories: readonly string[], changed: () => void): void
  close(): Promise<void>
}
