import type { ServedKind } from '../../src/plan/deploy/cluster-request.ts'

function kind(groupVersion: string, name: string, plural: string, namespaced = true): ServedKind {
  return { groupVersion, kind: name, plural, namespaced }
}

/** What the API server of the suite serves before any CustomResourceDefinition. */
export const builtInKinds: readonly ServedKind[] = [
  kind('v1', 'ConfigMap', 'configmaps'),
  kind('v1', 'Endpoints', 'endpoints'),
  kind('v1', 'Namespace', 'namespaces', false),
  kind('v1', 'Secret', 'secrets'),
  kind('v1', 'Service', 'services'),
  kind('v1', 'ServiceAccount', 'serviceaccounts'),
  kind('apps/v1', 'DaemonSet', 'daemonsets'),
  kind('apps/v1', 'Deployment', 'deployments'),
  kind('batch/v1', 'Job', 'jobs'),
  kind('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  kind('policy/v1beta1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  kind('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', false),
  kind('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'customresourcedefinitions', false),
  kind('k3s.cattle.io/v1', 'Addon', 'addons'),
  kind('helm.cattle.io/v1', 'HelmChart', 'helmcharts'),
  kind('helm.cattle.io/v1', 'HelmChartConfig', 'helmchartconfigs'),
]
