import { readFileSync } from 'node:fs'
import type { HostRoutes, ObservedLink, ObservedRoute } from '../../../src/domain/host-routes.ts'
import type { SavedTables } from '../../../src/domain/saved-tables.ts'
import { parseIptablesSave } from '../../../src/text/iptables-save.ts'

const recordings = new URL('../../fixtures/k3s-v1.21.2/', import.meta.url)

/** Every table of the recorded server, network policy controller and kube-proxy included. */
export function recordedTables(): SavedTables {
  return {
    v4: parseIptablesSave(readFileSync(new URL('iptables-save.txt', recordings), 'utf8')).tables,
    v6: parseIptablesSave(readFileSync(new URL('ip6tables-save.txt', recordings), 'utf8')).tables,
    sets: new Map(),
  }
}

/** Tables from text as `iptables-save` prints it. */
export function tablesOf(v4: string, sets: SavedTables['sets'] = new Map()): SavedTables {
  return { v4: parseIptablesSave(v4).tables, v6: [], sets }
}

export const noTables: SavedTables = { v4: [], v6: [], sets: new Map() }

/** Addresses and routes of the recorded server: 172.30.0.2, with the pods of the other node behind flannel.1. */
export const serverRoutes: HostRoutes = {
  links: [
    link('lo', ['127.0.0.1/8', '::1/128']),
    link('eth0', ['172.30.0.2/24', 'fe80::184f:ecff:fe3a:b114/64']),
    link('flannel.1', ['10.42.0.0/32']),
    link('cni0', ['10.42.0.1/24']),
  ],
  rules: [],
  routes: [
    route('0.0.0.0/0', { via: '172.30.0.1', dev: 'eth0' }),
    route('10.42.0.0/24', { dev: 'cni0' }),
    route('10.42.1.0/24', { via: '10.42.1.0', dev: 'flannel.1' }),
    route('172.30.0.0/24', { dev: 'eth0' }),
    { ...route('fe80::/64', { dev: 'eth0' }), family: 6 },
  ],
}

export function link(name: string, addresses: readonly string[]): ObservedLink {
  return {
    name,
    index: 1,
    isUp: true,
    hasCarrier: true,
    mtuBytes: 1500,
    addresses: addresses.map((address) => ({ address, noPrefixRoute: false })),
  }
}

export function route(
  to: string,
  nextHop: ObservedRoute['nextHops'][number],
  more: Partial<ObservedRoute> = {},
): ObservedRoute {
  return {
    family: to.includes(':') ? 6 : 4,
    table: 254,
    to,
    metric: 0,
    type: 'unicast',
    protocol: 3,
    nextHops: [nextHop],
    flags: [],
    ...more,
  }
}
