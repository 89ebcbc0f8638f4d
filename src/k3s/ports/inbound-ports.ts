import type { FlannelPort } from '../flannel/flannel-devices.ts'

/** What decides about the ports of a cluster's nodes. */
export interface PortShape {
  /** Value of `https-listen-port`. */
  readonly apiPort: number
  readonly overlay: readonly FlannelPort[]
  readonly hasEmbeddedEtcd: boolean
  readonly embeddedRegistry: boolean
}

/** One port that somebody else must reach. */
export interface InboundPort {
  readonly use: 'api' | 'etcd' | 'overlay' | 'kubelet' | 'registry' | 'registry-peer'
  readonly protocol: 'tcp' | 'udp'
  readonly first: number
  readonly last: number
  readonly family: 4 | 6 | 'any'
  readonly from: 'nodes' | 'servers'
  readonly to: 'nodes' | 'servers'
}

export const defaultApiPort = 6443
export const kubeletPort = 10_250
export const registryPort = 5001
export const etcdPorts = { first: 2379, last: 2380 } as const

/**
 * Ports between the nodes of a cluster. NodePorts and the ports of LoadBalancer Services, which clients reach, are not
 * among them; IPsec's protocol 50 has no port.
 * @see k3s-io/docs docs/installation/requirements.md, docs/installation/registry-mirror.md; k3s-networking §9.1
 */
export function inboundPorts(shape: PortShape): readonly InboundPort[] {
  const port = (
    use: InboundPort['use'],
    protocol: 'tcp' | 'udp',
    first: number,
    rest: Partial<InboundPort> = {},
  ): InboundPort => ({ use, protocol, first, last: first, family: 'any', from: 'nodes', to: 'nodes', ...rest })
  return [
    port('api', 'tcp', shape.apiPort, { to: 'servers' }),
    ...(shape.hasEmbeddedEtcd
      ? [port('etcd', 'tcp', etcdPorts.first, { last: etcdPorts.last, from: 'servers', to: 'servers' })]
      : []),
    ...shape.overlay.flatMap((one) =>
      one.protocol === 'udp' ? [port('overlay', 'udp', one.port, { family: one.family })] : [],
    ),
    port('kubelet', 'tcp', kubeletPort),
    ...(shape.embeddedRegistry
      ? [port('registry', 'tcp', shape.apiPort), port('registry-peer', 'tcp', registryPort)]
      : []),
  ]
}
