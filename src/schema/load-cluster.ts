import { compareProblems, hasErrors, type Problem } from '../domain/problem.ts'
import { readChartArchives, readVendoredManifests } from './cluster-files.ts'
import type { ClusterNetwork, DesiredState, ManifestSource, Places } from './documents.ts'
import { readExtendsChain } from './extends-chain.ts'
import { type LayeredDocument, layerDocuments } from './layered-document.ts'
import { readManifestSources } from './manifest-sources.ts'
import { type NodeDocument, readNodeDocuments } from './node-documents.ts'
import { unenforcedNotices } from './not-enforced.ts'
import { entryProblem, joinPath, type RepositoryEntry } from './repository-entries.ts'
import { type RepositoryFiles, repositoryFiles } from './repository-files.ts'
import { validateClusterNetwork } from './validate-document.ts'

export interface LoadInput {
  /** From the repository's root: `clusters/home`. */
  readonly clusterDirectory: string
  /** What was read so far: a directory, and everything below it. Empty at first. */
  readonly directories: ReadonlyMap<string, readonly RepositoryEntry[]>
}

export type LoadOutcome =
  /** Read these directories too and ask again. */
  | { readonly kind: 'needs'; readonly directories: readonly string[] }
  /** With the warnings and notices. */
  | { readonly kind: 'loaded'; readonly desired: DesiredState; readonly problems: readonly Problem[] }
  /** With the manifests that could be read: they can be judged without the documents. */
  | { readonly kind: 'refused'; readonly problems: readonly Problem[]; readonly manifests: readonly ManifestSource[] }

/**
 * Repository text → desired state, or every problem of the cluster directory at once, sorted by place. Whatever is in
 * the files, the answer is one of the three; nothing is thrown.
 */
export function loadCluster({ clusterDirectory, directories }: LoadInput): LoadOutcome {
  const files = repositoryFiles(directories)
  if (!files.isKnown(clusterDirectory)) return { kind: 'needs', directories: [clusterDirectory] }
  const cluster = readCluster(files, clusterDirectory)
  if (cluster.kind === 'needs') return { kind: 'needs', directories: [cluster.directory] }
  const { nodes, problems: nodeProblems } = readNodeDocuments(files, clusterDirectory)
  const { manifests, problems: manifestProblems } = readManifestSources(files, clusterDirectory)
  const { vendored, problems: vendoredProblems } = readVendoredManifests(files, clusterDirectory)
  const { charts, problems: chartProblems } = readChartArchives(files, clusterDirectory)
  const problems = [
    ...strayEntries(directories),
    ...cluster.problems,
    ...ignoredFiles(files, clusterDirectory),
    ...nodeProblems,
    ...manifestProblems,
    ...vendoredProblems,
    ...chartProblems,
  ].sort(compareProblems)
  if (cluster.network === undefined || cluster.document === undefined || hasErrors(problems)) {
    return { kind: 'refused', problems, manifests }
  }
  const desired: DesiredState = {
    cluster: cluster.network,
    nodes: nodes.map(({ node }) => node),
    manifests,
    vendored,
    charts,
    clusterDirectory,
    places: placesOf(cluster.document, nodes),
  }
  return { kind: 'loaded', desired, problems }
}

/** Cluster directories, `clusters/<name>`, sorted: each holds a `network.yaml` or `network.yml`. */
export function listClusters(files: readonly RepositoryEntry[]): string[] {
  const directories = files.flatMap((entry) => {
    const match = /^(clusters\/[^/]+)\/network\.ya?ml$/.exec(entry.path)
    const directory = match?.[1]
    return directory === undefined || entryProblem({ ...entry, type: 'file' }) !== undefined ? [] : [directory]
  })
  return [...new Set(directories)].sort()
}

type ReadCluster =
  | { readonly kind: 'needs'; readonly directory: string }
  | {
      readonly kind: 'read'
      readonly network?: ClusterNetwork
      readonly document?: LayeredDocument
      readonly problems: readonly Problem[]
    }

