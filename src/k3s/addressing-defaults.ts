/**
 * What K3s takes when nothing is written and the first node address is IPv4.
 * @see k3s-io/k3s pkg/cli/server/server.go; k3s-io/docs docs/cli/server.md
 */
export const addressingDefaults = {
  clusterCIDR: ['10.42.0.0/16'],
  serviceCIDR: ['10.43.0.0/16'],
  clusterDNS: ['10.43.0.10'],
  clusterDomain: 'cluster.local',
} as const
