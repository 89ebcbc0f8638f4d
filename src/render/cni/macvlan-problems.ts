import { type Address, addressBits, type Cidr, parseAddress, parseCidr } from '../../domain/cidr.ts'
import type { LocatedLine, Problem } from '../../domain/problem.ts'
import type { DesiredState } from '../../schema/documents.ts'
import { allocatorOf, type MacvlanNetwork } from './macvlan-networks.ts'

/** Fields that say which addresses a network has. */
const rangeFields = ['subnet', 'gateway', 'rangeStart', 'rangeEnd'] as const

/**
 * Networks that no pod could join, whose allocator lacks its range or has no use for one, and those that stand in each
 * other's way.
 */
export function macvlanProblems(desired: DesiredState): Problem[] {
  const networks = desired.cluster.spec.cni.secondary.macvlan
  return [
    ...multusMissing(desired),
    ...networks.flatMap((network, index) => [
      ...nameTwice(desired, networks, index),
      ...allocationProblems(desired, network, index),
    ]),
  ]
}

/** Multus may come with a manifest as well, or with its definitions by other means. */
function multusMissing({ cluster, manifests, places }: DesiredState): Problem[] {
  const { multus, macvlan } = cluster.spec.cni.secondary
  if (multus !== undefined || macvlan.length === 0) return []
  if (manifests.some(({ text }) => /multus|network-attachment-definitions/i.test(text))) return []
  return [
    {
      code: 'MULTUS_MISSING',
      severity: 'warning',
      ...places.clusterPlace(['spec', 'cni', 'secondary', 'macvlan']),
      what: 'there are macvlan networks, and nothing here installs Multus',
      why: 'Multus brings the kind of these objects and attaches pods to them; without it K3s tries to apply the file for ever',
      fix: 'write spec.cni.secondary.multus, or see that Multus comes by other means',
    },
  ]
}

function nameTwice(desired: DesiredState, networks: readonly MacvlanNetwork[], index: number): Problem[] {
  const network = networks[index]
  const first = networks.findIndex(({ name, namespace }) => name === network?.name && namespace === network?.namespace)
  if (network === undefined || first === index) return []
  return [
    {
      code: 'MACVLAN_NAME_TWICE',
      severity: 'error',
      ...fieldPlace(desired, index, 'name'),
      what: `the macvlan network ${network.namespace}/${network.name} is written twice`,
      why: 'both would be one object, and the last one would win',
      fix: 'give one of them another name or namespace',
    },
  ]
}

function allocationProblems(desired: DesiredState, network: MacvlanNetwork, index: number): Problem[] {
  const allocator = allocatorOf(network)
  if (allocator === 'host-local' || allocator === 'whereabouts') {
    return network.subnet === undefined
      ? [subnetMissing(desired, network, index)]
      : rangeProblems(desired, network, index)
  }
  return rangeFields
    .filter((field) => network[field] !== undefined)
    .map((field) => rangeUnused(desired, network, index, field))
}

/** @see containernetworking/plugins plugins/ipam/host-local/backend/allocator/range.go (`Canonicalize`) */
function rangeProblems(desired: DesiredState, network: MacvlanNetwork, index: number): Problem[] {
  const subnet = parseCidr(network.subnet ?? '')
  if (subnet === undefined) return []
  const outside = (['gateway', 'rangeStart', 'rangeEnd'] as const).filter((field) => {
    const address = parseAddress(network[field] ?? '')
    return address !== undefined && !isIn(subnet, address)
  })
  const problems = outside.map((field) => outsideSubnet(desired, network, index, field))
  const [start, end] = [parseAddress(network.rangeStart ?? ''), parseAddress(network.rangeEnd ?? '')]
  if (start?.family !== end?.family || start === undefined || end === undefined || start.value <= end.value) {
    return problems
  }
  return [
    ...problems,
    {
      code: 'MACVLAN_RANGE_REVERSED',
      severity: 'error',
      ...fieldPlace(desired, index, 'rangeEnd'),
      what: `rangeEnd ${network.rangeEnd} of the macvlan network ${network.name} is before rangeStart ${network.rangeStart}`,
      why: 'there is no address between them, and no pod could join the network',
      fix: 'write the lower address into rangeStart',
    },
  ]
}

function isIn({ family, network, prefixBits }: Cidr, address: Address): boolean {
  const hostBits = BigInt(addressBits(family) - prefixBits)
  return address.family === family && address.value >> hostBits === network >> hostBits
}

function outsideSubnet(
  desired: DesiredState,
  network: MacvlanNetwork,
  index: number,
  field: 'gateway' | 'rangeStart' | 'rangeEnd',
): Problem {
  const isGateway = field === 'gateway'
  return {
    code: 'MACVLAN_OUTSIDE_SUBNET',
    severity: isGateway ? 'warning' : 'error',
    ...fieldPlace(desired, index, field),
    what: `${field} ${network[field]} of the macvlan network ${network.name} is not in its subnet ${network.subnet}`,
    why: isGateway
      ? 'a pod reaches a router on its own link only'
      : `${allocatorOf(network)} gives out addresses of the subnet, and refuses or ignores what lies outside`,
    fix: 'write an address of the subnet',
  }
}

function fieldPlace({ places }: DesiredState, index: number, field: string): LocatedLine {
  return places.clusterPlace(['spec', 'cni', 'secondary', 'macvlan', index, field])
}

function subnetMissing(desired: DesiredState, network: MacvlanNetwork, index: number): Problem {
  return {
    code: 'MACVLAN_SUBNET_MISSING',
    severity: 'error',
    ...desired.places.clusterPlace(['spec', 'cni', 'secondary', 'macvlan', index]),
    what: `the macvlan network ${network.name} has no subnet`,
    why: `${allocatorOf(network)} gives out addresses of a subnet, and no pod could join the network`,
    fix: 'write the subnet, or ipam: dhcp where a DHCP server answers on the network',
  }
}

function rangeUnused(
  desired: DesiredState,
  network: MacvlanNetwork,
  index: number,
  field: (typeof rangeFields)[number],
): Problem {
  const allocator = allocatorOf(network)
  return {
    code: 'MACVLAN_RANGE_UNUSED',
    severity: 'warning',
    ...desired.places.clusterPlace(['spec', 'cni', 'secondary', 'macvlan', index, field]),
    what: `${field} of the macvlan network ${network.name} has no effect`,
    why:
      allocator === 'dhcp'
        ? 'with dhcp the DHCP server of the network decides about addresses'
        : 'with static each pod names its own address in its annotation',
    fix: `take ${field} out, or let host-local or whereabouts give out the addresses`,
  }
}
