import { type AddressFamily, familyOf, parseAddress } from '../../domain/cidr.ts'
import type { NodeFacts } from '../../domain/facts.ts'
import type { K3sVersion } from '../version/k3s-version.ts'
import { familyHandling } from './eras.ts'

/**
 * What ServiceLB writes into a status. One node with an external address is enough for all others to vanish from it.
 * @param nodes that run a ready pod and, with externalTrafficPolicy Local, a ready endpoint
 * @param families of the Service, in its order
 * @see k3s-io/k3s pkg/cloudprovider/servicelb.go (`podIPs`, `filterByIPFamily`); k3s-networking §5.5
 */
export function statusAddresses(
  nodes: readonly NodeFacts[],
  families: readonly AddressFamily[],
  version: K3sVersion,
): readonly string[] {
  const handling = familyHandling(version)
  const external = nodes.flatMap((node) => node.externalAddresses ?? [])
  const chosen = external.length > 0 ? external : nodes.flatMap((node) => node.addresses)
  // As text: "10.0.0.10" comes before "10.0.0.9".
  const sorted = [...new Set(chosen)].filter((address) => parseAddress(address) !== undefined).sort()
  switch (handling) {
    case 'unfiltered':
      return sorted
    case 'by-policy':
    case 'sorted':
      return sorted.filter((address) => families.includes(familyOf(address)))
    case 'in-order':
      return [...new Set(families)].flatMap((family) => sorted.filter((address) => familyOf(address) === family))
    default:
      return handling satisfies never
  }
}

/** Whether the list, family by family, is in another order than the numbers would be. */
export function isTextOrder(addresses: readonly string[]): boolean {
  const values = addresses.map((address) => parseAddress(address)?.value ?? 0n)
  return addresses.some((address, index) => {
    const next = addresses[index + 1]
    if (next === undefined || familyOf(next) !== familyOf(address)) return false
    return (values[index] ?? 0n) > (values[index + 1] ?? 0n)
  })
}
