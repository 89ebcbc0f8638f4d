import { createHash } from 'node:crypto'
import type { AddressFamily } from '../../src/domain/cidr.ts'

export interface K3sTablesOptions {
  /** Index of the node in the lab: `n2` has 2. */
  readonly node?: 1 | 2 | 3
  /** The Service `default/web` has this NodePort; its one pod is `p1`, port 8080. */
  readonly nodePort?: number
  readonly externalTrafficPolicy?: 'Cluster' | 'Local'
  /** The pod asks for this port of the node by the portmap plugin; only on its own node. */
  readonly hostPort?: number
  /**
   * The Service is a LoadBalancer on port 80: the node addresses in kube-proxy's chains, and the hostPort of the svclb
   * pod, for which `p1` stands in.
   */
  readonly servicelb?: boolean
  /** A policy: anybody may reach port 8080 of `p1`, the pods `p2` and `p3` port 9090, and nothing else is allowed. */
  readonly networkPolicy?: boolean
  /** `bare` is what flannel 0.14 wrote: rules in the built-in chains, without a comment. */
  readonly flannel?: 'chains' | 'bare'
  /** `--flannel-ipv6-masq`. */
  readonly ipv6Masquerade?: boolean
}

/** What the rules of one node and family are made of. */
export interface K3sNode {
  readonly family: AddressFamily
  readonly options: K3sTablesOptions
  readonly clusterCidr: string
  readonly serviceCidr: string
  readonly podCidr: string
  readonly pod: string
  readonly podIsHere: boolean
  readonly peers: readonly string[]
  readonly clusterIp: string
  readonly nodeAddresses: readonly string[]
}

/** One line of a table, without its `-A`. An empty `rule` declares the chain only. */
export interface PlacedRule {
  readonly table: 'mangle' | 'filter' | 'nat'
  readonly chain: string
  readonly rule: string
}

export function k3sNode(options: K3sTablesOptions, family: AddressFamily): K3sNode {
  const index = options.node ?? 1
  const common = { family, options, podIsHere: index === 1 }
  if (family === 4) {
    return {
      ...common,
      clusterCidr: '10.42.0.0/16',
      serviceCidr: '10.43.0.0/16',
      podCidr: `10.42.${index}.0/24`,
      pod: '10.42.1.10',
      peers: ['10.42.2.10', '10.42.3.10'],
      clusterIp: '10.43.0.80',
      nodeAddresses: ['192.168.11.11', '192.168.11.12', '192.168.12.13'],
    }
  }
  return {
    ...common,
    clusterCidr: 'fd42::/16',
    serviceCidr: 'fd43::/112',
    podCidr: `fd42:${index}::/64`,
    pod: 'fd42:1::10',
    peers: ['fd42:2::10', 'fd42:3::10'],
    clusterIp: 'fd43::80',
    nodeAddresses: ['fd11::11', 'fd11::12', 'fd12::13'],
  }
}

/** @see cloudnativelabs/kube-router pkg/controllers/netpol/policy.go */
export function policySets(family: AddressFamily): { readonly source: string; readonly destination: string } {
  const prefix = family === 4 ? '' : 'inet6:'
  return {
    source: `${prefix}KUBE-SRC-${hashOf('web source')}`,
    destination: `${prefix}KUBE-DST-${hashOf('web target')}`,
  }
}

/** Sixteen characters, as kube-proxy and kube-router end the names of their chains. */
export function hashOf(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bytes = [...createHash('sha256').update(text).digest().subarray(0, 16)]
  return bytes.map((byte) => alphabet[byte % 32]).join('')
}
