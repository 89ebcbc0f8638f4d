import { type PromiseFsClient, readBlob, readTree } from 'isomorphic-git'
import type { RepositoryFile } from '../../ports/repository-port.ts'
import type { ObjectCache } from './isomorphic-store.ts'
import { snapshotOfStore } from './store-files.ts'
import { checkFileCount, countDirectories, createTreeCollector, maxFileBytes } from './tree-limits.ts'

interface Place {
  readonly gitdir: string
  readonly cache: ObjectCache
  readonly signal: AbortSignal
}

interface OpenStore extends Place {
  readonly fs: PromiseFsClient
}

interface ListedEntry {
  readonly path: string
  readonly oid: string
  readonly type: RepositoryFile['type']
}

/** All files below `directory` of a commit's tree; empty when that is no directory. */
export async function readStoredDirectory(
  commit: string,
  directory: string,
  place: Place,
): Promise<readonly RepositoryFile[]> {
  const store: OpenStore = { ...place, fs: await snapshotOfStore(place.gitdir) }
  const tree = await findTree(commit, directory, store)
  if (tree === undefined) return []
  const entries: ListedEntry[] = []
  await list(tree, directory, { entries, count: countDirectories(directory) }, store)
  const collector = createTreeCollector(directory)
  for (const entry of entries) {
    place.signal.throwIfAborted()
    collector.add(await readEntry(entry, store))
  }
  return collector.sorted()
}

/** Step by step: `readTree` with a path cannot tell a directory that is missing from an object that is. */
async function findTree(
  commit: string,
  directory: string,
  { fs, gitdir, cache }: OpenStore,
): Promise<string | undefined> {
  let { oid } = await readTree({ fs, gitdir, oid: commit, cache })
  for (const name of directory === '' ? [] : directory.split('/')) {
    const { tree } = await readTree({ fs, gitdir, oid, cache })
    const next = tree.find((entry) => entry.path === name && entry.type === 'tree')
    if (next === undefined) return undefined
    oid = next.oid
  }
  return oid
}

/** Names only: what is too much must not be read to find out. */
async function list(
  tree: string,
  directory: string,
  found: { readonly entries: ListedEntry[]; readonly count: () => void },
  store: OpenStore,
): Promise<void> {
  const { fs, gitdir, cache, signal } = store
  found.count()
  signal.throwIfAborted()
  const { tree: entries } = await readTree({ fs, gitdir, oid: tree, cache })
  for (const { path: name, oid, type, mode } of entries) {
    const path = directory === '' ? name : `${directory}/${name}`
    if (type === 'tree') await list(oid, path, found, store)
    else
      found.entries.push({ path, oid, type: type === 'commit' ? 'submodule' : mode === '120000' ? 'symlink' : 'file' })
  }
  checkFileCount(directory, found.entries.length)
}

async function readEntry({ path, oid, type }: ListedEntry, { fs, gitdir, cache }: OpenStore): Promise<RepositoryFile> {
  if (type === 'submodule') return { path, type, sizeBytes: 0 }
  const { blob } = await readBlob({ fs, gitdir, oid, cache })
  const isRead = type === 'file' && blob.length <= maxFileBytes
  return { path, type, sizeBytes: blob.length, ...(isRead ? { bytes: blob } : {}) }
}
