import type { AddressFamily } from '../../src/domain/cidr.ts'

/**
 * The network of a lab: `gw` routes between subnet A (`n1`, `n2`), subnet B (`n3`) and the client `cl`; each node has
 * one pod behind `cni0`. `n1` and `n2` reach each other's pods directly, `n3` by a vxlan over either family.
 */
export const roles = ['gw', 'n1', 'n2', 'n3', 'p1', 'p2', 'p3', 'cl'] as const
export type Role = (typeof roles)[number]

export interface Topology {
  readonly roles: readonly Role[]
  /** `n1` gets `eth1` into a third subnet of the router. */
  readonly secondUplink: boolean
}

type Addresses = Readonly<Record<AddressFamily, string>>

/** Where each role is reached; `second` is `n1` on its second uplink, `gwSecond` the router's end of it. */
export const addresses = {
  gw: { 4: '192.168.11.1', 6: 'fd11::1' },
  gwB: { 4: '192.168.12.1', 6: 'fd12::1' },
  gwClient: { 4: '192.168.13.1', 6: 'fd13::1' },
  gwSecond: { 4: '192.168.14.1', 6: 'fd14::1' },
  n1: { 4: '192.168.11.11', 6: 'fd11::11' },
  n2: { 4: '192.168.11.12', 6: 'fd11::12' },
  n3: { 4: '192.168.12.13', 6: 'fd12::13' },
  second: { 4: '192.168.14.11', 6: 'fd14::11' },
  p1: { 4: '10.42.1.10', 6: 'fd42:1::10' },
  p2: { 4: '10.42.2.10', 6: 'fd42:2::10' },
  p3: { 4: '10.42.3.10', 6: 'fd42:3::10' },
  cl: { 4: '192.168.13.100', 6: 'fd13::100' },
} as const satisfies Record<string, Addresses>

const nodes = [
  { role: 'n1', pod: 'p1', index: 1, gateway: addresses.gw },
  { role: 'n2', pod: 'p2', index: 2, gateway: addresses.gw },
  { role: 'n3', pod: 'p3', index: 3, gateway: addresses.gwB },
] as const
type NodePlace = (typeof nodes)[number]

/** For `ip -batch`: makes the namespaces and every link between them, each end where it belongs. */
export function linkBatch(topology: Topology, nameOf: (role: Role) => string): readonly string[] {
  const has = (role: Role): boolean => topology.roles.includes(role)
  const veth = (a: Role, nameInA: string, b: Role, nameInB: string): string[] =>
    has(a) && has(b)
      ? [`link add name ${nameInA} netns ${nameOf(a)} type veth peer name ${nameInB} netns ${nameOf(b)}`]
      : []
  return [
    ...topology.roles.map((role) => `netns add ${nameOf(role)}`),
    ...nodes.flatMap(({ role }) => veth('gw', role, role, 'eth0')),
    ...(topology.secondUplink ? veth('gw', 'n1b', 'n1', 'eth1') : []),
    ...nodes.flatMap(({ role, pod }) => veth(role, `veth${pod}`, pod, 'eth0')),
    ...veth('gw', 'cl', 'cl', 'eth0'),
  ]
}

/** What is set up inside one namespace, once its links are there. */
export interface Inside {
  /** Below `/proc/sys`, before any link comes up. */
  readonly sysctls: Readonly<Record<string, string>>
  /** For `ip -batch`. */
  readonly ip: readonly string[]
  /** For `bridge -batch`. */
  readonly bridge: readonly string[]
}

export function insideOf(role: Role, topology: Topology): Inside {
  if (role === 'gw') return inRouter(topology)
  const has = (other: Role): boolean => topology.roles.includes(other)
  if (role === 'cl') return { sysctls: {}, ip: host(addresses.cl, addresses.gwClient, has('gw')), bridge: [] }
  const node = nodes.find((candidate) => candidate.role === role)
  if (node !== undefined) return inNode(node, topology)
  const around = nodes.find((candidate) => candidate.pod === role)
  if (around === undefined) throw new Error(`no place for ${role}`)
  return { sysctls: {}, ip: host(addresses[around.pod], podGateway(around), has(around.role)), bridge: [] }
}

/** Devices of a namespace that must have carrier once both ends of every link are up. */
export function linkedDevices(role: Role, topology: Topology): readonly string[] {
  const has = (other: Role): boolean => topology.roles.includes(other)
  if (role === 'gw') {
    const attached = nodes.filter((node) => has(node.role))
    const second = topology.secondUplink && has('n1') ? ['n1b'] : []
    return [
      ...new Set(attached.flatMap((node) => [node.role, bridgeOf(node)])),
      ...(has('cl') ? ['cl'] : []),
      ...second,
    ]
  }
  const node = nodes.find((candidate) => candidate.role === role)
  if (node === undefined)
    return nodes.some(({ role: of, pod }) => (role === 'cl' ? has('gw') : pod === role && has(of))) ? ['eth0'] : []
  return [
    ...(has('gw') ? ['eth0'] : []),
    ...(has(node.pod) ? [`veth${node.pod}`, 'cni0'] : []),
    ...(has('gw') && topology.secondUplink && role === 'n1' ? ['eth1'] : []),
  ]
}

