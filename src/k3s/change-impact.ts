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

/**
 * What a changed key of K3s's configuration costs; every key that is not named here costs a restart.
 * @see k3s-networking §11.2, from k3s-io/k3s pkg/daemons/config/types.go and k3s-io/docs docs/networking
 */
const keyImpacts: Readonly<Record<string, Impact>> = {
  'cluster-cidr': { kind: 'Rebuild', reason: 'node pod ranges are fixed when a node registers' },
  'service-cidr': { kind: 'Rebuild', reason: 'existing Services and the API certificate keep their addresses' },
  'cluster-dns': { kind: 'Rebuild', reason: 'kube-dns has an immutable address that every pod was given' },
  'cluster-domain': { kind: 'Rebuild', reason: 'pods and certificates keep the domain they were made with' },
  'flannel-backend': { kind: 'DataPlaneOutage', reason: 'nodes with different backends do not reach each other' },
  'flannel-conf': { kind: 'DataPlaneOutage', reason: 'the pod network restarts with other options' },
  'flannel-iface': { kind: 'DataPlaneOutage', reason: 'pod traffic moves to another interface' },
  'disable-kube-proxy': { kind: 'DataPlaneOutage', reason: 'Services are translated by something else, or by nothing' },
}

export function configKeyImpact(key: string): Impact {
  return keyImpacts[key] ?? { kind: 'K3sRestart', reason: 'K3s reads its flags when it starts' }
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
