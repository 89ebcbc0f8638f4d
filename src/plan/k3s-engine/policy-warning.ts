import type { DeployWarning } from '../../domain/deploy-status.ts'
import type { DeployedObjects } from '../../domain/deployed-objects.ts'
import { asRecord, textIn } from '../../domain/plain-json.ts'
import type { ManifestObject } from '../../text/manifest-objects.ts'

/**
 * An override that says nothing of failurePolicy, where the API server wrote one into it: it takes the place of the chart's
 * own. Only where it makes a difference.
 *
 * @see k3s-io/helm-controller pkg/crds (helmchartconfigs, 0.16.12); k3s-packaged-components §3.3, hazard H4
 */
export function policyWarning(
  path: string,
  document: ManifestObject,
  live: Pick<DeployedObjects, 'charts'>,
): DeployWarning | undefined {
  if (document.kind !== 'HelmChartConfig' || hasPolicy(document)) return undefined
  const { namespace = 'default', name } = document
  const found = live.charts.find((one) => one.namespace === namespace && one.name === name)
  const [own, defaulted] = [found?.chart, found?.config].map((one) => textIn(one?.spec['failurePolicy']))
  if (own === undefined || defaulted === undefined || own === defaulted) return undefined
  return {
    code: 'CHART_FAILURE_POLICY',
    path,
    message: `HelmChartConfig ${namespace}/${name} says nothing of failurePolicy, so that ${defaulted} takes the place of the chart's ${own}: ${consequence(defaulted)}; write failurePolicy: ${own} into it`,
  }
}

function hasPolicy({ value }: ManifestObject): boolean {
  return textIn(asRecord(value['spec'])['failurePolicy']) !== undefined
}

function consequence(policy: string): string {
  return policy === 'reinstall'
    ? 'a release that fails to upgrade is uninstalled first'
    : 'a release that fails stays as it is'
}
