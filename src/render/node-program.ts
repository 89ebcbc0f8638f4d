import { compareById, type FileArtefact } from '../domain/artefact.ts'
import type { ClusterNodes, NodeFacts } from '../domain/facts.ts'
import type { NodeProgram, PackagedSelection } from '../domain/program.ts'
import { addressingDefaults } from '../k3s/addressing-defaults.ts'
import { clusterDnsOf } from '../k3s/cluster-dns.ts'
import { parseK3sVersion } from '../k3s/version/k3s-version.ts'
import type { ClusterNetwork, DesiredState } from '../schema/documents.ts'
import { sha256Hex } from '../text/digest.ts'
import { renderCniManifests } from './cni/cni-manifests.ts'
import { renderCorednsCustom } from './coredns-custom.ts'
import { renderFlannelConf } from './flannel-conf.ts'
import { renderHelmChartConfigs } from './helm-chart-configs.ts'
import { renderK3sConfig } from './k3s-config.ts'
import { disabledItems } from './k3s-settings.ts'
import { renderManifestFiles } from './manifest-files.ts'
import { renderNetworkProgram } from './network-program.ts'
import { renderTraefikConfig } from './traefik-config.ts'
import { renderTraefikDashboard } from './traefik-dashboard.ts'

/**
 * Everything that must be true on one node. Manifests go to every server, flags to each node by its role.
 * @param known the living cluster; absent where nobody looked
 */
export function renderNodeProgram(desired: DesiredState, node: NodeFacts, known?: ClusterNodes): NodeProgram {
  const network = desired.cluster
  const running = asRunOn(desired, node)
  const files = [
    // Flags must be known to the release that runs and to the one that will.
    renderK3sConfig(desired, node),
    renderFlannelConf(network),
    ...(node.role === 'server' ? [...renderedManifests(running), ...renderManifestFiles(desired)] : []),
  ]
  const kernel = renderNetworkProgram(desired, node, known)
  const program = {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'NodeProgram',
    cluster: network.metadata.name,
    node: node.name,
    role: node.role,
    k3sVersion: running.cluster.spec.k3sVersion,
    files: files.filter((file) => file !== undefined).sort(compareById),
    packaged: packagedSelection(network),
    drift: network.spec.drift,
    ...(kernel === undefined ? {} : { network: kernel }),
  } as const
  return { ...program, digest: sha256Hex(JSON.stringify(program)) }
}

/**
 * The documents for the release that a node reports: charts and manifests are applied by the K3s that runs, beside what it
 * brings itself. Where none is reported, or one that cannot be read, it is the one that the documents expect.
 */
function asRunOn(desired: DesiredState, { k3sVersion }: NodeFacts): DesiredState {
  const { cluster } = desired
  if (k3sVersion === undefined || k3sVersion === cluster.spec.k3sVersion) return desired
  // Without a build of K3s it is no K3s.
  if (parseK3sVersion(k3sVersion) === undefined || !k3sVersion.includes('+k3s')) return desired
  return { ...desired, cluster: { ...cluster, spec: { ...cluster.spec, k3sVersion } } }
}

/** The manifests that Fairlead makes of the documents. */
export function renderedManifests(desired: DesiredState): FileArtefact[] {
  return [
    renderTraefikConfig(desired.cluster),
    renderTraefikDashboard(desired.cluster),
    renderCorednsCustom(desired.cluster),
    ...renderHelmChartConfigs(desired.cluster),
    ...renderCniManifests(desired),
  ].filter((file) => file !== undefined)
}

function packagedSelection(network: ClusterNetwork): PackagedSelection {
  const { addressing } = network.spec
  return {
    disabled: disabledItems(network),
    clusterDNS: addressing.clusterDNS ?? clusterDnsOf(addressing.serviceCIDR ?? addressingDefaults.serviceCIDR),
    clusterDomain: addressing.clusterDomain ?? addressingDefaults.clusterDomain,
  }
}
