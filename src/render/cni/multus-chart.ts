import { type CniDirectories, cniDirectories } from '../../k3s/cni-directories.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import type { ChartArchive, ClusterNetwork } from '../../schema/documents.ts'
import { isOlder, type WrittenChart } from './chart-source.ts'
import { helmChartText } from './helm-chart.ts'
import { type ChartValues, mergeValues } from './merge-values.ts'

const chartName = 'rke2-multus'

/** The text of the HelmCharts that install Multus: its own, and before it that of its definitions where they are apart. */
export function multusText(
  network: ClusterNetwork,
  version: K3sVersion,
  chart: WrittenChart,
  charts: readonly ChartArchive[],
): string {
  const input = {
    namespace: chart.namespace ?? 'kube-system',
    source: chart,
    charts,
    version,
    isBootstrap: false,
  }
  const name = chart.name ?? chartName
  const definitions = needsDefinitionsChart(chart)
    ? `${helmChartText({ ...input, name: 'multus-crd', chart: `${chartName}-crd`, values: {} })}---\n`
    : ''
  const values = mergeValues(multusValues(network, version, chart), chart.values)
  return `${definitions}${helmChartText({ ...input, name: 'multus', chart: name, values })}`
}

/**
 * From 4.3 on the repository keeps the definitions of Multus in a chart of their own, with the same versions.
 * @see rancher/rke2-charts charts/rke2-multus/rke2-multus-crd
 */
export function hasSeparateDefinitions(chart: WrittenChart): boolean {
  return (chart.name ?? chartName) === chartName && !isOlder(chart, [4, 3, 0])
}

function needsDefinitionsChart(chart: WrittenChart): boolean {
  return chart.repository !== undefined && hasSeparateDefinitions(chart)
}

/** Whether the cluster's own pod network is K3s's flannel, which decides where plugins and their configuration lie. */
export function runsFlannel(network: ClusterNetwork): boolean {
  const { plugin, flannel } = network.spec.cni
  return plugin === 'flannel' && flannel.backend !== 'none'
}

/** @see k3s-io/docs docs/networking/multus-ipams.md; rancher/rke2-charts packages/rke2-multus/charts/values.yaml */
function multusValues(network: ClusterNetwork, version: K3sVersion, chart: WrittenChart): ChartValues {
  const directories = cniDirectories(version, runsFlannel(network))
  const allocators = new Set(network.spec.cni.secondary.macvlan.map(({ ipam }) => ipam))
  const needsDhcp = network.spec.cni.secondary.macvlan.some(
    ({ ipam, subnet }) => ipam === 'dhcp' || (ipam === undefined && subnet === undefined),
  )
  return {
    config: { cni_conf: multusDirectories(directories, chart) },
    ...(allocators.has('whereabouts')
      ? {
          'rke2-whereabouts': {
            enabled: true,
            fullnameOverride: 'whereabouts',
            cniConf: { confDir: directories.conf, binDir: directories.bin },
          },
        }
      : {}),
    ...(needsDhcp ? { manifests: { dhcpDaemonSet: true } } : {}),
  }
}

function multusDirectories({ conf, bin }: CniDirectories, chart: WrittenChart): ChartValues {
  return {
    confDir: conf,
    binDir: bin,
    kubeconfig: `${conf}/multus.d/multus.kubeconfig`,
    // Older charts took a path inside the container here, and find the directory by themselves.
    ...(isOlder(chart, [4, 2, 202]) ? {} : { multusAutoconfigDir: conf }),
  }
}
