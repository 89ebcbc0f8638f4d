/** An IP network as it was written, parsed. Made by `parseCidr` only. */
export interface Cidr {
  readonly text: string
  readonly family: AddressFamily
  /** The network's first address as a number, host bits cleared. */
  readonly network: bigint
  /** 0 to 32 for IPv4, 0 to 128 for IPv6. */
  readonly prefixBits: number
  /** The address that was written is not the first one of its network: `10.0.0.5/24`. */
  readonly hasHostBits: boolean
}

export interface Address {
  readonly family: AddressFamily
  readonly value: bigint
}

export type AddressFamily = 4 | 6

/**
 * A network in CIDR form. Strict where libraries are lenient: no leading zeros (which some read as octal), no short
 * forms, no hexadecimal, no zone.
 * @returns undefined for everything that is not exactly one network
 * @see RFC 4632 §3.1, RFC 4291 §2.3
 */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/')
  const address = slash < 0 ? undefined : parseAddress(text.slice(0, slash))
  const prefix = text.slice(slash + 1)
  if (address === undefined || !/^(0|[1-9]\d{0,2})$/.test(prefix)) return undefined
  const prefixBits = Number(prefix)
  const width = addressBits(address.family)
  if (prefixBits > width) return undefined
  const hostBits = BigInt(width - prefixBits)
  const network = (address.value >> hostBits) << hostBits
  return { text, family: address.family, network, prefixBits, hasHostBits: network !== address.value }
}

/** One IPv4 or IPv6 address; undefined for everything else. */
export function parseAddress(text: string): Address | undefined {
  if (text.includes(':')) {
    const value = parseIpv6(text)
    return value === undefined ? undefined : { family: 6, value }
  }
  const value = parseIpv4(text)
  return value === undefined ? undefined : { family: 4, value }
}

/** 4 or 6 for an address or a network, as it is written. */
export function familyOf(text: string): AddressFamily {
  return text.includes(':') ? 6 : 4
}

export function addressBits(family: AddressFamily): 32 | 128 {
  return family === 4 ? 32 : 128
}

/** The canonical text of an address: `10.43.0.10`, `fd00:43::a` (RFC 5952 §4). */
export function formatAddress({ family, value }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.')
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16))
  const longest = longestZeroRun(groups)
  if (longest.length < 2) return groups.join(':')
  const head = groups.slice(0, longest.start).join(':')
  const tail = groups.slice(longest.start + longest.length).join(':')
  return `${head}::${tail}`
}

/** The canonical text of a network, host bits cleared. */
export function formatCidr(cidr: Pick<Cidr, 'family' | 'network' | 'prefixBits'>): string {
  return `${formatAddress({ family: cidr.family, value: cidr.network })}/${cidr.prefixBits}`
}

function parseIpv4(text: string): bigint | undefined {
  const octets = ipv4Form.exec(text)?.slice(1).map(Number)
  if (octets === undefined || octets.some((octet) => octet > 255)) return undefined
  // Not shifted: 32 bits would come out as a negative number.
  return BigInt(octets.reduce((value, octet) => value * 256 + octet, 0))
}

const ipv4Form = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/

function parseIpv6(text: string): bigint | undefined {
  if (text.length > 45) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [headText = '', tailText] = halves
  const head = parseGroups(headText, tailText === undefined)
  const tail = tailText === undefined ? [] : parseGroups(tailText, true)
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (tailText === undefined ? missing !== 0 : missing < 1) return undefined
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail]
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n)
}

/** The 16-bit groups of one side of `::`; the last two may be written as an IPv4 address. */
function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (part.includes('.') && mayEndInIpv4 && index === parts.length - 1) {
      const value = parseIpv4(part)
      if (value === undefined) return undefined
      groups.push(Number(value >> 16n), Number(value & 0xffffn))
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined
      groups.push(Number.parseInt(part, 16))
    }
  }
  return groups
}

function longestZeroRun(groups: readonly string[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (const [index, group] of groups.entries()) {
    if (group !== '0') start = index + 1
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start }
  }
  return best
}
