import type { FilterDrift, FilterDriftKind } from '../../ports/packet-filter-port.ts'
import type { NftListing } from './nft-listing.ts'
import { readChainName } from './nft-names.ts'

const mostLines = 20

/** Where a difference is told to be: the place in the words of the program, which people have seen. */
type Place = Pick<FilterDrift, 'family' | 'table' | 'name'>

/** How the table that is loaded differs from the one that is wanted; both as the kernel lists them. */
export function compareListings(expected: NftListing, found: NftListing): readonly FilterDrift[] {
  return [
    ...compareOthers(expected, found),
    ...compareParts(expected.sets, found.sets).map(({ name, want, have }) =>
      driftOf('set', setPlace(name), setLines(want), setLines(have)),
    ),
    ...compareParts(expected.chains, found.chains).flatMap(({ name, want, have }) => compareChain(name, want, have)),
  ]
}

/** Everything of ours that `listing` names is missing. */
export function allMissing(expected: NftListing): readonly FilterDrift[] {
  return [...expected.chains].flatMap(([name, lines]) => compareChain(name, lines, undefined))
}

/** Everything that is loaded is too much. */
export function allExtra(found: NftListing): readonly FilterDrift[] {
  const drifts = [...found.chains].flatMap(([name, lines]) => compareChain(name, undefined, lines))
  // A table without a chain is in nobody's way, and still there.
  return drifts.length > 0 ? drifts : [driftOf('extra-chain', setPlace(''), undefined, ['table inet fairlead'])]
}

interface Difference {
  readonly name: string
  readonly want: readonly string[] | undefined
  readonly have: readonly string[] | undefined
}

type Parts = ReadonlyMap<string, readonly string[]>

function compareParts(expected: Parts, found: Parts): readonly Difference[] {
  return [...new Set([...expected.keys(), ...found.keys()])]
    .map((name) => ({ name, want: expected.get(name), have: found.get(name) }))
    .filter(({ want, have }) => want?.join('\n') !== have?.join('\n'))
}

function compareOthers(expected: NftListing, found: NftListing): readonly FilterDrift[] {
  if (expected.others.join('\n') === found.others.join('\n')) return []
  return [driftOf('content', setPlace('inet fairlead'), expected.others, found.others)]
}

function compareChain(name: string, want: Lines, have: Lines): readonly FilterDrift[] {
  const chain = readChainName(name)
  if (chain === undefined) return [driftOf('extra-chain', { family: 'v4', table: 'filter', name }, want, have)]
  if (chain.kind === 'own') return [driftOf(chainKind(want, have), chain, want, have)]
  const place: Place = { family: 'v4', table: chain.table, name: chain.hook }
  return want === undefined ? [driftOf('extra-chain', place, want, have)] : compareBase(place, want, have ?? [])
}

type Lines = readonly string[] | undefined

function chainKind(want: Lines, have: Lines): FilterDriftKind {
  if (have === undefined) return 'missing-chain'
  if (want === undefined) return 'extra-chain'
  const [missing, extra] = [lack(want, have), lack(have, want)]
  if (missing.length === 0 && extra.length === 0) return 'order'
  return missing.length === 0 ? 'extra-rule' : 'content'
}

/** A base chain holds our jumps: one that is gone, doubled or joined by something else is told as such. */
function compareBase(place: Place, want: readonly string[], have: readonly string[]): readonly FilterDrift[] {
  const [missing, extra] = [lack(want, have), lack(have, want)]
  const isHead = (line: string): boolean => line.startsWith('type ')
  const drifts = [
    ...missing
      .filter((line) => !isHead(line))
      .map((line) => driftOf('missing-jump', { ...place, ...jumpPlace(line) }, [line], [])),
    ...extra
      .filter((line) => !isHead(line))
      .map((line) => driftOf(want.includes(line) ? 'duplicate-jump' : 'extra-rule', place, [], [line])),
    ...(have.length > 0 && missing.some(isHead)
      ? [driftOf('content', place, want.filter(isHead), have.filter(isHead))]
      : []),
  ]
  return drifts.length === 0 ? [driftOf('order', place, want, have)] : drifts
}

function jumpPlace(line: string): Partial<Place> {
  const chain = readChainName(line.split(' ').at(-1) ?? '')
  return chain?.kind === 'own' ? { family: chain.family, name: chain.name } : {}
}

/** Lines of `from` that `other` does not have as often. */
function lack(from: readonly string[], other: readonly string[]): readonly string[] {
  const left = new Map<string, number>()
  for (const line of other) left.set(line, (left.get(line) ?? 0) + 1)
  return from.filter((line) => {
    const count = left.get(line) ?? 0
    left.set(line, count - 1)
    return count <= 0
  })
}

function setPlace(name: string): Place {
  return { family: /^(?:FAIRLEAD|limit|ports)6/.test(name) ? 'v6' : 'v4', table: 'filter', name }
}

/** A set's lines with each member on one of its own. */
function setLines(lines: Lines): Lines {
  return lines?.flatMap((line) =>
    line
      .replace(/^elements = \{|\}$/g, '')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
}

function driftOf(kind: FilterDriftKind, place: Place, want: Lines = [], have: Lines = []): FilterDrift {
  const { family, table, name } = place
  const [expected, found] =
    kind === 'order'
      ? [want.filter((line, at) => line !== have[at]), have.filter((line, at) => line !== want[at])]
      : [lack(want, have), lack(have, want)]
  return { kind, family, table, name, expected: expected.slice(0, mostLines), found: found.slice(0, mostLines) }
}
