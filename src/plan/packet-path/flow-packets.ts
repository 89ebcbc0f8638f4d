import { formatAddress } from '../../domain/cidr.ts'
import type { FailsafeFlow } from '../../domain/network-program.ts'
import type { ConnectionState } from '../../domain/packet-filter.ts'
import type { Box } from './cover-box.ts'
import type { Dimension, Packet } from './packet.ts'
import { networkRange, type Range, type Ranges, rangesOf, without } from './ranges.ts'

/** One way in which the packets of a flow look; everything that is open is in the box. */
export interface FlowShape {
  readonly flow: FailsafeFlow
  readonly state: ConnectionState
  readonly icmp: Packet['icmp']
  readonly box: Box
}

/** Every shape of a flow. Addresses of the node itself are nobody's peers. */
export function shapesOf(flow: FailsafeFlow, local: Ranges): readonly FlowShape[] {
  return shapesWith(flow, local, portsOf(flow), undefined)
}

/** What answers to the node's own questions look like: they come back to the ports that it asks from. */
export function replyShapes(flow: FailsafeFlow, local: Ranges): readonly FlowShape[] {
  const ports: readonly [Dimension, Range][] = [
    ['sourcePort', anyPort],
    ['destinationPort', askingPorts],
  ]
  return shapesWith(flow, local, ports, 'ESTABLISHED')
}

/** What Linux asks from unless told otherwise (`net.ipv4.ip_local_port_range`). */
const askingPorts: Range = { first: 32_768n, last: 60_999n }

function shapesWith(
  flow: FailsafeFlow,
  local: Ranges,
  ports: readonly [Dimension, Range][],
  only: ConnectionState | undefined,
): readonly FlowShape[] {
  const peer = flow.direction === 'input' ? 'from' : 'to'
  return peerRanges(flow, local).flatMap((range) =>
    icmpOf(flow).flatMap((icmp) =>
      (only === undefined ? statesOf(flow, icmp) : [only]).map((state) => ({
        flow,
        state,
        icmp,
        box: new Map([[peer, range], ...ports]),
      })),
    ),
  )
}

/** The packet that a shape means by some values. `own` is the node's address, `inInterface` where it comes in. */
export function packetOf(
  { flow, state, icmp }: FlowShape,
  values: ReadonlyMap<Dimension, bigint>,
  { own, inInterface }: { readonly own: string; readonly inInterface: string | undefined },
): Packet {
  const isInput = flow.direction === 'input'
  const peer = formatAddress({ family: flow.family, value: values.get(isInput ? 'from' : 'to') ?? 0n })
  const sourcePort = values.get('sourcePort')
  const port = values.get('destinationPort') ?? (flow.port === undefined ? undefined : BigInt(flow.port))
  return {
    family: flow.family,
    from: isInput ? peer : own,
    to: isInput ? own : peer,
    protocol: flow.protocol,
    state,
    ...(sourcePort === undefined ? {} : { sourcePort: Number(sourcePort) }),
    ...(port === undefined ? {} : { destinationPort: Number(port) }),
    ...(icmp === undefined ? {} : { icmp }),
    ...(inInterface === undefined ? {} : { inInterface }),
  }
}

function peerRanges({ peers, family }: FailsafeFlow, local: Ranges): Ranges {
  const named = peers.length === 0 ? everybody[family] : peers
  const ranges = rangesOf(named.flatMap((text) => networkRange(text) ?? []).filter((range) => range.family === family))
  return ranges.flatMap((range) => without(range, local))
}

/** Every unicast address that a packet may come from. */
const everybody: Readonly<Record<4 | 6, readonly string[]>> = {
  4: [...halves(1, 126), ...halves(128, 223)],
  6: ['2000::/3', 'fc00::/7', 'fe80::/10'],
}

function halves(first: number, last: number): readonly string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}.0.0.0/8`)
}

function portsOf({ protocol, port }: FailsafeFlow): readonly [Dimension, Range][] {
  if (protocol !== 'tcp' && protocol !== 'udp') return []
  const source = protocol === 'udp' && port !== undefined ? dhcpSource[port] : undefined
  const sources: [Dimension, Range] = [
    'sourcePort',
    source === undefined ? clientPorts : { first: source, last: source },
  ]
  return port === undefined ? [sources, ['destinationPort', anyPort]] : [sources]
}

/** Ports below belong to listeners; no client asks from them. */
const clientPorts: Range = { first: 1024n, last: 65_535n }
const anyPort: Range = { first: 1n, last: 65_535n }
/** By destination port: the other end of DHCP has a port of its own. */
const dhcpSource: Readonly<Record<number, bigint>> = { 68: 67n, 67: 68n, 546: 547n, 547: 546n }

function icmpOf({ protocol, icmpType }: FailsafeFlow): readonly Packet['icmp'][] {
  if (protocol !== 'icmp' && protocol !== 'icmpv6') return [undefined]
  const type = icmpType ?? (protocol === 'icmp' ? 8 : 128)
  // "Fragmentation needed" is the one code of its type that connections cannot live without.
  return [{ type, code: protocol === 'icmp' && type === 3 ? 4 : 0 }]
}

/** Neighbour discovery is never tracked, and errors belong to another connection. */
function statesOf({ protocol }: FailsafeFlow, icmp: Packet['icmp']): readonly ConnectionState[] {
  if (icmp === undefined) return ['NEW', 'ESTABLISHED']
  if (protocol === 'icmpv6') {
    if (icmp.type >= 130) return ['UNTRACKED']
    return icmp.type < 128 ? ['RELATED'] : ['NEW', 'ESTABLISHED']
  }
  return [3, 4, 11, 12].includes(icmp.type) ? ['RELATED'] : ['NEW', 'ESTABLISHED']
}