function readCluster(files: RepositoryFiles, clusterDirectory: string): ReadCluster {
  const file = files.networkFile(clusterDirectory)
  if (file === undefined) return { kind: 'read', problems: [networkMissing(clusterDirectory)] }
  const twice = networkTwice(files, clusterDirectory)
  const chain = readExtendsChain(files, file)
  if (chain.kind === 'needs') return chain
  const problems = [...twice, ...chain.problems]
  if (chain.layers === undefined) return { kind: 'read', problems }
  const document = layerDocuments(chain.layers)
  const validated = validateClusterNetwork(document, chain.problems)
  if (validated.kind === 'invalid') {
    return { kind: 'read', problems: [...problems, ...validated.problems] }
  }
  const notices = unenforcedNotices('ClusterNetwork', validated.value, (path) => document.place(path))
  return { kind: 'read', network: validated.value, document, problems: [...problems, ...notices] }
}

function placesOf(document: LayeredDocument, nodes: readonly NodeDocument[]): Places {
  return {
    clusterPlace: (path) => document.place(path),
    nodePlace(name, path) {
      const found = nodes.find(({ node }) => node.metadata.name === name)
      if (found === undefined) throw new Error(`no NodeNetwork ${JSON.stringify(name)}`)
      return found.document.place(path)
    },
  }
}

/** Entries that are not below the directory they were read from: a tree that names its files like this is hostile. */
function strayEntries(directories: LoadInput['directories']): Problem[] {
  return [...directories].flatMap(([directory, entries]) =>
    entries
      .filter((entry) => directory !== '' && entry.path !== directory && !entry.path.startsWith(`${directory}/`))
      .map((entry) => ({
        code: 'PATH_UNSAFE',
        severity: 'error' as const,
        place: { file: directory, line: 1, column: 1 },
        what: `the path ${JSON.stringify(entry.path.slice(0, 200))} leads out of ${directory}`,
        why: 'a path must not lead anywhere but into its own directory',
        fix: 'rename the file; a normal Git client cannot have made it',
      })),
  )
}

/** YAML beside network.yaml that looks as if it were read. */
function ignoredFiles(files: RepositoryFiles, clusterDirectory: string): Problem[] {
  const prefix = clusterDirectory === '' ? '' : `${clusterDirectory}/`
  return files
    .below(clusterDirectory)
    .filter(({ path }) => {
      const name = path.slice(prefix.length)
      return /^[^/.][^/]*\.ya?ml$/i.test(name) && !/^network\.ya?ml$/.test(name)
    })
    .map(({ path }) => ({
      code: 'FILE_IGNORED',
      severity: 'warning' as const,
      place: { file: path, line: 1, column: 1 },
      what: 'the file is not read',
      why: 'a cluster directory has network.yaml, nodes/, manifests/, cni/ and charts/',
      fix: 'move NodeNetworks to nodes/ and Kubernetes objects to manifests/',
    }))
}

function networkMissing(clusterDirectory: string): Problem {
  return {
    code: 'NETWORK_MISSING',
    severity: 'error',
    place: { file: joinPath(clusterDirectory, 'network.yaml'), line: 1, column: 1 },
    what: 'there is no such file',
    why: 'it describes the network of the cluster; without it nothing is known',
    fix: 'add it (fairlead init makes a complete example), or name another cluster directory',
  }
}

function networkTwice(files: RepositoryFiles, clusterDirectory: string): Problem[] {
  const [first, second] = ['network.yaml', 'network.yml'].map((name) => joinPath(clusterDirectory, name))
  if (first === undefined || second === undefined || !files.has(first) || !files.has(second)) return []
  return [
    {
      code: 'NETWORK_TWICE',
      severity: 'error',
      place: { file: second, line: 1, column: 1 },
      what: `${first} exists as well`,
      why: 'a cluster has one network',
      fix: 'keep network.yaml',
    },
  ]
}
