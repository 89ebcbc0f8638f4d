import type { NodeFacts } from '../domain/facts.ts'
import { findFlag, flagState, longNameOf } from '../k3s/flags/flag-catalogue.ts'
import { k3sPaths } from '../k3s/locations.ts'
import { type ComponentKey, componentSwitches } from '../k3s/packaged-components.ts'
import { parseK3sVersion } from '../k3s/version/k3s-version.ts'
import type { ClusterNetwork, DesiredState, DocumentPath, NodeNetwork } from '../schema/documents.ts'
import { needsFlannelConf } from './flannel-conf.ts'
import { networksOfNode } from './networks-of-node.ts'

export type FlagValue = string | number | boolean | readonly (string | number | boolean)[]

/** One flag of one node, and the part of the documents that asks for it. */
export interface RenderedSetting {
  readonly key: string
  readonly value: FlagValue
  readonly from: SettingSource
}

export type SettingSource =
  | { readonly document: 'ClusterNetwork'; readonly path: DocumentPath }
  | { readonly document: 'NodeNetwork'; readonly name: string; readonly path: DocumentPath }

/**
 * Everything that K3s on one node is told, one entry a flag, in the order of their names. What stands closer to the node
 * wins, and wins whole: the cluster's fields, its `k3sFlags` for every node, those for servers, the inventory, then the
 * node's own documents.
 *
 * Server flags stay off agents, which refuse to start over them. A server is told every switch of a component, so that
 * nothing comes back to life.
 */
