import type { ClusterNetwork } from '../../schema/documents.ts'

/** A chart as the documents name it. */
export type WrittenChart = NonNullable<ClusterNetwork['spec']['cni']['chart']>

/**
 * Major, minor and patch of a chart: as written, or as the name of its archive says it (`cilium-1.17.4.tgz`). Unknown
 * means the newest that its source has.
 */
export function chartRelease(chart: WrittenChart): readonly [number, number, number] | undefined {
  const text = chart.version ?? archiveVersion(chart.file ?? '') ?? ''
  const match = /^v?(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?/.exec(text)
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)]
}

/** As `helm package` names it: `1.17.4` of `cilium-1.17.4.tgz`. */
export function archiveVersion(file: string): string | undefined {
  return /-v?(\d+\.\d+\.\d+[^/]*)\.tgz$/.exec(file)?.[1]
}

/** Whether a chart is older than a release; one whose version is unknown is not. */
export function isOlder(chart: WrittenChart, [major, minor, patch]: readonly [number, number, number]): boolean {
  const release = chartRelease(chart)
  if (release === undefined) return false
  return (release[0] - major || release[1] - minor || release[2] - patch) < 0
}
