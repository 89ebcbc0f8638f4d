import type { Revision } from '../domain/revision.ts'

/** One entry of a tree, in the repository or in a checkout. */
export interface RepositoryFile {
  /** From the repository's root, with `/`: `clusters/home/network.yaml`. Never trusted to be harmless. */
  readonly path: string
  readonly type: 'file' | 'symlink' | 'submodule'
  readonly sizeBytes: number
  /** Absent for symlinks, submodules and files above the size limit of the reader. */
  readonly bytes?: Uint8Array
}

/** Reads trees of one revision; without a checkout where the repository is remote. */
export interface RepositoryReader {
  /**
   * All files below `directory`, recursively, sorted by path; empty when there is no such directory.
   * @param directory from the root, without a trailing `/`; `''` is the root
   * @throws Failure TREE_TOO_LARGE above 10,000 files or 64 MiB
   */
  readDirectory(directory: string, signal: AbortSignal): Promise<readonly RepositoryFile[]>
}

export interface NewBranch {
  readonly branch: string
  readonly message: string
  readonly files: readonly { readonly path: string; readonly text: string }[]
}

/** The repository of desired state, wherever it is. Failures carry codes `GIT_*`; URLs in them hold no credentials. */
export interface GitSourcePort {
  /** For people and logs: the URL without credentials, and the reference. */
  readonly description: string
  /** Asks the remote for its head and downloads what is missing. */
  fetch(signal: AbortSignal): Promise<Revision>
  /** Trees of a commit that `fetch` returned, or of any other that the store has. */
  reader(commit: string): RepositoryReader
  /**
   * Pushes a branch that adds files to the fetched head, unless a branch of that name exists.
   * @returns false when it was there already
   */
  publishBranch(branch: NewBranch, signal: AbortSignal): Promise<boolean>
  /** Ends the child process, if one runs. */
  close(): Promise<void>
}
