import { type Flag, nodeFlag, serverFlag } from './flag.ts'

/** Lists of `key=value` that K3s hands to the Kubernetes processes inside it. */
export const argumentFlags: readonly Flag[] = [
  nodeFlag({ name: 'kubelet-arg', type: 'list', isNetwork: true }),
  nodeFlag({ name: 'kube-proxy-arg', type: 'list', sameOnServers: 'agreed', isNetwork: true }),
  serverFlag({ name: 'kube-apiserver-arg', type: 'list', sameOnServers: 'agreed', isNetwork: true }),
  serverFlag({ name: 'kube-controller-manager-arg', type: 'list', sameOnServers: 'agreed', isNetwork: true }),
  serverFlag({ name: 'kube-cloud-controller-manager-arg', type: 'list', sameOnServers: 'agreed', isNetwork: true }),
  // Two hidden options that fill the same lists under their old names.
  serverFlag({ name: 'kube-controller-arg', type: 'list', sameOnServers: 'agreed', isNetwork: true }),
  serverFlag({ name: 'kube-cloud-controller-arg', type: 'list', sameOnServers: 'agreed', isNetwork: true }),
  serverFlag({ name: 'kube-scheduler-arg', type: 'list', sameOnServers: 'agreed' }),
  serverFlag({ name: 'etcd-arg', type: 'list' }),
]
