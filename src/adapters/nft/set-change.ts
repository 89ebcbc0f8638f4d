import type { AddressSet, FilterProgram } from '../../domain/packet-filter.ts'
import type { NftListing } from './nft-listing.ts'

/**
 * The sets to be filled anew when nothing but members differs between what is loaded and what is wanted; undefined when
 * more than that does.
 */
export function changedMembers(
  program: FilterProgram,
  expected: NftListing,
  found: NftListing,
): readonly AddressSet[] | undefined {
  if (shapeOf(expected) !== shapeOf(found)) return undefined
  const changed = [...expected.sets].filter(([name, lines]) => found.sets.get(name)?.join('\n') !== lines.join('\n'))
  const sets = [...program.v4.sets, ...program.v6.sets]
  const known = changed.map(([name]) => sets.find((set) => set.name === name))
  return known.every((set) => set !== undefined) ? known : undefined
}

/** Everything but the members of sets. */
function shapeOf({ others, chains, sets }: NftListing): string {
  const heads = [...sets].map(([name, lines]): [string, readonly string[]] => {
    const at = lines.findIndex((line) => line.startsWith('elements = '))
    return [name, at < 0 ? lines : lines.slice(0, at)]
  })
  return JSON.stringify([others, [...chains], heads])
}
