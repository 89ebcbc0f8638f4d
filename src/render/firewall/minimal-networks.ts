import { type AddressFamily, addressBits, familyOf, formatCidr, parseAddress, parseCidr } from '../../domain/cidr.ts'

interface Network {
  readonly network: bigint
  readonly prefixBits: number
}

/**
 * The networks of one family among these texts, as few as hold the same addresses: none inside another, two halves as
 * their whole. Canonical and sorted bytewise; a text that is no address or network is passed over.
 */
export function minimalNetworks(texts: readonly string[], family: AddressFamily): readonly string[] {
  const found = texts.flatMap((text) => (familyOf(text) === family ? (networkOf(text) ?? []) : []))
  const minimal: Network[] = []
  for (const next of found.sort(byAddress)) {
    const last = minimal.at(-1)
    if (last === undefined || !holds(last, next, family)) minimal.push(next)
    joinHalves(minimal, family)
  }
  return minimal.map((one) => formatCidr({ ...one, family })).sort()
}

function networkOf(text: string): Network | undefined {
  const address = parseAddress(text)
  if (address !== undefined) return { network: address.value, prefixBits: addressBits(address.family) }
  return parseCidr(text)
}

/** A wider network comes before those that it holds. */
function byAddress(a: Network, b: Network): number {
  if (a.network !== b.network) return a.network < b.network ? -1 : 1
  return a.prefixBits - b.prefixBits
}

function holds(wide: Network, narrow: Network, family: AddressFamily): boolean {
  const hostBits = BigInt(addressBits(family) - wide.prefixBits)
  return wide.prefixBits <= narrow.prefixBits && wide.network >> hostBits === narrow.network >> hostBits
}

function joinHalves(sorted: Network[], family: AddressFamily): void {
  for (;;) {
    const [lower, upper] = sorted.slice(-2)
    if (lower === undefined || upper === undefined || lower.prefixBits !== upper.prefixBits) return
    const whole = { network: lower.network, prefixBits: lower.prefixBits - 1 }
    const isLowerHalf = (lower.network >> BigInt(addressBits(family) - lower.prefixBits)) % 2n === 0n
    if (!isLowerHalf || !holds(whole, upper, family)) return
    sorted.splice(-2, 2, whole)
  }
}