const forwarding = { 'net/ipv4/ip_forward': '1', 'net/ipv6/conf/all/forwarding': '1' } as const

function inRouter(topology: Topology): Inside {
  const has = (role: Role): boolean => topology.roles.includes(role)
  return {
    sysctls: forwarding,
    ip: [
      'link set lo up',
      ...['brA', 'brB'].flatMap((bridge) => [`link add ${bridge} type bridge`, `link set ${bridge} up`]),
      ...both(addresses.gw, 'brA'),
      ...both(addresses.gwB, 'brB'),
      ...nodes.filter(({ role }) => has(role)).map((node) => `link set ${node.role} master ${bridgeOf(node)} up`),
      ...(has('cl') ? [...both(addresses.gwClient, 'cl'), 'link set cl up'] : []),
      ...(topology.secondUplink && has('n1') ? [...both(addresses.gwSecond, 'n1b'), 'link set n1b up'] : []),
    ],
    bridge: [],
  }
}

function inNode(node: NodePlace, topology: Topology): Inside {
  const peers = nodes.filter((peer) => peer !== node)
  const tunnelled = peers.filter((peer) => peer.gateway !== node.gateway)
  const direct = peers.filter((peer) => peer.gateway === node.gateway)
  const pod = topology.roles.includes(node.pod)
  const hasRouter = topology.roles.includes('gw')
  const second = topology.secondUplink && node.role === 'n1' && hasRouter
  return {
    sysctls: forwarding,
    ip: [
      ...host(addresses[node.role], node.gateway, hasRouter),
      ...(second ? [...both(addresses.second, 'eth1'), 'link set eth1 up'] : []),
      'link add cni0 type bridge',
      'link set cni0 mtu 1450 up',
      ...both(podGateway(node), 'cni0'),
      ...(pod ? [`link set veth${node.pod} mtu 1450 master cni0 up`] : []),
      ...(hasRouter ? [...tunnel(node, tunnelled), ...direct.flatMap(directRoutes)] : []),
    ],
    bridge: hasRouter ? tunnelled.flatMap(forwardingEntries) : [],
  }
}

/** Loopback, `eth0` with both addresses, and the default routes. */
function host(own: Addresses, gateway: Addresses, isLinked: boolean): string[] {
  if (!isLinked) return ['link set lo up']
  return [
    'link set lo up',
    ...both(own, 'eth0'),
    'link set eth0 up',
    `route add default via ${gateway[4]} dev eth0`,
    `route add ::/0 via ${gateway[6]} dev eth0`,
  ]
}

function both(own: Addresses, device: string): string[] {
  return [`addr add ${own[4]}/24 brd + dev ${device}`, `addr add ${own[6]}/64 dev ${device} nodad`]
}

/**
 * The devices, routes and neighbours that flannel makes for its vxlan backend, one device for each family.
 * @see flannel-io/flannel pkg/backend/vxlan/vxlan_network.go
 */
function tunnel(node: NodePlace, peers: readonly NodePlace[]): string[] {
  return [
    `link add flannel.1 address ${macOf(node, 4)} mtu 1450 type vxlan id 1 dstport 8472 local ${addresses[node.role][4]} dev eth0 nolearning`,
    `link add flannel-v6.1 address ${macOf(node, 6)} mtu 1430 type vxlan id 1 dstport 8472 local ${addresses[node.role][6]} dev eth0 nolearning`,
    `addr add 10.42.${node.index}.0/32 dev flannel.1`,
    `addr add fd42:${node.index}::/128 dev flannel-v6.1 nodad`,
    'link set flannel.1 up',
    'link set flannel-v6.1 up',
    ...peers.flatMap((peer) => [
      `neigh replace 10.42.${peer.index}.0 lladdr ${macOf(peer, 4)} dev flannel.1 nud permanent`,
      `neigh replace fd42:${peer.index}:: lladdr ${macOf(peer, 6)} dev flannel-v6.1 nud permanent`,
      `route add 10.42.${peer.index}.0/24 via 10.42.${peer.index}.0 dev flannel.1 onlink`,
      `route add fd42:${peer.index}::/64 via fd42:${peer.index}:: dev flannel-v6.1 onlink`,
    ]),
  ]
}

/** @see flannel-io/flannel pkg/backend/hostgw, and DirectRouting of its vxlan backend */
function directRoutes(peer: NodePlace): string[] {
  return [
    `route add 10.42.${peer.index}.0/24 via ${addresses[peer.role][4]} dev eth0`,
    `route add fd42:${peer.index}::/64 via ${addresses[peer.role][6]} dev eth0`,
  ]
}

function forwardingEntries(peer: NodePlace): string[] {
  return [
    `fdb append ${macOf(peer, 4)} dev flannel.1 dst ${addresses[peer.role][4]}`,
    `fdb append ${macOf(peer, 6)} dev flannel-v6.1 dst ${addresses[peer.role][6]}`,
  ]
}

const macOf = (node: NodePlace, family: AddressFamily): string => `0e:00:00:00:0${family}:0${node.index}`
const podGateway = (node: NodePlace): Addresses => ({ 4: `10.42.${node.index}.1`, 6: `fd42:${node.index}::1` })
const bridgeOf = (node: NodePlace): string => (node.gateway === addresses.gw ? 'brA' : 'brB')
