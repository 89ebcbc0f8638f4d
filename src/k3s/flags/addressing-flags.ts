import { type Flag, serverFlag } from './flag.ts'

/** @see k3s-networking §1.1 */
export const addressingFlags: readonly Flag[] = [
  serverFlag({
    name: 'cluster-cidr',
    type: 'list',
    default: '10.42.0.0/16',
    sameOnServers: 'critical',
    change: 'rebuild',
    isNetwork: true,
  }),
  serverFlag({
    name: 'service-cidr',
    type: 'list',
    default: '10.43.0.0/16',
    sameOnServers: 'critical',
    change: 'rebuild',
    isNetwork: true,
  }),
  serverFlag({
    name: 'cluster-dns',
    type: 'list',
    default: '10.43.0.10',
    sameOnServers: 'critical',
    change: 'rebuild',
    isNetwork: true,
  }),
  serverFlag({
    name: 'cluster-domain',
    type: 'string',
    default: 'cluster.local',
    sameOnServers: 'critical',
    change: 'rebuild',
    isNetwork: true,
  }),
  serverFlag({
    name: 'service-node-port-range',
    type: 'string',
    default: '30000-32767',
    since: ['1.20.4'],
    sameOnServers: 'agreed',
    change: 'restart-all',
    isNetwork: true,
  }),
  serverFlag({
    name: 'multi-cluster-cidr',
    type: 'boolean',
    default: 'false',
    since: ['1.26.3', '1.27.0'],
    removedSince: ['1.29.0'],
    isNetwork: true,
  }),
  serverFlag({
    name: 'egress-selector-mode',
    type: 'string',
    default: 'agent',
    values: ['agent', 'cluster', 'pod', 'disabled'],
    since: ['1.22.10', '1.23.7', '1.24.1'],
    sameOnServers: 'critical',
    change: 'restart-all',
    isNetwork: true,
  }),
]
