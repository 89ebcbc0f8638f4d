import type { ClusterNetwork } from '../../schema/documents.ts'
import type { JsonStep, JsonValue } from '../../text/json-patch.ts'
import type { ManifestPatch } from '../../text/manifest-patch.ts'
import { type ClusterRanges, clusterRanges } from './cluster-ranges.ts'
import { ciliumNodeMask, ciliumReplacement, type InstalledPlugin } from './plugin-charts.ts'

/** What the plugin's own manifest must be told about the cluster. */
export function pluginPatches(plugin: InstalledPlugin, network: ClusterNetwork, text: string): ManifestPatch[] {
  const ranges = clusterRanges(network)
  switch (plugin) {
    case 'calico':
      return calicoPatches(ranges)
    case 'canal':
      return canalPatches(ranges)
    case 'cilium':
      return ciliumPatches(network, ranges, text)
  }
}

const calicoConfig = { kind: 'ConfigMap', name: 'calico-config' } as const
const calicoNode = { kind: 'DaemonSet', name: 'calico-node' } as const
const canalConfig = { kind: 'ConfigMap', name: 'canal-config' } as const
const canalNode = { kind: 'DaemonSet', name: 'canal' } as const
const ciliumConfig = { kind: 'ConfigMap', name: 'cilium-config' } as const
const ciliumAgent = { kind: 'DaemonSet', name: 'cilium' } as const
const ciliumOperator = { kind: 'Deployment', name: 'cilium-operator' } as const

type PatchObject = ManifestPatch['object']

/**
 * With IPv4 alone nothing but the pool and forwarding: the manifest is made for it. A second family, or another one,
 * takes the settings that Calico's own instructions name.
 * @see projectcalico/calico manifests/calico.yaml; docs.tigera.io/calico/latest/networking/ipam/ipv6
 */
function calicoPatches({ ipv4, ipv6 }: ClusterRanges): ManifestPatch[] {
  const pools = [
    ...(ipv4 === undefined ? [] : [calicoEnv('CALICO_IPV4POOL_CIDR', ipv4)]),
    ...(ipv6 === undefined ? [] : [calicoEnv('CALICO_IPV6POOL_CIDR', ipv6)]),
  ]
  if (ipv6 === undefined) return [forwarding(calicoConfig), ...pools]
  return [
    forwarding(calicoConfig),
    calicoPlugin(calicoConfig, ['ipam', 'assign_ipv4'], String(ipv4 !== undefined)),
    calicoPlugin(calicoConfig, ['ipam', 'assign_ipv6'], 'true'),
    ...pools,
    calicoEnv('IP6', 'autodetect'),
    calicoEnv('FELIX_IPV6SUPPORT', 'true'),
    // Without an IPv4 address a node has nothing to take its BGP identifier from.
    ...(ipv4 === undefined ? [calicoEnv('IP', 'none'), calicoEnv('CALICO_ROUTER_ID', 'hash')] : []),
  ]
}

/**
 * Canal's flannel routes the ranges that Kubernetes gives to nodes, and its Calico takes the addresses of pods from the
 * same ranges, so both must know the families.
 * @see projectcalico/calico manifests/canal.yaml; rancher/rke2-charts packages/rke2-canal/charts/templates/config.yaml
 */
function canalPatches({ ipv4, ipv6 }: ClusterRanges): ManifestPatch[] {
  const net = (field: string, value: JsonValue): ManifestPatch => ({
    kind: 'json',
    object: canalConfig,
    key: 'net-conf.json',
    path: [field],
    value,
  })
  if (ipv6 === undefined) return [forwarding(canalConfig), net('Network', ipv4 ?? '0.0.0.0/0')]
  const families = [...(ipv4 === undefined ? [] : ['usePodCidr']), 'usePodCidrIPv6']
  return [
    forwarding(canalConfig),
    calicoPlugin(
      canalConfig,
      ['ipam', 'ranges'],
      families.map((subnet) => [{ subnet }]),
    ),
    calicoPlugin(canalConfig, ['ipam', 'subnet'], undefined),
    net('Network', ipv4 ?? '0.0.0.0/0'),
    net('EnableIPv4', ipv4 !== undefined),
    net('EnableIPv6', true),
    net('IPv6Network', ipv6),
    env(canalNode, 'containers', 'calico-node', 'FELIX_IPV6SUPPORT', 'true'),
  ]
}

/** @see cilium/cilium install/kubernetes/cilium/templates/cilium-configmap.yaml, cilium-agent/daemonset.yaml */
function ciliumPatches(network: ClusterNetwork, { ipv4, ipv6 }: ClusterRanges, text: string): ManifestPatch[] {
  const { kubeProxyReplacement, apiServer, secondary } = network.spec.cni
  const config = (key: string, value: string): ManifestPatch => ({ kind: 'data', object: ciliumConfig, key, value })
  const nodeMask = ciliumNodeMask(ipv6)
  const inWords = /^[ \t]*kube-proxy-replacement:[ \t]*["']?(strict|probe|partial|disabled)\b/m.test(text)
  return [
    config('enable-ipv4', String(ipv4 !== undefined)),
    config('enable-ipv6', String(ipv6 !== undefined)),
    ...(ipv4 === undefined ? [] : [config('cluster-pool-ipv4-cidr', ipv4)]),
    ...(ipv6 === undefined ? [] : [config('cluster-pool-ipv6-cidr', ipv6)]),
    ...(nodeMask === undefined ? [] : [config('cluster-pool-ipv6-mask-size', String(nodeMask))]),
    config('kube-proxy-replacement', String(ciliumReplacement(kubeProxyReplacement, inWords))),
    ...(secondary.multus === undefined ? [] : [config('cni-exclusive', 'false')]),
    ...(apiServer === undefined ? [] : ciliumApiServer(apiServer)),
  ]
}

/** Containers that ask the API server before there is a Service network; older manifests have fewer of them. */
const ciliumClients = [
  { object: ciliumAgent, list: 'containers', container: 'cilium-agent', isOptional: false },
  { object: ciliumOperator, list: 'containers', container: 'cilium-operator', isOptional: false },
  { object: ciliumAgent, list: 'initContainers', container: 'config', isOptional: true },
  { object: ciliumAgent, list: 'initContainers', container: 'clean-cilium-state', isOptional: true },
] as const

function ciliumApiServer({ host, port }: { readonly host: string; readonly port: number }): ManifestPatch[] {
  return ciliumClients.flatMap(({ object, list, container, isOptional }) => [
    { ...env(object, list, container, 'KUBERNETES_SERVICE_HOST', host), isOptional },
    { ...env(object, list, container, 'KUBERNETES_SERVICE_PORT', String(port)), isOptional },
  ])
}

/** @see k3s-io/docs docs/networking/basic-network-options.md */
function forwarding(object: PatchObject): ManifestPatch {
  return calicoPlugin(object, ['container_settings', 'allow_ip_forwarding'], true)
}

function calicoPlugin(object: PatchObject, path: readonly JsonStep[], value: JsonValue | undefined): ManifestPatch {
  return {
    kind: 'json',
    object,
    key: 'cni_network_config',
    path: ['plugins', { field: 'type', is: 'calico' }, ...path],
    value,
  }
}

function calicoEnv(name: string, value: string): ManifestPatch {
  return env(calicoNode, 'containers', 'calico-node', name, value)
}

function env(
  object: PatchObject,
  list: 'containers' | 'initContainers',
  container: string,
  name: string,
  value: string,
): ManifestPatch {
  return { kind: 'env', object, list, container, name, value }
}
