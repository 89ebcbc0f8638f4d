import { type Flag, nodeFlag } from './flag.ts'

/** Configuration, state and logs of the K3s process itself. @see k3s-io/k3s pkg/cli/cmds/config.go, root.go, log.go */
export const processFlags: readonly Flag[] = [
  nodeFlag({
    name: 'config',
    aliases: ['c'],
    type: 'string',
    default: '/etc/rancher/k3s/config.yaml',
    since: ['1.19.1'],
    environment: 'K3S_CONFIG_FILE',
  }),
  nodeFlag({
    name: 'data-dir',
    aliases: ['d'],
    type: 'string',
    default: '/var/lib/rancher/k3s',
    change: 'rebuild',
    environment: 'K3S_DATA_DIR',
  }),
  nodeFlag({ name: 'debug', type: 'boolean', default: 'false', environment: 'K3S_DEBUG' }),
  nodeFlag({ name: 'v', type: 'integer', default: '0' }),
  nodeFlag({ name: 'vmodule', type: 'string' }),
  nodeFlag({ name: 'log', aliases: ['l'], type: 'string' }),
  nodeFlag({ name: 'alsologtostderr', type: 'boolean', default: 'false' }),
  nodeFlag({
    name: 'enable-pprof',
    type: 'boolean',
    default: 'false',
    agentSince: ['1.27.15', '1.28.11', '1.29.6', '1.30.2'],
    isNetwork: true,
    source: 'k3s-io/k3s#10019',
  }),
]
