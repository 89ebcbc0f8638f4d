import type { NetworkProgram } from '../../src/domain/network-program.ts'
import type { PacketAction } from '../../src/domain/packet-filter.ts'
import { chainOf, drop, network, ports, programOf } from '../../test/lab/filter-programs.ts'
import { networkProgram } from './bench-agent.ts'

/** The other end of the device, which answers pings. */
export const peerAddress = '192.168.1.2'

/** Moves the other end of the device into a namespace of its own, for pings that pass a wire. */
export function peerBatch(peerNamespace: string): string {
  return `link set peer0 netns ${peerNamespace}\n`
}

/** Drops one port, and has the peer asked whether all is well. */
export function harmlessDeny(plane: NetworkProgram['plane']): NetworkProgram {
  return probed(plane, {
    match: { protocol: 'tcp', destinationPorts: ports(9_999) },
    action: drop,
  })
}

/** Drops the very answers that the probe waits for. */
export function harmfulDeny(plane: NetworkProgram['plane']): NetworkProgram {
  const match = { source: network(`${peerAddress}/32`), protocol: 'icmp', icmp: { type: 0 } } as const
  return probed(plane, { match, action: drop })
}

/** A change that nobody and nothing confirms. */
export function unwatchedDeny(plane: NetworkProgram['plane']): NetworkProgram {
  return { ...harmlessDeny(plane), probes: [] }
}

function probed(
  plane: NetworkProgram['plane'],
  rule: { readonly match: Parameters<typeof chainOf>[2][number]['match']; readonly action: PacketAction },
): NetworkProgram {
  const { match = {}, action } = rule
  const chain = chainOf('FAIRLEAD-INPUT', 'filter', [{ match, action }], { hook: 'INPUT' })
  return networkProgram({
    plane,
    ...(plane === 'iptables' ? { backend: 'nft' } : {}),
    filter: { v4: programOf([chain]).v4, v6: { sets: [], chains: [] } },
    probes: [{ name: 'peer', check: { kind: 'ping', host: peerAddress }, timeoutMs: 2_000 }],
  })
}
