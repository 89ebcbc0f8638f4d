import type { Problem } from '../../domain/problem.ts'
import type { DesiredState, DocumentPath } from '../../schema/documents.ts'
import { archiveVersion, type WrittenChart } from './chart-source.ts'

/** Versions that are written beside an archive whose name tells another one. */
export function chartVersionProblems(desired: DesiredState): Problem[] {
  const { chart, secondary } = desired.cluster.spec.cni
  return [
    ...differing(desired, chart, ['spec', 'cni', 'chart']),
    ...differing(desired, secondary.multus, ['spec', 'cni', 'secondary', 'multus']),
  ]
}

function differing({ places }: DesiredState, chart: WrittenChart | undefined, path: DocumentPath): Problem[] {
  if (chart?.file === undefined || chart.version === undefined) return []
  const named = archiveVersion(chart.file)
  if (named === undefined || plain(named) === plain(chart.version)) return []
  return [
    {
      code: 'CHART_VERSION_DIFFERS',
      severity: 'warning',
      ...places.clusterPlace([...path, 'version']),
      what: `the version is ${chart.version}, and the archive is called ${chart.file}`,
      why: 'what is in the archive is installed, with values for the version that is written here',
      fix: 'write the version of the archive, or leave it out: the name of the archive tells it',
    },
  ]
}

/** `v4.2.202` and `4.2.202` are one version, and so are those that differ behind a + only. */
function plain(version: string): string {
  return version.replace(/^v/, '').replace(/\+.*$/, '')
}
