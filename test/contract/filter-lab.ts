import type { FilterProgram } from '../../src/domain/packet-filter.ts'
import type { PacketFilterPort } from '../../src/ports/packet-filter-port.ts'
import { type Namespace, newNamespace } from '../netns/namespace.ts'

/** A node with a client beside it, on one wire, both with IPv4 and IPv6. */
export interface FilterLab {
  readonly node: Namespace
  readonly client: Namespace
  down(): Promise<void>
}

export const nodeAddress = { v4: '10.90.0.1', v6: 'fd90::1' } as const
export const clientAddress = { v4: '10.90.0.2', v6: 'fd90::2' } as const

/** One implementation of the port, with what a test has to do behind its back. */
export interface FilterPlane {
  readonly filter: PacketFilterPort
  /** Everything that is not ours, counters aside: must stay as it is, byte for byte. */
  foreign(): Promise<string>
  /** Puts rules of somebody else beside ours: one in a built-in chain or base chain, one in a chain of theirs. */
  addForeign(): Promise<void>
  /** Takes one rule of ours out of the kernel. */
  removeOneRule(): Promise<void>
  /** Adds one rule of somebody else to a chain of ours. */
  addToOurs(): Promise<void>
  /** Takes our whole part away, as a flush of the tables does. */
  wipe(): Promise<void>
  /** Packets that the rules of ours have counted; replaces lose them, settled passes do not. */
  counters(): Promise<string>
  /** Takes away what the plane needed outside of its namespaces. */
  down?(): Promise<void>
}

/** A rule the plane's kernel refuses, and the path that is to be blamed. */
export interface RefusedProgram {
  readonly program: FilterProgram
  readonly path: string
}

export async function newFilterLab(): Promise<FilterLab> {
  const [node, client] = await Promise.all([newQuickNamespace('node'), newQuickNamespace('client')])
  await node.run(['/usr/sbin/ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', client.name])
  await Promise.all([
    configure(node, nodeAddress.v4, nodeAddress.v6),
    configure(client, clientAddress.v4, clientAddress.v6),
  ])
  await reaches(client, [nodeAddress.v4, nodeAddress.v6])
  return {
    node,
    client,
    down: async () => {
      await Promise.all([node.down(), client.down()])
    },
  }
}

/** A namespace whose IPv6 addresses count at once, instead of after two seconds of looking for duplicates. */
async function newQuickNamespace(label: string): Promise<Namespace> {
  const space = await newNamespace(label)
  for (const scope of ['all', 'default']) await setKernel(space, `net/ipv6/conf/${scope}/accept_dad`, '0')
  return space
}

/** Waits until the wire carries both families: what is lost at first would look like a rule's doing. */
async function reaches(from: Namespace, hosts: readonly string[]): Promise<void> {
  await Promise.all(hosts.map((host) => from.run(['/usr/bin/ping', '-q', '-i', '0.1', '-c', '1', '-w', '5', host])))
}

async function setKernel(space: Namespace, path: string, value: string): Promise<void> {
  await space.run(['/usr/bin/tee', `/proc/sys/${path}`], value)
}

async function configure(space: Namespace, v4: string, v6: string): Promise<void> {
  const lines = [`addr add ${v4}/24 dev eth0`, `addr add ${v6}/64 dev eth0 nodad`, 'link set eth0 up']
  await space.run(['/usr/sbin/ip', '-batch', '-'], `${lines.join('\n')}\n`)
}

export const serverAddress = { v4: '10.91.0.2', v6: 'fd91::2' } as const

/** The lab with a server behind the node: the client reaches it through the node only. */
export interface RoutedLab extends FilterLab {
  readonly server: Namespace
}

export async function newRoutedLab(): Promise<RoutedLab> {
  const [lab, server] = await Promise.all([newFilterLab(), newQuickNamespace('server')])
  const { node, client } = lab
  await node.run(['/usr/sbin/ip', 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', server.name])
  const batch = (space: Namespace, lines: readonly string[]): Promise<string> =>
    space.run(['/usr/sbin/ip', '-batch', '-'], `${lines.join('\n')}\n`)
  await batch(node, ['addr add 10.91.0.1/24 dev eth1', 'addr add fd91::1/64 dev eth1 nodad', 'link set eth1 up'])
  await configure(server, serverAddress.v4, serverAddress.v6)
  await batch(server, ['route add 10.90.0.0/24 via 10.91.0.1', 'route add fd90::/64 via fd91::1'])
  await batch(client, ['route add 10.91.0.0/24 via 10.90.0.1', 'route add fd91::/64 via fd90::1'])
  await setKernel(node, 'net/ipv4/ip_forward', '1')
  await setKernel(node, 'net/ipv6/conf/all/forwarding', '1')
  await reaches(client, [serverAddress.v4, serverAddress.v6])
  return { ...lab, server, down: async () => void (await Promise.all([lab.down(), server.down()])) }
}
