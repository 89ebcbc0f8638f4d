import type { ArtefactId } from '../domain/artefact.ts'
import type { CleanupArtefact, CleanupKind } from '../domain/cleanup.ts'
import { addressingDefaults } from '../k3s/addressing-defaults.ts'
import type { ClusterNetwork } from '../schema/documents.ts'

/**
 * What may lie about on the nodes of a cluster from what the documents say is not there: of components that are off, of
 * other backends of flannel, of other pod networks. Whether it goes is decided on the node.
 */
export function renderCleanups(network: ClusterNetwork): readonly CleanupArtefact[] {
  const { cni, addressing } = network.spec
  const clusterCIDRs = addressing.clusterCIDR ?? addressingDefaults.clusterCIDR
  const artefact = ([cleanup, origin]: readonly [CleanupKind, string]): CleanupArtefact => ({
    kind: 'cleanup',
    id: `cleanup:${cleanup}` as ArtefactId,
    cleanup,
    origin,
    clusterCIDRs,
    keepDevices: cni.plugin === 'canal' ? canalDevices : [],
  })
  return [...componentCleanups(network), ...networkCleanups(network)]
    .map(artefact)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

/** Canal's flannel has the same devices and chains as that of K3s. */
const canalDevices = ['flannel.1', 'flannel-v6.1']

type Wanted = readonly (readonly [CleanupKind, string])[]

function componentCleanups({ spec: { cni, components } }: ClusterNetwork): Wanted {
  const ownPolicies = cni.plugin === 'calico' || cni.plugin === 'canal' || cni.plugin === 'cilium'
  const policy: Wanted = !components.networkPolicy.enabled
    ? [['network-policy', 'spec.components.networkPolicy.enabled']]
    : ownPolicies
      ? [['network-policy', 'spec.cni.plugin']]
      : []
  const proxy: Wanted = !components.kubeProxy.enabled
    ? [['kube-proxy', 'spec.components.kubeProxy.enabled']]
    : cni.plugin === 'cilium' && cni.kubeProxyReplacement
      ? [['kube-proxy', 'spec.cni.kubeProxyReplacement']]
      : []
  const balancer: Wanted = components.servicelb.enabled ? [] : [['servicelb', 'spec.components.servicelb.enabled']]
  return [...policy, ...proxy, ...balancer]
}

function networkCleanups({ spec: { cni } }: ClusterNetwork): Wanted {
  const plugin = 'spec.cni.plugin'
  switch (cni.plugin) {
    case 'flannel':
      return cni.flannel.backend === 'none' ? [['flannel', 'spec.cni.flannel.backend']] : backendCleanups(cni.flannel)
    case 'calico':
      return [
        ['flannel', plugin],
        ['cilium', plugin],
      ]
    case 'canal':
      return [['cilium', plugin]]
    case 'cilium':
      return [
        ['flannel', plugin],
        ['calico', plugin],
      ]
    case 'none':
      // Who builds the network is not known, and Calico and Cilium may be it.
      return [['flannel', plugin]]
  }
}

function backendCleanups({ backend }: ClusterNetwork['spec']['cni']['flannel']): Wanted {
  const origin = 'spec.cni.flannel.backend'
  const isLegacy = backend === 'wireguard' || backend === 'ipsec'
  return [
    ['calico', 'spec.cni.plugin'],
    ['cilium', 'spec.cni.plugin'],
    ...(backend === 'vxlan' ? [] : ([['vxlan-devices', origin]] as const)),
    ...(backend === 'wireguard-native' ? [] : ([['wireguard-devices', origin]] as const)),
    ...(isLegacy ? [] : ([['legacy-backends', origin]] as const)),
  ]
}
