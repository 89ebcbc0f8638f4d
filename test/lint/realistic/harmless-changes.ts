import type { Change } from './mistake.ts'

/**
 * Changes of a firewall after which the nodes still have everything that they need of each other: the failsafes come
 * before every rule, so that none of these is a slip.
 */
export const harmlessChanges: readonly Change[] = [
  {
    name: 'WireGuard dropped',
    on: 'clouds-wireguard',
    file: 'nodes/hel-1.yaml',
    from: '        ports: [51820]\n        action: Accept',
    to: '        ports: [51820]\n        action: Drop',
  },
  {
    name: 'a default deny that does not name VXLAN',
    on: 'strict-firewall',
    file: 'nodes/servers.yaml',
    from: '      - { name: vxlan, from: [10.50.0.0/24], protocol: udp, ports: [8472], action: Accept }\n',
    to: '',
  },
  {
    name: 'a default deny with the VXLAN port of other products',
    on: 'strict-firewall',
    file: 'nodes/servers.yaml',
    from: 'ports: [8472]',
    to: 'ports: [4789]',
  },
  {
    name: 'a default deny that lets administrators alone to the API server',
    on: 'strict-firewall',
    file: 'nodes/servers.yaml',
    from: 'name: api, from: [10.9.0.0/24, 10.50.0.0/24]',
    to: 'name: api, from: [10.9.0.0/24]',
  },
  {
    name: 'a default deny that forgets one member of etcd',
    on: 'strict-firewall',
    file: 'nodes/servers.yaml',
    from: '[10.50.0.11, 10.50.0.12, 10.50.0.13]',
    to: '[10.50.0.11, 10.50.0.12]',
  },
  {
    name: 'a default deny that does not name the kubelet',
    on: 'strict-firewall',
    file: 'nodes/servers.yaml',
    from: '      - { name: kubelet, from: [10.50.0.0/24], protocol: tcp, ports: [10250], action: Accept }\n',
    to: '',
  },
  {
    name: 'a default deny that does not name pods',
    on: 'strict-firewall',
    file: 'nodes/servers.yaml',
    from: '      - { name: pods, from: [10.42.0.0/16], action: Accept }\n',
    to: '',
  },
  {
    name: 'somebody who administers the nodes',
    on: 'strict-firewall',
    file: 'nodes/servers.yaml',
    from: '  firewall:\n',
    to: '  firewall:\n    management: { from: [10.9.0.0/24] }\n',
  },
]
