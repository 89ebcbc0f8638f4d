import type { Problem } from '../domain/problem.ts'
import { fileTooLarge } from '../text/yaml-source.ts'
import { entryProblem, joinPath, type RepositoryEntry } from './repository-entries.ts'

/** The parts of a repository that were handed in so far. */
export interface RepositoryFiles {
  /** The directory, or one above it, was handed in: what is not in it does not exist. */
  isKnown(directory: string): boolean
  has(path: string): boolean
  /** Everything below a directory, sorted by path; the entry itself where it is a link instead of a directory. */
  below(directory: string): readonly RepositoryEntry[]
  /** `network.yaml` or `network.yml` of a directory, whichever there is. */
  networkFile(directory: string): string | undefined
  /** The bytes of a file, or why it has none for us. */
  read(path: string, maxBytes: number): Uint8Array | Problem
}

export function repositoryFiles(directories: ReadonlyMap<string, readonly RepositoryEntry[]>): RepositoryFiles {
  const entries = new Map<string, RepositoryEntry>()
  for (const list of directories.values()) for (const entry of list) entries.set(entry.path, entry)
  const has = (path: string): boolean => entries.has(path)
  return {
    has,
    isKnown: (directory) =>
      [...directories.keys()].some((known) => known === '' || known === directory || directory.startsWith(`${known}/`)),
    below: (directory) =>
      [...entries.values()]
        .filter(
          (entry) =>
            directory === '' ||
            entry.path.startsWith(`${directory}/`) ||
            (entry.path === directory && entry.type !== 'file'),
        )
        .sort((a, b) => (a.path < b.path ? -1 : 1)),
    networkFile: (directory) =>
      ['network.yaml', 'network.yml'].map((name) => joinPath(directory, name)).find((path) => has(path)),
    read(path, maxBytes) {
      const entry = entries.get(path)
      if (entry === undefined) throw new Error(`no entry ${JSON.stringify(path)}`)
      return readEntry(entry, maxBytes)
    },
  }
}

export function readEntry(entry: RepositoryEntry, maxBytes: number): Uint8Array | Problem {
  const problem = entryProblem(entry)
  if (problem !== undefined) return problem
  if (entry.bytes === undefined || entry.sizeBytes > maxBytes)
    return fileTooLarge(entry.path, entry.sizeBytes, maxBytes)
  return entry.bytes
}
