import type { Problem } from '../../domain/problem.ts'
import type { DesiredState } from '../../schema/documents.ts'
import { allocatorOf, type MacvlanNetwork } from './macvlan-networks.ts'

/** Fields that say which addresses a network has. */
const rangeFields = ['subnet', 'gateway', 'rangeStart', 'rangeEnd'] as const

/** Networks whose allocator lacks its range, or has no use for one. */
export function macvlanProblems(desired: DesiredState): Problem[] {
  return desired.cluster.spec.cni.secondary.macvlan.flatMap((network, index) => {
    const allocator = allocatorOf(network)
    const takesRange = allocator === 'host-local' || allocator === 'whereabouts'
    if (takesRange) return network.subnet === undefined ? [subnetMissing(desired, network, index)] : []
    return rangeFields
      .filter((field) => network[field] !== undefined)
      .map((field) => rangeUnused(desired, network, index, field))
  })
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
