import { jumpPlace } from './jump-place.ts'
import type { OwnJump, OwnTable } from './own-tables.ts'
import type { WantedJump, WantedTable } from './wanted-table.ts'

/** One transaction of one table. */
export interface TablePlan {
  readonly table: OwnTable['table']
  readonly lines: readonly string[]
  /** Something that passed may be dropped, rejected or left out of connection tracking afterwards. */
  readonly narrows: boolean
  /** It only takes away. */
  readonly onlyRemoves: boolean
}

/**
 * The lines that take one table from `live` to `wanted`: chains that differ are written anew, then jumps are put right,
 * then retired chains go. What already is as it should be is only guarded: a transaction that was planned on something
 * else fails as a whole.
 * @param mayRemove whether a chain that is not wanted is ours to remove
 * @returns undefined when there is nothing to do
 */
export function planTable(
  live: OwnTable,
  wanted: WantedTable,
  mayRemove: (chain: string) => boolean,
): TablePlan | undefined {
  const written = [...wanted.chains].filter(([name, lines]) => !sameLines(lines, live.chains.get(name)))
  const retired = [...live.chains.keys()].filter((name) => !wanted.chains.has(name) && mayRemove(name))
  const jumps = planJumps(live, wanted, new Set(retired))
  const removals = [...retired.map((name) => `-F ${name}`), ...retired.map((name) => `-X ${name}`)]
  const rules = written.flatMap(([, lines]) => lines)
  const changes = [...written.map(([name]) => `:${name} - [0:0]`), ...rules, ...jumps.changes, ...removals]
  if (changes.length === 0) return undefined
  return {
    table: wanted.table,
    lines: [`*${wanted.table}`, ...jumps.guards, ...changes, 'COMMIT'],
    narrows: rules.some((line) => denies.test(line)),
    onlyRemoves: written.length === 0 && jumps.inserts === 0,
  }
}

const denies = / -j (?:DROP|REJECT|CT)(?: |$)/

export function sameLines(one: readonly string[], other: readonly string[] | undefined): boolean {
  return other !== undefined && one.length === other.length && one.every((line, index) => line === other[index])
}

interface JumpPlan {
  readonly guards: readonly string[]
  readonly changes: readonly string[]
  readonly inserts: number
}

function planJumps(live: OwnTable, wanted: WantedTable, retired: ReadonlySet<string>): JumpPlan {
  const kept = wanted.jumps.filter((jump) => isSettledJump(jump, live))
  const surplus = live.jumps.filter(
    (jump) => (jump.isOurs || retired.has(jump.chain)) && !kept.some((one) => isSameJump(one, jump)),
  )
  const missing = wanted.jumps.filter((jump) => !kept.includes(jump))
  return {
    guards: kept.map(({ from, body }) => `-C ${from} ${body}`),
    changes: [...surplus.map(({ from, body }) => `-D ${from} ${body}`), ...insertLines(missing, live, surplus)],
    inserts: missing.length,
  }
}

/** Exactly one, and where it may stand. */
export function isSettledJump(jump: WantedJump, live: OwnTable): boolean {
  const [found, ...others] = live.jumps.filter((one) => isSameJump(jump, one))
  return found !== undefined && others.length === 0 && isInPlace(jump, found, live)
}

export function isInPlace(jump: WantedJump, found: OwnJump, live: OwnTable): boolean {
  const targets = (live.targets.get(found.from) ?? []).toSpliced(found.index, 1)
  const { first, last } = jumpPlace(jump, targets)
  return found.index >= first && found.index <= last
}

export function isSameJump(wanted: WantedJump, found: OwnJump): boolean {
  return wanted.from === found.from && wanted.body === found.body
}

/** Inserted from the last to the first, so that those without a place of their own stand in the order of the program. */
function insertLines(missing: readonly WantedJump[], live: OwnTable, surplus: readonly OwnJump[]): readonly string[] {
  const targets = new Map<string, string[]>()
  const lines: string[] = []
  for (const jump of missing.toReversed()) {
    const now = targets.get(jump.from) ?? targetsWithout(live, jump.from, surplus)
    const { first } = jumpPlace(jump, now)
    targets.set(jump.from, now.toSpliced(first, 0, jump.chain))
    lines.push(`-I ${jump.from} ${first + 1} ${jump.body}`)
  }
  return lines
}

function targetsWithout(live: OwnTable, from: string, surplus: readonly OwnJump[]): string[] {
  const gone = new Set(surplus.filter((jump) => jump.from === from).map(({ index }) => index))
  return (live.targets.get(from) ?? []).filter((_, index) => !gone.has(index))
}
