import { type Flag, nodeFlag, serverFlag } from './flag.ts'

/** Tokens, the administrator's kubeconfig and encryption. @see k3s-io/docs docs/cli/server.md */
export const accessFlags: readonly Flag[] = [
  nodeFlag({ name: 'token', aliases: ['t'], type: 'string', isSecret: true, environment: 'K3S_TOKEN' }),
  nodeFlag({ name: 'token-file', type: 'string', environment: 'K3S_TOKEN_FILE' }),
  nodeFlag({
    name: 'cluster-secret',
    type: 'string',
    deprecatedSince: ['1.0.0'],
    isSecret: true,
    environment: 'K3S_CLUSTER_SECRET',
  }),
  serverFlag({
    name: 'agent-token',
    type: 'string',
    sameOnServers: 'agreed',
    isSecret: true,
    environment: 'K3S_AGENT_TOKEN',
  }),
  serverFlag({
    name: 'agent-token-file',
    type: 'string',
    sameOnServers: 'agreed',
    environment: 'K3S_AGENT_TOKEN_FILE',
  }),
  serverFlag({ name: 'write-kubeconfig', aliases: ['o'], type: 'string', environment: 'K3S_KUBECONFIG_OUTPUT' }),
  serverFlag({ name: 'write-kubeconfig-mode', type: 'string', environment: 'K3S_KUBECONFIG_MODE' }),
  serverFlag({
    name: 'write-kubeconfig-group',
    type: 'string',
    since: ['1.27.15', '1.28.11', '1.29.6', '1.30.2'],
    environment: 'K3S_KUBECONFIG_GROUP',
    source: 'k3s-io/k3s#9233, #10260, #10261, #10262',
  }),
  serverFlag({
    name: 'write-kubeconfig-name',
    type: 'string',
    since: ['1.37.0'],
    source: 'k3s-io/k3s#14440',
  }),
  serverFlag({ name: 'secrets-encryption', type: 'boolean', default: 'false', sameOnServers: 'critical' }),
  serverFlag({
    name: 'secrets-encryption-provider',
    type: 'string',
    default: 'aescbc',
    values: ['aescbc', 'secretbox'],
    since: ['1.30.12', '1.31.8', '1.32.4', '1.33.0'],
    sameOnServers: 'critical',
  }),
]
