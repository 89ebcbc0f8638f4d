import { type Address, type Cidr, parseCidr } from '../../domain/cidr.ts'
import { rangeHolds } from './cidr-relations.ts'

/** What makes an address unfit to be the address of a node. */
type UnfitKind = 'loopback' | 'unspecified' | 'multicast' | 'link-local' | 'broadcast'

/**
 * Why an address is no global unicast address; undefined for one that is. Private and unique local ones are global in
 * this sense.
 * @see Go's `net.IP.IsGlobalUnicast`, which K3s and the kubelet ask; RFC 6890
 */
export function unfitKindOf(address: Address): UnfitKind | undefined {
  return unfitRanges.find(({ cidr }) => rangeHolds(cidr, address))?.kind
}

/** Whether a network is of the unique local addresses, which no router of the internet knows (RFC 4193). */
export function isUniqueLocal(cidr: Cidr): boolean {
  return cidr.family === 6 && cidr.prefixBits >= 7 && cidr.network >> 121n === 0x7en
}

const unfitRanges = ranges([
  ['0.0.0.0/32', 'unspecified'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['224.0.0.0/4', 'multicast'],
  ['255.255.255.255/32', 'broadcast'],
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  ['fe80::/10', 'link-local'],
  ['ff00::/8', 'multicast'],
])

function ranges(table: readonly (readonly [string, UnfitKind])[]): readonly { cidr: Cidr; kind: UnfitKind }[] {
  return table.flatMap(([text, kind]) => {
    const cidr = parseCidr(text)
    return cidr === undefined ? [] : [{ cidr, kind }]
  })
}
