import { type LoadOutcome, loadCluster } from '../../src/schema/load-cluster.ts'
import type { RepositoryEntry } from '../../src/schema/repository-entries.ts'

/** A file's text, or an entry that is none. */
export type Content = string | Uint8Array | Omit<RepositoryEntry, 'path'>

export type Repository = Readonly<Record<string, Content>>

export const header = 'apiVersion: fairlead.dev/v1alpha1\nkind: ClusterNetwork\n'
/** Six lines; a test's own text begins at line 7, below `spec`. */
export const network = `${header}metadata:\n  name: home\nspec:\n  k3sVersion: v1.33.4+k3s1\n`
export const nodeHeader = 'apiVersion: fairlead.dev/v1alpha1\nkind: NodeNetwork\nmetadata: { name: edge }\n'

export const directory = 'clusters/home'

/** What the repository's reader would give for a directory. */
export function entriesBelow(repository: Repository, below: string): RepositoryEntry[] {
  return Object.entries(repository)
    .filter(([path]) => below === '' || path.startsWith(`${below}/`))
    .map(([path, content]) => entry(path, content))
}

export function entry(path: string, content: Content): RepositoryEntry {
  if (typeof content === 'object' && 'type' in content) return { path, ...content }
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return { path, type: 'file', sizeBytes: bytes.length, bytes }
}

/** Loads as the reconciler does: reads what is asked for, until it is enough. */
export function load(
  repository: Repository,
  clusterDirectory: string = directory,
): Exclude<LoadOutcome, { kind: 'needs' }> & { readonly asked: readonly string[] } {
  const directories = new Map<string, readonly RepositoryEntry[]>()
  for (;;) {
    const outcome = loadCluster({ clusterDirectory, directories })
    if (outcome.kind !== 'needs') return { ...outcome, asked: [...directories.keys()] }
    for (const asked of outcome.directories) {
      if (directories.has(asked)) throw new Error(`asked twice for ${asked}`)
      directories.set(asked, entriesBelow(repository, asked))
    }
  }
}

/** Problems as `file:line:column CODE`. */
export function found(repository: Repository, clusterDirectory?: string): string[] {
  return load(repository, clusterDirectory).problems.map(
    ({ code, place }) => `${place.file}:${place.line}:${place.column} ${code}`,
  )
}

/** Problems of a network.yaml that ends in `text`, as `line:column CODE`. */
export function foundIn(text: string): string[] {
  return found({ [`${directory}/network.yaml`]: network + text }).map((line) =>
    line.replace(/^clusters\/home\/network\.yaml:/, ''),
  )
}
