import type { Problem } from '../domain/problem.ts'
import { manifestBytes, readManifestObjects } from '../text/manifest-objects.ts'
import { decodeUtf8 } from '../text/utf8.ts'
import type { ChartArchive, ManifestSource } from './documents.ts'
import { joinPath } from './repository-entries.ts'
import { type RepositoryFiles, readEntry } from './repository-files.ts'

/**
 * A chart travels inside its HelmChart object, base64, and etcd takes objects of up to 1.5 MiB.
 * @see etcd-io/etcd server/embed/config.go (`DefaultMaxRequestBytes`)
 */
const largestChart = 1024 * 1024

/** The chart archives in the cluster directory's `charts/`; nothing in them is unpacked here. */
export function readChartArchives(
  files: RepositoryFiles,
  clusterDirectory: string,
): { readonly charts: readonly ChartArchive[]; readonly problems: readonly Problem[] } {
  const directory = joinPath(clusterDirectory, 'charts')
  const charts: ChartArchive[] = []
  const problems: Problem[] = []
  for (const entry of files.below(directory)) {
    const bytes = readEntry(entry, largestChart)
    if ('code' in bytes) {
      problems.push(bytes.code === 'FILE_TOO_LARGE' ? { ...bytes, ...tooLarge } : bytes)
      continue
    }
    if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
      problems.push(noArchive(entry.path))
      continue
    }
    const base64 = Buffer.from(bytes).toString('base64')
    charts.push({ name: entry.path.slice(directory.length + 1), base64, sizeBytes: bytes.length, file: entry.path })
  }
  return { charts, problems }
}

/** The manifests of CNI plugins in the cluster directory's `cni/`. */
export function readVendoredManifests(
  files: RepositoryFiles,
  clusterDirectory: string,
): { readonly vendored: readonly ManifestSource[]; readonly problems: readonly Problem[] } {
  const directory = joinPath(clusterDirectory, 'cni')
  const vendored: ManifestSource[] = []
  const problems: Problem[] = []
  for (const entry of files.below(directory)) {
    const bytes = readEntry(entry, manifestBytes)
    if ('code' in bytes) {
      problems.push(bytes)
      continue
    }
    const decoded = decodeUtf8(bytes)
    problems.push(...readManifestObjects(entry.path, bytes).problems)
    if ('text' in decoded) {
      vendored.push({ name: entry.path.slice(directory.length + 1), text: decoded.text, file: entry.path })
    }
  }
  return { vendored, problems }
}

const tooLarge = {
  why: `a chart travels inside of an object, and the API server takes archives of up to ${largestChart} bytes in it`,
  fix: 'name the repository or registry that the chart comes from, or pack it again without what is not needed (.helmignore, helm package)',
} as const

function noArchive(file: string): Problem {
  return {
    code: 'CHART_INVALID',
    severity: 'error',
    place: { file, line: 1, column: 1 },
    what: 'the file is no gzip archive',
    why: 'charts/ holds Helm charts as helm package and helm pull make them',
    fix: 'put the .tgz of the chart here',
  }
}
