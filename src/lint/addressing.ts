import { type Cidr, parseAddress, parseCidr } from '../domain/cidr.ts'
import type { Problem } from '../domain/problem.ts'
import { addressingDefaults } from '../k3s/addressing-defaults.ts'
import type { DesiredState } from '../schema/documents.ts'
import { clusterFinding } from './finding.ts'

/** Ranges that cannot be told apart, and a DNS address that no Service can have. */
export function lintAddressing(desired: DesiredState): Problem[] {
  const { addressing } = desired.cluster.spec
  const pods = parsed(addressing.clusterCIDR ?? addressingDefaults.clusterCIDR)
  const services = parsed(addressing.serviceCIDR ?? addressingDefaults.serviceCIDR)
  return [
    ...overlaps(desired, pods, services),
    ...families(desired, pods, services),
    ...dnsAddresses(desired, services),
  ]
}

function overlaps(desired: DesiredState, pods: readonly Cidr[], services: readonly Cidr[]): Problem[] {
  const field = desired.cluster.spec.addressing.serviceCIDR === undefined ? 'clusterCIDR' : 'serviceCIDR'
  return services.flatMap((service, index) => {
    const pod = pods.find((other) => overlap(service, other))
    if (pod === undefined) return []
    return clusterFinding(desired, ['spec', 'addressing', field, index], {
      code: 'CIDR_OVERLAP',
      what: `serviceCIDR ${service.text} overlaps clusterCIDR ${pod.text}`,
      why: 'an address that is both a Service and a pod cannot be routed',
      fix: 'choose ranges that share no address; the K3s defaults are 10.43.0.0/16 and 10.42.0.0/16',
    })
  })
}

function families(desired: DesiredState, pods: readonly Cidr[], services: readonly Cidr[]): Problem[] {
  const order = (cidrs: readonly Cidr[]): string => cidrs.map((cidr) => `IPv${cidr.family}`).join(', ')
  if (order(pods) === order(services)) return []
  return [
    clusterFinding(desired, ['spec', 'addressing'], {
      code: 'ADDRESS_FAMILIES_DIFFER',
      what: `clusterCIDR has ${order(pods)} and serviceCIDR has ${order(services)}`,
      why: 'K3s refuses to start unless both have the same families in the same order',
      fix: 'write one range per family in both, in the same order',
    }),
  ]
}

function dnsAddresses(desired: DesiredState, services: readonly Cidr[]): Problem[] {
  return (desired.cluster.spec.addressing.clusterDNS ?? []).flatMap((text, index) => {
    const address = parseAddress(text)
    if (address === undefined || services.some((cidr) => contains(cidr, address.family, address.value))) return []
    return clusterFinding(desired, ['spec', 'addressing', 'clusterDNS', index], {
      code: 'DNS_OUTSIDE_SERVICE_CIDR',
      what: `clusterDNS ${text} is in none of ${services.map((cidr) => cidr.text).join(', ')}`,
      why: 'it becomes the address of the Service kube-dns, which must lie in a Service range',
      fix: 'take an address of serviceCIDR; K3s itself takes the tenth',
    })
  })
}

function overlap(a: Cidr, b: Cidr): boolean {
  const [wide, narrow] = a.prefixBits <= b.prefixBits ? [a, b] : [b, a]
  return contains(wide, narrow.family, narrow.network)
}

function contains(cidr: Cidr, family: Cidr['family'], address: bigint): boolean {
  const hostBits = BigInt((family === 4 ? 32 : 128) - cidr.prefixBits)
  return cidr.family === family && cidr.network >> hostBits === address >> hostBits
}

function parsed(cidrs: readonly string[]): Cidr[] {
  return cidrs.map(parseCidr).filter((cidr) => cidr !== undefined)
}
