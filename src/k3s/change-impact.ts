import type { Impact, ImpactKind } from '../domain/change.ts'

/** From harmless to impossible: the order in which a plan sums its changes up. */
export const impactOrder: readonly ImpactKind[] = [
  'None',
  'PodRestart',
  'NewConnections',
  'K3sRestart',
  'DataPlaneOutage',
  'Rebuild',
]

const rebuild = (reason: string): Impact => ({ kind: 'Rebuild', reason })
const outage = (reason: string): Impact => ({ kind: 'DataPlaneOutage', reason })
const restart = (reason: string): Impact => ({ kind: 'K3sRestart', reason })

/**
 * What a changed key of K3s's configuration costs; every key that is not named here costs a restart.
 *
 * A key says nothing about its values and its node, so the table speaks of the usual change. It does not see that a
 * server with embedded etcd that gets another `node-ip` has to leave the cluster and join again, that a change of
 * `flannel-backend` from or to `none` makes every node anew, what `disable` takes away, which node mask is among the
 * arguments of the controller manager, nor whether a value is only written that was in force before. What makes one
 * node anew counts as an outage of that node: `Rebuild` is what no living cluster survives. What K3s reads only when a
 * node registers costs a restart all the same, for a file is read at a start.
 * @see k3s-networking §11.2, from k3s-io/k3s pkg/daemons/config/types.go and k3s-io/docs docs/networking
 */
const keyImpacts: Readonly<Record<string, Impact>> = {
  'cluster-cidr': rebuild('node pod ranges are fixed when a node registers'),
  'service-cidr': rebuild('existing Services and the API certificate keep their addresses'),
  'cluster-dns': rebuild('kube-dns has an immutable address that every pod was given'),
  'cluster-domain': rebuild('pods and certificates keep the domain they were made with'),

  'flannel-backend': outage('nodes with different backends do not reach each other'),
  'flannel-conf': outage('the pod network restarts with other options'),
  'flannel-iface': outage('pod traffic moves to another interface'),
  'flannel-external-ip': outage('tunnels between nodes are made anew to their other addresses'),
  'node-ip': outage('the node gets other certificates, and its pods are cut off until flannel has moved as well'),
  'node-name': outage(
    'the node registers a second time: drain it first, then delete the old Node and its node-password Secret',
  ),
  'with-node-id': outage(
    'the node registers a second time: drain it first, then delete the old Node and its node-password Secret',
  ),
  'vpn-auth': outage('the address of the node changes, and with it the way of all pod traffic'),
  'vpn-auth-file': outage('the address of the node changes, and with it the way of all pod traffic'),
  'disable-kube-proxy': outage('Services are translated by something else, or by nothing'),
  'https-listen-port': outage('agents lose their servers until each one is told the new port'),

  'service-node-port-range': restart('servers first, then every node, whose policy rules hold the range too'),
  'egress-selector-mode': restart('servers first, then every node; metrics and webhooks are unreliable in between'),
  'flannel-ipv6-masq': restart('every node; connections that exist keep the address they had'),
  'flannel-cni-conf': restart('pods get the new configuration when they start anew'),
  'node-external-ip': restart('certificates follow; ServiceLB shows the address once its pods start anew'),
  'node-internal-dns': restart('the node announces its names when K3s starts'),
  'node-external-dns': restart('the node announces its names when K3s starts'),
  'node-label': restart('labels are added and changed when K3s starts, and never taken away'),
  'node-taint': restart('taints are set when a node registers; on one that lives they are changed through the API'),
  'resolv-conf': restart('pods get the other name servers when they start anew, CoreDNS too'),
  'advertise-address': restart('agents learn the other address from the endpoints of the Service kubernetes'),
  'advertise-port': restart('agents learn the other port from the endpoints of the Service kubernetes'),
  'bind-address': restart('the API server, and on agents the kubelet, listens elsewhere'),
  'tls-san': restart('new names are put into the certificate; old ones stay until it is made anew'),
  'tls-san-security': restart('the server certificate takes unknown names, or no longer does'),
  'disable-network-policy': restart(
    'every node; when it is turned off its rules stay until they are cleared, when it is turned on policies begin to apply',
  ),
  'disable-cloud-controller': restart('servers first, then every node, whose kubelet is started in another way'),
  'kubelet-arg': restart('the kubelet reads its arguments when it starts; containers go on'),
  'kube-proxy-arg': restart(
    'kube-proxy reads its arguments when it starts; another mode leaves old rules until a reboot',
  ),
  disable: restart('K3s deletes what the disabled components had deployed, and with it what they served'),
  'servicelb-namespace': restart(
    'ServiceLB starts anew in the other namespace; what it leaves in the old one holds its ports',
  ),
  'disable-helm-controller': restart('charts stay as they are, and nothing installs or upgrades them'),
  'helm-controller-arg': restart('the Helm controller reads its arguments when a server starts'),
  'embedded-registry': restart('every node; agents begin or cease to listen on 6443 and 5001'),
  'supervisor-metrics': restart('every node; agents begin or cease to listen on 6443'),
  'enable-pprof': restart('the node begins or ceases to listen on the port of the supervisor'),
  'lb-server-port': restart('the agent reaches its servers through another local port'),
  'disable-apiserver-lb': restart('the agent reaches its servers in another way'),
}

export function configKeyImpact(key: string): Impact {
  const known = Object.hasOwn(keyImpacts, key) ? keyImpacts[key] : undefined
  return known ?? { kind: 'K3sRestart', reason: 'K3s reads its flags when it starts' }
}

/** The way out of what cannot be done on a living cluster. */
export const rebuildWayOut =
  'build a new cluster with these values and move the workloads, or put the old values back into spec.addressing'

export function worstImpact(impacts: readonly Impact[]): Impact {
  const none: Impact = { kind: 'None', reason: 'no traffic notices' }
  return impacts.reduce((worst, next) => (rank(next) > rank(worst) ? next : worst), none)
}

function rank(impact: Impact): number {
  return impactOrder.indexOf(impact.kind)
}
