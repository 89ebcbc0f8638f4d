/** Routes to the pods of other nodes, as flannel keeps them (node-networking §2.6). Facts decide; flannel writes them. */
export interface PodRoutes {
  readonly backend: 'host-gw' | 'vxlan' | 'wireguard-native'
  readonly directRouting: boolean
  readonly clusterCIDRs: readonly string[]
  readonly peers: readonly PodRoutePeer[]
  /** The node list is complete and was read from the API just now: without that nothing counts as stale. */
  readonly isComplete: boolean
}

export interface PodRoutePeer {
  readonly node: string
  readonly podCIDRs: readonly string[]
  /** Addresses that flannel announced for the node, at most one per family. */
  readonly addresses: readonly string[]
}
