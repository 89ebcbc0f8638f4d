import { type FileArtefact, fileId } from '../domain/artefact.ts'
import { k3sPaths } from '../k3s/locations.ts'
import { supports } from '../k3s/version/feature-gates.ts'
import { parseK3sVersion } from '../k3s/version/k3s-version.ts'
import type { ClusterNetwork } from '../schema/documents.ts'
import { toYaml } from '../text/yaml-print.ts'

interface SecretWithValues {
  readonly secretName: string
  readonly keys?: readonly string[] | undefined
}

interface ChartOverride {
  readonly name: string
  readonly namespace: string
  readonly values?: unknown
  readonly valuesContent?: string | undefined
  readonly valuesFrom?: readonly SecretWithValues[]
  readonly failurePolicy?: string | undefined
}

/** `spec.helmChartConfigs`: one file each; none on a release without the kind. */
export function renderHelmChartConfigs(network: ClusterNetwork): FileArtefact[] {
  return network.spec.helmChartConfigs.flatMap(
    (override, index) =>
      helmChartConfigFile(network.spec.k3sVersion, {
        file: `fairlead-chart-${override.name.replaceAll('.', '-')}`,
        origin: `spec.helmChartConfigs[${index}]`,
        override,
      }) ?? [],
  )
}

interface OverrideFile {
  /** Base name without extension; also the Addon's name, so it holds no dot. */
  readonly file: string
  readonly origin: string
  readonly override: ChartOverride
}

/**
 * A HelmChartConfig counts only when its name and namespace equal the chart's.
 *
 * `failurePolicy` is always written where the release has it: the API server would fill `reinstall` in, which takes the
 * place of the chart's own policy and uninstalls a release that failed to upgrade. `valuesSecrets` is left out of releases
 * that do not read it; rule `chart-values-secrets-too-old` says so.
 * @returns undefined on a release without HelmChartConfig (before 1.19.1), and where nothing is left to say
 * @see k3s-io/helm-controller pkg/controllers/chart/chart.go, pkg/apis/helm.cattle.io/v1/types.go; k3s-packaged-components
 *   §3.2, §3.3 H4
 */
export function helmChartConfigFile(
  k3sVersion: string,
  { file, origin, override }: OverrideFile,
): FileArtefact | undefined {
  const version = parseK3sVersion(k3sVersion)
  if (version !== undefined && !supports('helm-chart-config', version)) return undefined
  const { name, namespace, values, valuesContent, valuesFrom = [], failurePolicy = 'abort' } = override
  const hasPolicy = version === undefined || supports('chart-failure-policy', version)
  const hasSecrets = version === undefined || supports('chart-values-secrets', version)
  const spec = {
    ...(values === undefined && valuesContent === undefined ? {} : { valuesContent: valuesContent ?? toYaml(values) }),
    ...(valuesFrom.length > 0 && hasSecrets ? { valuesSecrets: valuesFrom.map(valuesSecret) } : {}),
    ...(hasPolicy ? { failurePolicy } : {}),
  }
  if (Object.keys(spec).length === 0) return undefined
  const path = `${k3sPaths.manifests}/${file}.yaml`
  const text = toYaml({ apiVersion: 'helm.cattle.io/v1', kind: 'HelmChartConfig', metadata: { name, namespace }, spec })
  return { kind: 'file', id: fileId(path), location: 'manifest', path, text, origin }
}

function valuesSecret({ secretName, keys }: SecretWithValues): {
  readonly name: string
  readonly keys?: readonly string[]
} {
  return { name: secretName, ...(keys === undefined ? {} : { keys }) }
}
