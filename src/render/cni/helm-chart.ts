import { supports } from '../../k3s/version/feature-gates.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import type { ChartArchive } from '../../schema/documents.ts'
import { toYaml } from '../../text/yaml-print.ts'
import type { WrittenChart } from './chart-source.ts'
import type { ChartValues } from './merge-values.ts'

export interface HelmChartInput {
  /** Of the HelmChart, and so of the Helm release. */
  readonly name: string
  /** Name of the chart in its repository. */
  readonly chart: string
  readonly namespace: string
  readonly source: WrittenChart
  readonly charts: readonly ChartArchive[]
  readonly version: K3sVersion
  /** The job runs without a pod network: on the host's, and on a node that is not ready yet. */
  readonly isBootstrap: boolean
  readonly values: ChartValues
}

/**
 * The text of a HelmChart, after its namespace where this release cannot make one. A chart that fails is left as it is:
 * K3s's own way, to uninstall it and start again, takes the network of every pod away.
 * @see k3s-io/helm-controller pkg/apis/helm.cattle.io/v1/types.go
 */
export function helmChartText(input: HelmChartInput): string {
  const { name, namespace, source, version, isBootstrap, values } = input
  const makesNamespace = !existing.has(namespace)
  const spec = {
    ...chartReference(input),
    ...(source.version === undefined ? {} : { version: source.version }),
    ...(isBootstrap ? { bootstrap: true } : {}),
    ...(supports('chart-failure-policy', version) ? { failurePolicy: 'abort' } : {}),
    targetNamespace: namespace,
    ...(makesNamespace && supports('chart-create-namespace', version) ? { createNamespace: true } : {}),
    ...(Object.keys(values).length === 0 ? {} : { valuesContent: toYaml(values) }),
  }
  const chart = toYaml({
    apiVersion: 'helm.cattle.io/v1',
    kind: 'HelmChart',
    metadata: { name, namespace: 'kube-system' },
    spec,
  })
  if (!makesNamespace || supports('chart-create-namespace', version)) return chart
  return `${toYaml({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })}---\n${chart}`
}

/** Namespaces that every cluster has. */
const existing: ReadonlySet<string> = new Set(['default', 'kube-node-lease', 'kube-public', 'kube-system'])

/** `repo` makes K3s read `chart` as a name in it; an address of an archive or of a registry stands in `chart` alone. */
function chartReference({ chart, source, charts }: HelmChartInput): Record<string, string> {
  if (source.oci !== undefined) return { chart: source.oci }
  if (source.file === undefined)
    return { chart, ...(source.repository === undefined ? {} : { repo: source.repository }) }
  const archive = charts.find(({ name }) => name === source.file)
  return archive === undefined ? {} : { chartContent: archive.base64 }
}
