import type { RepositoryReader } from '../../src/ports/repository-port.ts'

/** A repository of texts by path, read as a checkout is: sorted, with the bytes of every file. */
export function textRepository(texts: ReadonlyMap<string, string | Uint8Array>): RepositoryReader {
  const files = [...texts]
    .map(([path, content]) => {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content
      return { path, type: 'file' as const, sizeBytes: bytes.length, bytes }
    })
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  return {
    readDirectory: async (directory) =>
      files.filter(({ path }) => directory === '' || path.startsWith(`${directory}/`)),
  }
}
