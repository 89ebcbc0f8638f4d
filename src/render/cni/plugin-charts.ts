import { parseCidr } from '../../domain/cidr.ts'
import type { ClusterNetwork } from '../../schema/documents.ts'
import { isOlder, type WrittenChart } from './chart-source.ts'
import { type ClusterRanges, clusterRanges } from './cluster-ranges.ts'
import type { ChartValues } from './merge-values.ts'

/** Plugins that are installed after K3s has started, in the place of its flannel. */
export type InstalledPlugin = Exclude<ClusterNetwork['spec']['cni']['plugin'], 'flannel' | 'none'>

interface PluginChart {
  /** Name in the plugin's own repository. */
  readonly chart: string
  readonly namespace: string
  readonly values: (network: ClusterNetwork, chart: WrittenChart) => ChartValues
}

/** What the chart of each plugin must be told about the cluster. The user's own values go on top. */
export const pluginCharts: Readonly<Record<InstalledPlugin, PluginChart>> = {
  calico: { chart: 'tigera-operator', namespace: 'tigera-operator', values: calicoValues },
  canal: { chart: 'rke2-canal', namespace: 'kube-system', values: canalValues },
  cilium: { chart: 'cilium', namespace: 'kube-system', values: ciliumValues },
}

/**
 * Without forwarding inside pods the pods of ServiceLB cannot pass on what reaches their host ports. Encapsulation, BGP
 * and NAT stay as the operator has them.
 * @see projectcalico/calico charts/tigera-operator/values.yaml; tigera/operator api/v1/installation_types.go
 */
function calicoValues(network: ClusterNetwork): ChartValues {
  const { ipv4, ipv6 } = clusterRanges(network)
  const pools = [ipv4, ipv6].filter((cidr) => cidr !== undefined).map((cidr) => ({ cidr }))
  const { apiServer } = network.spec.cni
  return {
    installation: { calicoNetwork: { containerIPForwarding: 'Enabled', ipPools: pools } },
    ...(apiServer === undefined
      ? {}
      : { kubernetesServiceEndpoint: { host: apiServer.host, port: String(apiServer.port) } }),
  }
}

/** @see rancher/rke2-charts packages/rke2-canal/charts/values.yaml, templates/config.yaml */
function canalValues(network: ClusterNetwork): ChartValues {
  const { ipv4, ipv6 } = clusterRanges(network)
  return { ...(ipv4 === undefined ? {} : { podCidr: ipv4 }), ...(ipv6 === undefined ? {} : { podCidrv6: ipv6 }) }
}

/** @see cilium/cilium install/kubernetes/cilium/values.yaml, values.schema.json */
function ciliumValues(network: ClusterNetwork, chart: WrittenChart): ChartValues {
  const { kubeProxyReplacement, apiServer, secondary } = network.spec.cni
  const ranges = clusterRanges(network)
  return {
    ipv4: { enabled: ranges.ipv4 !== undefined },
    ipv6: { enabled: ranges.ipv6 !== undefined },
    ipam: { mode: 'cluster-pool', operator: ciliumPools(ranges) },
    kubeProxyReplacement: ciliumReplacement(kubeProxyReplacement, isOlder(chart, [1, 14, 0])),
    ...(apiServer === undefined ? {} : { k8sServiceHost: apiServer.host, k8sServicePort: apiServer.port }),
    // One node cannot hold the two operators that Cilium wants to keep apart.
    ...(network.spec.nodes.length === 1 ? { operator: { replicas: 1 } } : {}),
    // Cilium would rename the configuration that Multus writes beside its own.
    ...(secondary.multus === undefined ? {} : { cni: { exclusive: false } }),
  }
}

function ciliumPools({ ipv4, ipv6 }: ClusterRanges): ChartValues {
  const maskSize = ciliumNodeMask(ipv6)
  return {
    ...(ipv4 === undefined ? {} : { clusterPoolIPv4PodCIDRList: [ipv4] }),
    ...(ipv6 === undefined ? {} : { clusterPoolIPv6PodCIDRList: [ipv6] }),
    ...(maskSize === undefined ? {} : { clusterPoolIPv6MaskSize: maskSize }),
  }
}

/**
 * Cilium 1.14 took the words for the ways to replace kube-proxy away and left yes and no.
 * @see cilium/cilium Documentation/operations/upgrade.rst
 */
export function ciliumReplacement(isReplaced: boolean, inWords: boolean): boolean | string {
  if (!inWords) return isReplaced
  return isReplaced ? 'strict' : 'disabled'
}

/**
 * The prefix length of one node's IPv6 range. Cilium takes 120 when nothing is said and refuses a range that is more
 * than 16 bits shorter, so the range of a K3s cluster needs the length that Kubernetes gives nodes, 64.
 * @returns undefined where Cilium's own length fits
 * @see cilium/cilium pkg/ipam/cidrset/cidr_set.go (`clusterSubnetMaxDiff`)
 */
export function ciliumNodeMask(ipv6: string | undefined): number | undefined {
  const bits = ipv6 === undefined ? undefined : parseCidr(ipv6)?.prefixBits
  if (bits === undefined || bits >= 104) return undefined
  return bits >= 48 && bits < 64 ? 64 : Math.min(bits + 16, 120)
}
