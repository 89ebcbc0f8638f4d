import type { PortMatch } from '../../domain/packet-filter.ts'
import type { PortRange } from '../../k3s/addressing/port-range.ts'

/** Places of one match of the kernel; a range takes two. */
const places = 15
const highestPort = 65_535

/**
 * Matches that together hold these ports, none of them twice; `undefined` for every port.
 * @param ports numbers, and ranges like `30000-32767`
 */
export function portMatches(ports: readonly (number | string)[] | undefined): readonly (PortMatch | undefined)[] {
  return ports === undefined ? [undefined] : positive(joined(ports.map(rangeOf)))
}

/** Matches for every port but these. Too many for one match, they are told by what is left. */
export function otherPortMatches(ports: readonly (number | string)[]): readonly PortMatch[] {
  const ranges = joined(ports.map(rangeOf))
  if (ranges.reduce((sum, range) => sum + placesOf(range), 0) <= places) return [{ ranges, negated: true }]
  return positive(complement(ranges))
}

export function rangeOf(port: number | string): PortRange {
  const [first = 0, last = first] = String(port).split('-').map(Number)
  return { first, last }
}

function positive(ranges: readonly PortRange[]): readonly PortMatch[] {
  const chunks: PortRange[][] = []
  let left = 0
  for (const range of ranges) {
    if (left < placesOf(range)) {
      chunks.push([])
      left = places
    }
    chunks.at(-1)?.push(range)
    left -= placesOf(range)
  }
  return chunks.map((chunk) => ({ ranges: chunk, negated: false }))
}

/** Sorted, and those that meet as one. */
function joined(ranges: readonly PortRange[]): readonly PortRange[] {
  const result: PortRange[] = []
  for (const next of ranges.toSorted((a, b) => a.first - b.first || a.last - b.last)) {
    const last = result.at(-1)
    if (last === undefined || next.first > last.last + 1) result.push(next)
    else result.splice(-1, 1, { first: last.first, last: Math.max(last.last, next.last) })
  }
  return result
}

function complement(ranges: readonly PortRange[]): readonly PortRange[] {
  const starts = [0, ...ranges.map(({ last }) => last + 1)]
  const ends = [...ranges.map(({ first }) => first - 1), highestPort]
  return starts.flatMap((first, index) => {
    const last = ends[index] ?? highestPort
    return first > last ? [] : [{ first, last }]
  })
}

function placesOf({ first, last }: PortRange): number {
  return first === last ? 1 : 2
}
