import type { RepositoryFile, RepositoryReader } from '../ports/repository-port.ts'

/**
 * A reader that reads every directory once: what lies below a directory that was read is answered from that. For one run
 * over a repository that stands still.
 */
export function readOnce(reader: RepositoryReader): RepositoryReader {
  const known = new Map<string, readonly RepositoryFile[]>()
  return {
    ...reader,
    async readDirectory(directory, signal) {
      const found = known.get(directory) ?? partOf(known, directory)
      if (found !== undefined) return found
      const files = await reader.readDirectory(directory, signal)
      known.set(directory, files)
      rememberChildren(directory, files, known)
      return files
    },
  }
}

/** `clusters` is read to list the clusters, and then each of them. */
function rememberChildren(
  directory: string,
  files: readonly RepositoryFile[],
  known: Map<string, readonly RepositoryFile[]>,
): void {
  const children = new Map<string, RepositoryFile[]>()
  for (const file of files) {
    const end = file.path.indexOf('/', directory.length + 1)
    if (end < 0) continue
    const child = file.path.slice(0, end)
    const list = children.get(child)
    if (list === undefined) children.set(child, [file])
    else list.push(file)
  }
  for (const [child, list] of children) known.set(child, list)
}

function partOf(
  known: ReadonlyMap<string, readonly RepositoryFile[]>,
  directory: string,
): readonly RepositoryFile[] | undefined {
  const slash = directory.lastIndexOf('/')
  if (slash < 0) return undefined
  const parent = directory.slice(0, slash)
  const files = known.get(parent) ?? partOf(known, parent)
  return files?.filter((file) => file.path === directory || file.path.startsWith(`${directory}/`))
}
