import { familyOf } from '../../domain/cidr.ts'
import { addressingDefaults } from '../../k3s/addressing-defaults.ts'
import type { ClusterNetwork } from '../../schema/documents.ts'

/** The address ranges of pods, by family; what K3s takes where none is written. */
export interface ClusterRanges {
  readonly ipv4?: string
  readonly ipv6?: string
}

export function clusterRanges(network: ClusterNetwork): ClusterRanges {
  const ranges = network.spec.addressing.clusterCIDR ?? addressingDefaults.clusterCIDR
  const ipv4 = ranges.find((cidr) => familyOf(cidr) === 4)
  const ipv6 = ranges.find((cidr) => familyOf(cidr) === 6)
  return { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) }
}
