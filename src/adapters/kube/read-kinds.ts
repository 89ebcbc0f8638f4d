/** Collections whose objects are read as they are. Secrets are none of them, nor are kinds that carry passwords inline. */
export interface ReadGroup {
  readonly group: string
  /** As in paths; every collection of the group unless told. */
  readonly resources?: readonly string[]
  /** The same objects are served by that group as well, and are read there. */
  readonly unlessGroup?: string
}

export const readGroups: readonly ReadGroup[] = [
  { group: 'helm.cattle.io' },
  { group: 'k3s.cattle.io', resources: ['addons'] },
  { group: 'traefik.io' },
  { group: 'traefik.containo.us' },
  { group: 'networking.k8s.io', resources: ['networkpolicies', 'ingresses', 'ingressclasses', 'servicecidrs'] },
  { group: 'policy.networking.k8s.io' },
  { group: 'gateway.networking.k8s.io' },
  { group: 'k8s.cni.cncf.io', resources: ['network-attachment-definitions'] },
  { group: 'operator.tigera.io', resources: ['installations', 'apiservers'] },
  { group: 'crd.projectcalico.org', resources: calicoKinds() },
  { group: 'projectcalico.org', resources: calicoKinds(), unlessGroup: 'crd.projectcalico.org' },
  {
    group: 'cilium.io',
    resources: [
      'ciliumnetworkpolicies',
      'ciliumclusterwidenetworkpolicies',
      'ciliumloadbalancerippools',
      'ciliuml2announcementpolicies',
      'ciliumbgpclusterconfigs',
      'ciliumbgpadvertisements',
      'ciliumnodeconfigs',
    ],
  },
  // Its BGPPeer may hold a password.
  { group: 'metallb.io', resources: ['ipaddresspools', 'l2advertisements', 'bgpadvertisements'] },
]

/** Settings and policies; not what Calico's address management counts, which is one object a block. */
function calicoKinds(): readonly string[] {
  return ['ippools', 'felixconfigurations', 'bgpconfigurations', 'networkpolicies', 'globalnetworkpolicies']
}

/** ConfigMaps that decide about the network, as `namespace/name`. */
export const readConfigMaps: readonly string[] = [
  'kube-system/coredns',
  'kube-system/coredns-custom',
  'kube-system/calico-config',
  'kube-system/canal-config',
  'kube-system/cilium-config',
  'kube-system/kube-flannel-cfg',
  'kube-flannel/kube-flannel-cfg',
]

/** Names of DaemonSets that are part of a network plugin or of a load balancer. */
export const networkDaemonSet =
  /calico|canal|cilium|flannel|weave|antrea|kube-ovn|kube-router|kube-proxy|multus|whereabouts|metallb|speaker|kube-vip|traefik|ingress|haproxy|nginx/
