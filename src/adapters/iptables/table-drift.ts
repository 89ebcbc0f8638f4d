import type { AddressFamilyKey } from '../../domain/saved-tables.ts'
import type { FilterDrift, FilterDriftKind } from '../../ports/packet-filter-port.ts'
import type { OwnTable } from './own-tables.ts'
import { isProvablyOurs } from './ownership.ts'
import { isInPlace, isSameJump, sameLines } from './plan-table.ts'
import type { WantedJump, WantedTable } from './wanted-table.ts'

const shownLines = 20

export interface TableDrift {
  readonly drifts: readonly FilterDrift[]
  /** Chains with our prefix that hold nothing of ours: told, never removed. */
  readonly reported: readonly FilterDrift[]
}

/** In which ways `live` is not `wanted`. */
export function tableDrift(family: AddressFamilyKey, live: OwnTable, wanted: WantedTable, prune: boolean): TableDrift {
  const drift = (kind: FilterDriftKind, name: string, lines: Partial<Lines> = {}): FilterDrift => ({
    kind,
    family,
    table: wanted.table,
    name,
    expected: (lines.expected ?? []).slice(0, shownLines),
    found: (lines.found ?? []).slice(0, shownLines),
  })
  const chains = [...wanted.chains].flatMap(([name, expected]) => {
    const found = live.chains.get(name)
    if (found === undefined) return [drift('missing-chain', name, { expected })]
    return sameLines(expected, found) ? [] : [drift(contentKind(expected, found), name, differing(expected, found))]
  })
  const jumps = wanted.jumps.flatMap((jump) => {
    const kind = jumpKind(jump, live)
    const found = live.jumps.filter((one) => one.from === jump.from && one.chain === jump.chain)
    const lines = { expected: [`-A ${jump.from} ${jump.body}`], found: found.map(jumpLine) }
    return kind === undefined ? [] : [drift(kind, jump.from, lines)]
  })
  const strays = live.jumps
    .filter((one) => one.isOurs && !wanted.jumps.some((jump) => isSameJump(jump, one)))
    .map((one) => drift('extra-rule', one.from, { found: [jumpLine(one)] }))
  const extra = [...live.chains].filter(([name]) => !wanted.chains.has(name))
  const [ours, theirs] = [extra.filter(isOurs), extra.filter((chain) => !isOurs(chain))]
  function isOurs([name]: readonly [string, unknown]): boolean {
    return prune || isProvablyOurs(live, name)
  }
  return {
    drifts: [...chains, ...jumps, ...strays, ...ours.map(([name, found]) => drift('extra-chain', name, { found }))],
    reported: theirs.map(([name, found]) => drift('extra-chain', name, { found })),
  }
}

interface Lines {
  readonly expected: readonly string[]
  readonly found: readonly string[]
}

function jumpLine({ from, body }: { readonly from: string; readonly body: string }): string {
  return `-A ${from} ${body}`
}

function jumpKind(jump: WantedJump, live: OwnTable): FilterDriftKind | undefined {
  const [found, ...others] = live.jumps.filter((one) => isSameJump(jump, one))
  if (found === undefined) return 'missing-jump'
  if (others.length > 0) return 'duplicate-jump'
  return isInPlace(jump, found, live) ? undefined : 'order'
}

/** The same lines in another order; ours and more; or something else. */
function contentKind(expected: readonly string[], found: readonly string[]): FilterDriftKind {
  if (expected.length === found.length && sameLines(expected.toSorted(), found.toSorted())) return 'order'
  const known = new Set(expected)
  if (
    sameLines(
      expected,
      found.filter((line) => known.has(line)),
    )
  )
    return 'extra-rule'
  return 'content'
}

/** Lines on one side only; where both sides have the same, those that stand elsewhere. */
function differing(expected: readonly string[], found: readonly string[]): Lines {
  const [wanted, present] = [new Set(expected), new Set(found)]
  const lines = {
    expected: expected.filter((line) => !present.has(line)),
    found: found.filter((line) => !wanted.has(line)),
  }
  if (lines.expected.length + lines.found.length > 0) return lines
  return {
    expected: expected.filter((line, index) => line !== found[index]),
    found: found.filter((line, index) => line !== expected[index]),
  }
}
