import { type FileArtefact, fileId } from '../domain/artefact.ts'
import { k3sPaths } from '../k3s/locations.ts'
import type { ClusterNetwork } from '../schema/documents.ts'
import { toYaml } from '../text/yaml-print.ts'

interface ChartOverride {
  readonly name: string
  readonly namespace: string
  readonly values?: unknown
  readonly valuesContent?: string | undefined
  readonly failurePolicy?: string | undefined
}

/** `spec.helmChartConfigs`: one file each. */
export function renderHelmChartConfigs(network: ClusterNetwork): FileArtefact[] {
  return network.spec.helmChartConfigs.map((override, index) =>
    helmChartConfigFile(
      `fairlead-chart-${override.name.replaceAll('.', '-')}`,
      `spec.helmChartConfigs[${index}]`,
      override,
    ),
  )
}

/**
 * A HelmChartConfig counts only when its name and namespace equal the chart's.
 * @param file base name without extension; also the Addon's name, so it holds no dot
 * @see k3s-io/helm-controller pkg/controllers/chart/chart.go
 */
export function helmChartConfigFile(file: string, origin: string, override: ChartOverride): FileArtefact {
  const { name, namespace, values, valuesContent, failurePolicy } = override
  const path = `${k3sPaths.manifests}/${file}.yaml`
  const text = toYaml({
    apiVersion: 'helm.cattle.io/v1',
    kind: 'HelmChartConfig',
    metadata: { name, namespace },
    spec: {
      valuesContent: valuesContent ?? toYaml(values),
      ...(failurePolicy === undefined ? {} : { failurePolicy }),
    },
  })
  return { kind: 'file', id: fileId(path), location: 'manifest', path, text, origin }
}
