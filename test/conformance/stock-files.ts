import { configMap } from './conform.ts'
import { readObservation, stockTraefikValues } from './recording.ts'

/** Names of the packaged files that were recorded at the first start. */
export function packagedAssets(): readonly string[] {
  return readObservation('00-start')
    .directory.filter((line) => line.startsWith('f '))
    .map((line) => line.slice(2))
}

/** Stand-ins; of the one for Traefik the charts and values are those that were recorded. */
export function stockContent(asset: string): string {
  if (asset !== 'traefik.yaml') return configMap(asset.replace(/\.yaml$/, '').replaceAll('/', '-'), '{}', 'kube-system')
  return readObservation('00-start')
    .helmCharts.map(({ name, ns, chart, values }) => {
      // A block scalar, so that an edit of the text is an edit of the values.
      const content = values === null ? '' : `  valuesContent: |-\n${stockTraefikValues().replace(/^/gm, '    ')}\n`
      const head = `apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: ${String(name)}, namespace: ${String(ns)}}\n`
      return `${head}spec:\n  chart: ${JSON.stringify(chart)}\n${content}`
    })
    .join('---\n')
}
