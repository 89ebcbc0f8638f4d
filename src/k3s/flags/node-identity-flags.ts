import { type Flag, nodeFlag } from './flag.ts'

/** @see k3s-networking §1.4 */
export const nodeIdentityFlags: readonly Flag[] = [
  nodeFlag({ name: 'node-ip', aliases: ['i'], type: 'list', isNetwork: true }),
  nodeFlag({ name: 'node-external-ip', type: 'list', isNetwork: true }),
  nodeFlag({
    name: 'node-internal-dns',
    type: 'list',
    since: ['1.29.12', '1.30.8', '1.31.4', '1.32.0'],
    isNetwork: true,
    source: 'k3s-io/k3s#10852, #11464, #11465, #11466',
  }),
  nodeFlag({
    name: 'node-external-dns',
    type: 'list',
    since: ['1.29.12', '1.30.8', '1.31.4', '1.32.0'],
    isNetwork: true,
    source: 'k3s-io/k3s#10852, #11464, #11465, #11466',
  }),
  nodeFlag({ name: 'node-name', type: 'string', change: 'rebuild', isNetwork: true, environment: 'K3S_NODE_NAME' }),
  nodeFlag({ name: 'with-node-id', type: 'boolean', default: 'false', change: 'rebuild', isNetwork: true }),
  nodeFlag({ name: 'node-label', type: 'list', isNetwork: true }),
  nodeFlag({ name: 'node-taint', type: 'list', change: 'registration-only', isNetwork: true }),
  nodeFlag({ name: 'resolv-conf', type: 'string', isNetwork: true, environment: 'K3S_RESOLV_CONF' }),
  nodeFlag({
    name: 'prefer-bundled-bin',
    type: 'boolean',
    default: 'false',
    since: ['1.24.9', '1.25.5'],
    isNetwork: true,
  }),
  nodeFlag({ name: 'rootless', type: 'boolean', default: 'false', isNetwork: true }),
]
