import { type FileArtefact, fileId } from '../domain/artefact.ts'
import type { NodeRole } from '../domain/facts.ts'
import { k3sPaths } from '../k3s/locations.ts'
import { type ComponentKey, componentSwitches } from '../k3s/packaged-components.ts'
import type { ClusterNetwork } from '../schema/documents.ts'
import { toYaml } from '../text/yaml-print.ts'
import { needsFlannelConf } from './flannel-conf.ts'

const header = ' Written by Fairlead from the cluster repository. Edits are undone.'

/**
 * The drop-in `90-fairlead.yaml` of one role; undefined when that role has nothing to be told.
 *
 * List keys hold complete lists, because a plain key discards what other files said, and never end in `+`. Server-only
 * keys stay off agents, which refuse to start over them.
 * @see k3s-io/k3s pkg/configfilearg/parser.go
 */
export function renderK3sConfig(network: ClusterNetwork, role: NodeRole): FileArtefact | undefined {
  const settings = role === 'server' ? { ...serverSettings(network), ...nodeSettings(network) } : nodeSettings(network)
  if (Object.keys(settings).length === 0) return undefined
  const path = k3sPaths.managedDropIn
  return {
    kind: 'file',
    id: fileId(path),
    location: 'k3s-config',
    path,
    text: toYaml(settings, header),
    origin: 'spec',
  }
}

/** Items of K3s's `disable` list, sorted; also what our own engine leaves out. */
export function disabledItems(network: ClusterNetwork): string[] {
  return componentSwitches
    .flatMap((item) => (item.kind === 'disable-item' && !isEnabled(network, item.key) ? [item.item] : []))
    .sort()
}

function serverSettings(network: ClusterNetwork): Record<string, unknown> {
  const { addressing, cni } = network.spec
  const switches = componentSwitches.flatMap((item) =>
    item.kind === 'flag' ? [[item.flag, !isEnabled(network, item.key)]] : [],
  )
  return {
    ...written('cluster-cidr', addressing.clusterCIDR),
    ...written('service-cidr', addressing.serviceCIDR),
    ...written('service-node-port-range', addressing.serviceNodePortRange),
    ...written('cluster-dns', addressing.clusterDNS),
    ...written('cluster-domain', addressing.clusterDomain),
    'flannel-backend': cni.plugin === 'flannel' ? cni.flannel.backend : 'none',
    ...(cni.plugin === 'flannel' && cni.flannel.ipv6Masq ? { 'flannel-ipv6-masq': true } : {}),
    ...(cni.plugin === 'flannel' && cni.flannel.externalIP ? { 'flannel-external-ip': true } : {}),
    disable: disabledItems(network),
    ...Object.fromEntries(switches),
  }
}

function nodeSettings(network: ClusterNetwork): Record<string, unknown> {
  const { cni } = network.spec
  if (cni.plugin !== 'flannel') return {}
  return {
    ...written('flannel-iface', cni.flannel.interface),
    ...(needsFlannelConf(network) ? { 'flannel-conf': k3sPaths.flannelConf } : {}),
  }
}

function isEnabled(network: ClusterNetwork, key: ComponentKey): boolean {
  return network.spec.components[key].enabled
}

function written(key: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [key]: value }
}
