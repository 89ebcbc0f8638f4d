import { type FileArtefact, fileId } from '../../domain/artefact.ts'
import { k3sPaths } from '../../k3s/locations.ts'
import { parseK3sVersion } from '../../k3s/version/k3s-version.ts'
import type { ClusterNetwork, DesiredState } from '../../schema/documents.ts'
import { helmChartText } from './helm-chart.ts'
import { macvlanText } from './macvlan-networks.ts'
import { mergeValues } from './merge-values.ts'
import { multusText } from './multus-chart.ts'
import { type InstalledPlugin, pluginCharts } from './plugin-charts.ts'
import { pluginManifest } from './plugin-manifest.ts'

/**
 * The manifests of the pod network for every server: what installs the plugin, Multus, and the macvlan networks. What
 * could not be made as the documents want it is told by `cniManifestProblems`.
 */
export function renderCniManifests(desired: DesiredState): FileArtefact[] {
  const { secondary } = desired.cluster.spec.cni
  const version = parseK3sVersion(desired.cluster.spec.k3sVersion)
  if (version === undefined) return []
  const { multus, macvlan } = secondary
  return [
    ...pluginFile(desired),
    ...(multus === undefined
      ? []
      : [
          manifestFile(
            'fairlead-multus',
            multusText(desired.cluster, version, multus, desired.charts),
            'spec.cni.secondary.multus',
          ),
        ]),
    ...(macvlan.length === 0
      ? []
      : [manifestFile('fairlead-macvlan', macvlanText(desired.cluster, version), 'spec.cni.secondary.macvlan')]),
  ]
}

/** The plugin that the documents want to be installed; undefined where K3s brings its own, or somebody else does it. */
export function installedPlugin(network: ClusterNetwork): InstalledPlugin | undefined {
  const { plugin } = network.spec.cni
  return plugin === 'flannel' || plugin === 'none' ? undefined : plugin
}

function pluginFile(desired: DesiredState): FileArtefact[] {
  const { chart, manifest } = desired.cluster.spec.cni
  const plugin = installedPlugin(desired.cluster)
  const version = parseK3sVersion(desired.cluster.spec.k3sVersion)
  if (plugin === undefined || version === undefined) return []
  if (manifest !== undefined) {
    const patched = pluginManifest(desired, plugin, manifest)
    return patched === undefined ? [] : [manifestFile('fairlead-cni', patched.text, patched.source.file)]
  }
  if (chart === undefined) return []
  const known = pluginCharts[plugin]
  const text = helmChartText({
    name: plugin,
    chart: chart.name ?? known.chart,
    namespace: chart.namespace ?? known.namespace,
    source: chart,
    charts: desired.charts,
    version,
    isBootstrap: true,
    values: mergeValues(known.values(desired.cluster, chart), chart.values),
  })
  return [manifestFile('fairlead-cni', text, 'spec.cni.chart')]
}

function manifestFile(name: string, text: string, origin: string): FileArtefact {
  const path = `${k3sPaths.manifests}/${name}.yaml`
  return { kind: 'file', id: fileId(path), location: 'manifest', path, text, origin }
}
