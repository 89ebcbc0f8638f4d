import { addressBits, parseAddress, parseCidr } from '../../domain/cidr.ts'

/** Numbers from `first` to `last`, both included: addresses of one family, or ports. */
export interface Range {
  readonly first: bigint
  readonly last: bigint
}

/** Ranges, ascending, apart from each other. */
export type Ranges = readonly Range[]

export interface Located {
  readonly isInside: boolean
  /** The largest range around the value in which every other value would have given the same answer. */
  readonly around: Range
}

/** Whether `value` is inside any of the ranges, and how far around it that holds. */
export function locate(ranges: Ranges, value: bigint): Located {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const range = ranges[middle]
    if (range !== undefined && range.last < value) low = middle + 1
    else high = middle
  }
  const at = ranges[low]
  if (at !== undefined && at.first <= value) return { isInside: true, around: at }
  const before = low === 0 ? undefined : ranges[low - 1]
  return {
    isInside: false,
    around: {
      first: before === undefined ? lowest : before.last + 1n,
      last: at === undefined ? highest : at.first - 1n,
    },
  }
}

const lowest = 0n
const highest = (1n << 128n) - 1n

/** Sorted and merged. */
export function rangesOf(parts: readonly Range[]): Ranges {
  const sorted = [...parts].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))
  const merged: { first: bigint; last: bigint }[] = []
  for (const { first, last } of sorted) {
    const previous = merged.at(-1)
    if (previous === undefined || first > previous.last + 1n) merged.push({ first, last })
    else if (last > previous.last) previous.last = last
  }
  return merged
}

/** The addresses of a network, or the one address that is written; undefined for everything else. */
export function networkRange(text: string): (Range & { readonly family: 4 | 6 }) | undefined {
  const cidr = parseCidr(text)
  if (cidr === undefined) {
    const address = parseAddress(text)
    return address === undefined ? undefined : { family: address.family, first: address.value, last: address.value }
  }
  const size = 1n << BigInt(addressBits(cidr.family) - cidr.prefixBits)
  return { family: cidr.family, first: cidr.network, last: cidr.network + size - 1n }
}

export function intersection(a: Range, b: Range): Range {
  return { first: isAfter(a.first, b.first) ? a.first : b.first, last: isAfter(a.last, b.last) ? b.last : a.last }
}

function isAfter(a: bigint, b: bigint): boolean {
  return a > b
}

/** What is left of a range without others. */
export function without(range: Range, taken: Ranges): Ranges {
  const left: Range[] = []
  let next = range.first
  for (const { first, last } of taken) {
    if (last < next || first > range.last) continue
    if (first > next) left.push({ first: next, last: first - 1n })
    next = last + 1n
  }
  if (next <= range.last) left.push({ first: next, last: range.last })
  return left
}
