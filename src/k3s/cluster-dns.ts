import { formatAddress, parseCidr } from '../domain/cidr.ts'

/**
 * The addresses that K3s gives to cluster DNS when none is written: the tenth of every Service range.
 * @see k3s-io/k3s pkg/cli/server/server.go (`GetIndexedIP(…, 10)`)
 */
export function clusterDnsOf(serviceCidrs: readonly string[]): string[] {
  return serviceCidrs.flatMap((text) => {
    const cidr = parseCidr(text)
    return cidr === undefined ? [] : [formatAddress({ family: cidr.family, value: cidr.network + 10n })]
  })
}
