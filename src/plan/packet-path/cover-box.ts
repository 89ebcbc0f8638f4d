import type { Dimension } from './packet.ts'
import { intersection, type Range } from './ranges.ts'

/** What a flow leaves open: any address of a peer's network, any source port. */
export type Box = ReadonlyMap<Dimension, Range>

export interface Probe {
  /** How far around the tried values everything would have gone the same way. */
  readonly around: Readonly<Record<Dimension, Range>>
  /** Nothing more has to be known. */
  readonly isEnough: boolean
}

/**
 * Tries packets until all that a box holds are known to go one of the ways that were seen: each answer holds for a whole
 * part of the box, and the rest is tried next.
 * @returns whether that succeeded within `mostTries`
 */
export function coverBox(
  box: Box,
  tryValues: (values: ReadonlyMap<Dimension, bigint>) => Probe,
  mostTries: number,
): boolean {
  const open: Box[] = [box]
  for (let tries = 0; tries < mostTries; tries += 1) {
    const next = open.pop()
    if (next === undefined) return true
    const { around, isEnough } = tryValues(new Map([...next].map(([dimension, { first }]) => [dimension, first])))
    if (isEnough) return true
    open.push(...restOf(next, around))
  }
  return open.length === 0
}

/** The parts of a box above what was answered: one for each dimension, apart from each other. */
function restOf(box: Box, around: Probe['around']): readonly Box[] {
  const answered = new Map(box)
  const rest: Box[] = []
  for (const [dimension, range] of box) {
    const known = intersection(range, around[dimension])
    if (known.last < range.last) {
      rest.push(new Map([...answered, [dimension, { first: known.last + 1n, last: range.last }]]))
    }
    answered.set(dimension, known)
  }
  return rest
}
