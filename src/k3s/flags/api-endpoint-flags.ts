import { type Flag, nodeFlag, serverFlag } from './flag.ts'

/** Where servers listen, what they call themselves, and how nodes find them. @see k3s-networking §1.2 */
export const apiEndpointFlags: readonly Flag[] = [
  nodeFlag({
    name: 'bind-address',
    type: 'string',
    default: '0.0.0.0',
    agentSince: ['1.27.14', '1.28.10', '1.29.5', '1.30.1'],
    isNetwork: true,
  }),
  serverFlag({
    name: 'https-listen-port',
    type: 'integer',
    default: '6443',
    sameOnServers: 'agreed',
    change: 'restart-all',
    isNetwork: true,
  }),
  serverFlag({ name: 'advertise-address', type: 'string', isNetwork: true }),
  serverFlag({ name: 'advertise-port', type: 'integer', sameOnServers: 'agreed', isNetwork: true }),
  serverFlag({ name: 'tls-san', type: 'list', isNetwork: true }),
  serverFlag({
    name: 'tls-san-security',
    type: 'boolean',
    default: 'true',
    since: ['1.24.17', '1.25.13', '1.26.8', '1.27.5', '1.28.1'],
    isNetwork: true,
  }),
  serverFlag({
    name: 'supervisor-port',
    type: 'integer',
    sameOnServers: 'agreed',
    isNetwork: true,
    environment: 'K3S_SUPERVISOR_PORT',
  }),
  serverFlag({
    name: 'apiserver-port',
    type: 'integer',
    sameOnServers: 'agreed',
    isNetwork: true,
    environment: 'K3S_APISERVER_PORT',
  }),
  serverFlag({
    name: 'apiserver-bind-address',
    type: 'string',
    sameOnServers: 'agreed',
    isNetwork: true,
    environment: 'K3S_APISERVER_BIND_ADDRESS',
  }),
  nodeFlag({
    name: 'lb-server-port',
    type: 'integer',
    default: '6444',
    isNetwork: true,
    environment: 'K3S_LB_SERVER_PORT',
  }),
  nodeFlag({
    name: 'disable-apiserver-lb',
    type: 'boolean',
    default: 'false',
    commands: ['agent'],
    since: ['1.25.16', '1.26.11', '1.27.8', '1.28.4'],
    isNetwork: true,
    source: 'k3s-io/k3s#8717, #8846, #8847, #8848',
  }),
  nodeFlag({ name: 'server', aliases: ['s'], type: 'string', isNetwork: true, environment: 'K3S_URL' }),
]
