import type { FlannelConf } from './flannel-conf.ts'

/** Traffic that the nodes of a cluster must let through to one another. */
export type FlannelPort =
  | { readonly protocol: 'udp'; readonly port: number; readonly family: 4 | 6 | 'any' }
  | { readonly protocol: 'esp'; readonly family: 4 | 6 | 'any' }

/**
 * What flannel listens on. host-gw has no port of its own; what an extension listens on only its commands know.
 * @see k3s-networking §9.1, flannel-io/flannel Documentation/backends.md
 */
export function flannelPorts({ backend, enableIPv4, enableIPv6 }: FlannelConf): readonly FlannelPort[] {
  switch (backend.type) {
    case 'vxlan':
      return [{ protocol: 'udp', port: backend.port, family: 'any' }]
    case 'wireguard': {
      if (backend.mode !== 'separate') return [{ protocol: 'udp', port: backend.listenPort, family: 'any' }]
      const ipv4 = { protocol: 'udp', port: backend.listenPort, family: 4 } as const
      const ipv6 = { protocol: 'udp', port: backend.listenPortV6, family: 6 } as const
      return [...(enableIPv4 ? [ipv4] : []), ...(enableIPv6 ? [ipv6] : [])]
    }
    case 'ipsec':
      return [
        { protocol: 'esp', family: 'any' },
        { protocol: 'udp', port: 500, family: 'any' },
        { protocol: 'udp', port: 4500, family: 'any' },
      ]
    case 'host-gw':
    case 'extension':
    case 'unknown':
      return []
  }
}

/** Names of the interfaces that flannel makes, beside the bridge `cni0`. */
export function flannelInterfaces({ backend, enableIPv4, enableIPv6 }: FlannelConf): readonly string[] {
  if (backend.type === 'vxlan') {
    return [...(enableIPv4 ? [`flannel.${backend.vni}`] : []), ...(enableIPv6 ? [`flannel-v6.${backend.vni}`] : [])]
  }
  if (backend.type !== 'wireguard') return []
  if (backend.mode !== 'separate') return ['flannel-wg']
  return [...(enableIPv4 ? ['flannel-wg'] : []), ...(enableIPv6 ? ['flannel-wg-v6'] : [])]
}

/**
 * MTU that pods get.
 * @param linkMtuBytes MTU of the interface that carries the traffic; a written MTU counts instead
 * @returns bytes: the outer MTU less 50 for VXLAN, less 80 for WireGuard; undefined where the backend decides otherwise
 * @see flannel-io/flannel pkg/backend/vxlan/vxlan_network.go, pkg/backend/wireguard/wireguard_network.go
 */
export function podMtuBytes({ backend }: FlannelConf, linkMtuBytes: number): number | undefined {
  switch (backend.type) {
    case 'vxlan':
      return (backend.mtuBytes ?? linkMtuBytes) - 50
    case 'wireguard':
      return (backend.mtuBytes ?? linkMtuBytes) - 80
    case 'host-gw':
      return linkMtuBytes
    case 'ipsec':
    case 'extension':
    case 'unknown':
      return undefined
  }
}