export function k3sSettings(desired: DesiredState, node: NodeFacts): readonly RenderedSetting[] {
  const found = new Map<string, RenderedSetting>()
  const collect = (written: string, value: FlagValue | undefined, from: SettingSource): void => {
    // K3s does not start over two names of one flag, and a list is always a list (k3s-networking §2.6).
    const key = longNameOf(written)
    if (value !== undefined)
      found.set(key, { key, value: findFlag(key)?.type === 'list' ? [value].flat() : value, from })
  }
  const { nodes, servers } = desired.cluster.spec.k3sFlags
  if (node.role === 'server') collectServerSettings(desired.cluster, node.k3sVersion, collect)
  collectFlannelFiles(desired.cluster, collect)
  for (const [key, value] of longNamesLast(nodes)) collect(key, value, at('spec', 'k3sFlags', 'nodes', key))
  if (node.role === 'server')
    for (const [key, value] of longNamesLast(servers)) collect(key, value, at('spec', 'k3sFlags', 'servers', key))
  collectAddresses(desired.cluster, node, collect)
  for (const network of networksOfNode(desired.nodes, node)) collectOwnSettings(network, collect)
  collectKubeletArguments(desired.cluster, found)
  return [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}

type Collect = (key: string, value: FlagValue | undefined, from: SettingSource) => void

/** Items of K3s's `disable` list, sorted; also what our own engine leaves out. */
export function disabledItems(network: ClusterNetwork): string[] {
  const switchedOff = componentSwitches.flatMap((item) =>
    item.kind === 'disable-item' && !isEnabled(network, item.key) ? [item.item] : [],
  )
  return [...new Set([...switchedOff, ...network.spec.components.disable])].sort()
}

/** @param runs the release that the node runs now, which may be older than the one that it shall have */
function collectServerSettings(network: ClusterNetwork, runs: string | undefined, collect: Collect): void {
  const { addressing, cni, components } = network.spec
  const field = (key: string, value: FlagValue | undefined, ...path: readonly string[]): void =>
    collect(key, value, at('spec', ...path))
  const isKnown = (name: string): boolean => knows(network.spec.k3sVersion, name) && knows(runs, name)
  // Off is told as well: another file of the machine may say on.
  const flannelSwitch = (key: string, name: 'ipv6Masq' | 'externalIP'): void => {
    const isOn = cni.flannel[name]
    field(key, isOn || isKnown(key) ? isOn : undefined, 'cni', 'flannel', name)
  }
  field('cluster-cidr', addressing.clusterCIDR, 'addressing', 'clusterCIDR')
  field('service-cidr', addressing.serviceCIDR, 'addressing', 'serviceCIDR')
  field('service-node-port-range', addressing.serviceNodePortRange, 'addressing', 'serviceNodePortRange')
  field('cluster-dns', addressing.clusterDNS, 'addressing', 'clusterDNS')
  field('cluster-domain', addressing.clusterDomain, 'addressing', 'clusterDomain')
  if (cni.plugin === 'flannel') {
    field('flannel-backend', cni.flannel.backend, 'cni', 'flannel', 'backend')
    flannelSwitch('flannel-ipv6-masq', 'ipv6Masq')
    flannelSwitch('flannel-external-ip', 'externalIP')
  } else {
    field('flannel-backend', 'none', 'cni', 'plugin')
  }
  const disabled = disabledItems(network)
  if (disabled.length > 0 || isKnown('disable')) field('disable', disabled, 'components')
  for (const item of componentSwitches) {
    if (item.kind !== 'flag') continue
    const off = !isEnabled(network, item.key)
    const { replaced } = replacementOf(network, item.key)
    if (!off && !replaced && !isKnown(item.flag)) continue
    collect(
      item.flag,
      off || replaced,
      off || !replaced ? at('spec', 'components', item.key, 'enabled') : at('spec', 'cni', 'plugin'),
    )
  }
  field('servicelb-namespace', components.servicelb.namespace, 'components', 'servicelb', 'namespace')
}

/** Whether the release has a flag; one that cannot be read is taken for the newest. */
function knows(release: string | undefined, name: string): boolean {
  const flag = findFlag(name)
  const version = release === undefined ? undefined : parseK3sVersion(release)
  return flag === undefined || version === undefined || !['unknown-yet', 'removed'].includes(flagState(flag, version))
}

/** What a CNI plugin does in the place of a component of K3s. */
function replacementOf(network: ClusterNetwork, key: ComponentKey): { readonly replaced: boolean } {
  const { plugin, kubeProxyReplacement } = network.spec.cni
  if (key === 'networkPolicy') return { replaced: plugin === 'calico' || plugin === 'canal' || plugin === 'cilium' }
  return { replaced: key === 'kubeProxy' && plugin === 'cilium' && kubeProxyReplacement }
}

function collectFlannelFiles(network: ClusterNetwork, collect: Collect): void {
  const { cni } = network.spec
  if (cni.plugin === 'flannel') {
    collect('flannel-iface', cni.flannel.interface, at('spec', 'cni', 'flannel', 'interface'))
    if (needsFlannelConf(network)) collect('flannel-conf', k3sPaths.flannelConf, at('spec', 'cni', 'flannel'))
  }
}

function collectAddresses({ spec: { nodes } }: ClusterNetwork, node: NodeFacts, collect: Collect): void {
  const index = nodes.findIndex((one) => one.name === node.name)
  collect('node-ip', nodes[index]?.addresses, at('spec', 'nodes', index, 'addresses'))
}

function collectOwnSettings({ metadata, spec }: NodeNetwork, collect: Collect): void {
  const own = (key: string, value: FlagValue | undefined, ...path: readonly string[]): void =>
    collect(key, value, { document: 'NodeNetwork', name: metadata.name, path: ['spec', ...path] })
  own('node-ip', spec.nodeIP, 'nodeIP')
  own('node-external-ip', spec.externalIP, 'externalIP')
  own('node-name', spec.nodeName, 'nodeName')
  own('flannel-iface', spec.flannelInterface, 'flannelInterface')
  for (const [key, value] of longNamesLast(spec.k3sFlags)) own(key, value, 'k3sFlags', key)
}

/** Where one mapping has two names of a flag the long one wins, wherever it stands. */
function longNamesLast(flags: Readonly<Record<string, FlagValue>>): readonly (readonly [string, FlagValue])[] {
  const isLong = ([name]: readonly [string, FlagValue]): number => Number(longNameOf(name) === name)
  return Object.entries(flags).sort((a, b) => isLong(a) - isLong(b) || (a[0] < b[0] ? -1 : 1))
}

/**
 * Without K3s's cloud controller the kubelet is no longer told to wait for one, nor, on a node of two families, its
 * addresses.
 * @see k3s-io/k3s pkg/daemons/agent/agent_linux.go
 */
function collectKubeletArguments(network: ClusterNetwork, found: Map<string, RenderedSetting>): void {
  const { enabled, external } = network.spec.components.cloudController
  if (enabled || !external) return
  const own = found.get('kubelet-arg')
  const written = own === undefined ? [] : [own.value].flat().map(String)
  const addresses = [found.get('node-ip')?.value ?? []].flat().map(String)
  const wanted = [
    'cloud-provider=external',
    ...(addresses.length > 1 ? [`node-ip=${addresses.join(',')}`] : []),
  ].filter((argument) => !written.some((one) => one.startsWith(argument.replace(/=.*/, '='))))
  const from = own?.from ?? at('spec', 'components', 'cloudController', 'external')
  found.set('kubelet-arg', { key: 'kubelet-arg', value: [...written, ...wanted], from })
}

function isEnabled(network: ClusterNetwork, key: ComponentKey): boolean {
  return network.spec.components[key].enabled
}

function at(...path: DocumentPath): SettingSource {
  return { document: 'ClusterNetwork', path }
}
