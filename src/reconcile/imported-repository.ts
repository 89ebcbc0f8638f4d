import type { ImportedCluster } from '../import/import-input.ts'
import type { RepositoryReader } from '../ports/repository-port.ts'

/** The repository that an import would make, before it is written anywhere: one cluster and nothing else. */
export function importedRepository(cluster: string, { files }: Pick<ImportedCluster, 'files'>): RepositoryReader {
  const entries = files
    .map(({ path, text }) => {
      const bytes = new TextEncoder().encode(text)
      return { path: `clusters/${cluster}/${path}`, type: 'file' as const, sizeBytes: bytes.length, bytes }
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  return {
    readDirectory: (directory) =>
      Promise.resolve(entries.filter(({ path }) => directory === '' || path.startsWith(`${directory}/`))),
  }
}
