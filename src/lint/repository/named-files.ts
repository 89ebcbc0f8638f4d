import type { DesiredState } from '../../schema/documents.ts'
import type { Finding, Rule } from '../rule.ts'

export const chartFileMissing: Rule = {
  id: 'repo-chart-file-missing',
  severity: 'error',
  title: 'a chart archive is named that is not in charts/',
  why: 'nothing could be installed from it',
  fix: 'put the archive there (helm pull makes one), or name one that is there',
  versions: 'every version',
  looksAt: [],
  sources: ['fairlead docs/reference/clusternetwork.md'],
  check({ desired }) {
    if (desired === undefined) return []
    const { chart, secondary } = desired.cluster.spec.cni
    return [
      ...missingFile(desired, chart?.file, 'charts', ['chart', 'file']),
      ...missingFile(desired, secondary.multus?.file, 'charts', ['secondary', 'multus', 'file']),
    ]
  },
}

export const cniManifestMissing: Rule = {
  id: 'repo-cni-manifest-missing',
  severity: 'error',
  title: 'a manifest of a CNI plugin is named that is not in cni/',
  why: 'nodes would wait for a pod network for ever',
  fix: "put the plugin's manifest there, as its project publishes it",
  versions: 'every version',
  looksAt: [],
  sources: ['fairlead docs/reference/clusternetwork.md'],
  check({ desired }) {
    return desired === undefined ? [] : missingFile(desired, desired.cluster.spec.cni.manifest, 'cni', ['manifest'])
  },
}

function missingFile(
  desired: DesiredState,
  name: string | undefined,
  folder: 'charts' | 'cni',
  field: readonly string[],
): Finding[] {
  const files = folder === 'charts' ? desired.charts : desired.vendored
  if (name === undefined || files.some((file) => file.name === name)) return []
  const there =
    files.length === 0 ? `${folder}/ has none` : `${folder}/ has ${files.map((file) => file.name).join(', ')}`
  return [
    {
      at: desired.places.clusterPlace(['spec', 'cni', ...field]),
      what: `there is no ${desired.clusterDirectory}/${folder}/${name}; ${there}`,
    },
  ]
}
