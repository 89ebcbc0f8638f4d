import { type Address, addressBits, type Cidr } from '../../domain/cidr.ts'

/** Whether two networks share an address. Networks of different families never do. */
export function rangesOverlap(a: Cidr, b: Cidr): boolean {
  const [wide, narrow] = a.prefixBits <= b.prefixBits ? [a, b] : [b, a]
  return rangeHolds(wide, { family: narrow.family, value: narrow.network })
}

export function rangeHolds(cidr: Cidr, address: Address): boolean {
  const shift = hostBitsOf(cidr)
  return cidr.family === address.family && cidr.network >> shift === address.value >> shift
}

/** The last address of a network; the broadcast address of an IPv4 one. */
export function lastAddressOf(cidr: Cidr): bigint {
  return cidr.network + (1n << hostBitsOf(cidr)) - 1n
}

function hostBitsOf(cidr: Cidr): bigint {
  return BigInt(addressBits(cidr.family) - cidr.prefixBits)
}
