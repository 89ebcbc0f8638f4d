import { type Address, addressBits, type Cidr, parseAddress, parseCidr } from '../../domain/cidr.ts'

/** Those of the texts that are networks; the rest is other rules' business. */
export function rangesOf(texts: readonly string[]): readonly Cidr[] {
  return texts.map((text) => parseCidr(text.trim())).filter((cidr) => cidr !== undefined)
}

/** An address or a network, as a network. */
export function rangeOf(text: string): Cidr | undefined {
  const address = parseAddress(text)
  return address === undefined ? parseCidr(text) : parseCidr(`${text}/${addressBits(address.family)}`)
}

export function holdsAddress(range: Cidr, address: Address): boolean {
  if (range.family !== address.family) return false
  const hostBits = BigInt(addressBits(range.family) - range.prefixBits)
  return range.network >> hostBits === address.value >> hostBits
}

/** Whether every address of `inner` is in `outer`. */
export function holdsRange(outer: Cidr, inner: Cidr): boolean {
  return outer.prefixBits <= inner.prefixBits && holdsAddress(outer, { family: inner.family, value: inner.network })
}

/** Leading bits that two addresses of one family have in common; 0 for two families. */
export function commonBits(a: Address, b: Address): number {
  if (a.family !== b.family) return 0
  return addressBits(a.family) - (a.value ^ b.value).toString(2).replace(/^0$/, '').length
}

/** Ranges that the Internet does not route: RFC 1918, RFC 6598, RFC 4193, loopback and link-local. */
const privateRanges = rangesOf([
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
  '::1/128',
])

export function isPublic(address: Address): boolean {
  return !privateRanges.some((range) => holdsAddress(range, address))
}
