import type { Problem } from '../domain/problem.ts'
import type { DesiredState } from '../schema/documents.ts'
import { readYamlMap } from '../text/yaml-read.ts'
import { clusterFinding } from './finding.ts'

/** Overrides that fight with each other, or that nothing reads. */
export function lintCharts(desired: DesiredState): Problem[] {
  const { components, helmChartConfigs } = desired.cluster.spec
  const problems: Problem[] = []
  for (const [index, override] of helmChartConfigs.entries()) {
    const path = ['spec', 'helmChartConfigs', index] as const
    const name = `${override.namespace}/${override.name}`
    const first = helmChartConfigs.findIndex((other) => other.name === override.name)
    if (first !== index) {
      problems.push(
        clusterFinding(desired, [...path, 'name'], {
          code: 'CHART_OVERRIDE_TWICE',
          what: `HelmChartConfig ${override.name} is written twice`,
          why: 'both would become the same file, and the last one would win',
          fix: 'put the values into one entry',
        }),
      )
    }
    if (name === 'kube-system/traefik') {
      problems.push(
        clusterFinding(desired, [...path, 'name'], {
          code: 'CHART_OVERRIDE_TWICE',
          what: 'the packaged Traefik is overridden here',
          why: 'spec.components.traefik makes its HelmChartConfig; two of one name undo each other',
          fix: 'move the values to spec.components.traefik.values',
        }),
      )
    }
    const content = override.valuesContent
    if (content !== undefined && content.trim() !== '' && Object.keys(readYamlMap(content)).length === 0) {
      problems.push(
        clusterFinding(desired, [...path, 'valuesContent'], {
          code: 'CHART_VALUES_INVALID',
          what: 'valuesContent is not a YAML mapping',
          why: 'Helm refuses it and the chart is not upgraded',
          fix: 'write the values as key: value lines, or use values',
        }),
      )
    }
  }
  if (!components.traefik.enabled && components.traefik.values !== undefined) {
    problems.push(
      clusterFinding(desired, ['spec', 'components', 'traefik', 'values'], {
        code: 'VALUES_OF_DISABLED',
        severity: 'warning',
        what: 'Traefik has values and is disabled',
        why: 'nothing reads them',
        fix: 'enable it, or take the values away',
      }),
    )
  }
  if (!components.coredns.enabled) {
    problems.push(
      clusterFinding(desired, ['spec', 'components', 'coredns', 'enabled'], {
        code: 'NO_CLUSTER_DNS',
        severity: 'warning',
        what: 'CoreDNS is disabled',
        why: 'every pod asks the cluster DNS address, and nothing of K3s answers there any more',
        fix: 'make sure that another DNS Service has that address',
      }),
    )
  }
  return problems
}
