import type { RepositoryFile, RepositoryReader } from '../../ports/repository-port.ts'

/** Reads each directory once: facts change more often than revisions, and the repository need not be asked again for them. */
export function rememberedReader(reader: RepositoryReader): RepositoryReader {
  const directories = new Map<string, readonly RepositoryFile[]>()
  return {
    async readDirectory(directory, signal) {
      const known = directories.get(directory)
      if (known !== undefined) return known
      const read = await reader.readDirectory(directory, signal)
      directories.set(directory, read)
      return read
    },
  }
}
