import { Failure } from '../domain/failure.ts'
import type { Problem } from '../domain/problem.ts'
import type { RepositoryFile, RepositoryReader } from '../ports/repository-port.ts'
import type { DesiredState, ManifestSource } from '../schema/documents.ts'
import { listClusters, loadCluster } from '../schema/load-cluster.ts'

export type LoadedDesired =
  | { readonly kind: 'loaded'; readonly desired: DesiredState; readonly problems: readonly Problem[] }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[]; readonly manifests: readonly ManifestSource[] }

/** Reads a cluster directory and, as far as it asks for them, the directories it extends. */
export async function loadDesired(
  reader: RepositoryReader,
  clusterDirectory: string,
  signal: AbortSignal,
): Promise<LoadedDesired> {
  const directories = new Map<string, readonly RepositoryFile[]>()
  for (;;) {
    const outcome = loadCluster({ clusterDirectory, directories })
    if (outcome.kind !== 'needs') return outcome
    for (const directory of outcome.directories) {
      directories.set(directory, await reader.readDirectory(directory, signal))
    }
  }
}

/**
 * `clusters/<name>`: the named one, or the only one there is.
 * @throws Failure CLUSTER_UNKNOWN or CLUSTER_AMBIGUOUS, with the names that exist
 */
export async function chooseCluster(
  reader: RepositoryReader,
  name: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const directories = listClusters(await reader.readDirectory('clusters', signal))
  const names = directories.map((directory) => directory.slice(directory.lastIndexOf('/') + 1))
  const [only] = directories
  if (name === undefined && directories.length === 1 && only !== undefined) return only
  const at = name === undefined ? -1 : names.indexOf(name)
  const found = directories[at]
  if (found !== undefined) return found
  if (names.length === 0) {
    const fix = 'name the root of a configuration repository with --repo, or make one with fairlead init'
    throw clusterFailure('NO_CLUSTERS', 'there is no clusters/<name>/network.yaml here', fix)
  }
  const list = `there are ${names.join(', ')}`
  throw name === undefined
    ? clusterFailure('CLUSTER_AMBIGUOUS', `which cluster? Below clusters/ ${list}`, 'name one with --cluster')
    : clusterFailure(
        'CLUSTER_UNKNOWN',
        `no cluster ${JSON.stringify(name)}; below clusters/ ${list}`,
        'check --cluster',
      )
}

function clusterFailure(code: string, message: string, fix: string): Failure {
  return new Failure(message, { code, where: 'clusters/', fix, retry: 'when-changed' })
}
