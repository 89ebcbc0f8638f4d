import type { Plane } from '../../domain/network-program.ts'
import type { FilterProgram, FilterTable, Hook } from '../../domain/packet-filter.ts'
import { chainPrefix, commentPrefix } from '../../domain/packet-filter.ts'
import { builtInChains, type SavedRule, type SavedTable, type SavedTables } from '../../domain/saved-tables.ts'
import type { BaseChain, CompiledChain, CompiledRule, Ruleset, TableName } from './compiled-rule.ts'
import { jumpPosition } from './jump-position.ts'
import { addressIsLocal, type NodeRouting } from './node-routing.ts'
import type { ObservedContext } from './observed-matches.ts'
import { compileObservedRule } from './observed-rule.ts'
import { compileOwnRule, setRanges } from './own-rule.ts'
import { networkRange, type Ranges, rangesOf } from './ranges.ts'

/** What decides about packets on one node: a program of ours, and everything that others keep there. */
export interface FilterWorld {
  /** Ours, instead of what is loaded of it; absent for a node without us. */
  readonly program: FilterProgram | undefined
  readonly plane: Plane
  /** As found; what is ours in there is passed over. */
  readonly tables: SavedTables
  readonly routing: NodeRouting
}

/** Both worlds as chains of one family, in the order in which the kernel asks them. */
export function compileRuleset(world: FilterWorld, family: 4 | 6): Ruleset {
  const saved = family === 4 ? world.tables.v4 : world.tables.v6
  const own = ownChains(world, family)
  const sets = observedSets(world.tables.sets, family)
  const chains = new Map<TableName, Map<string, CompiledChain>>()
  for (const name of tableOrder) {
    const table = saved.find((one) => one.table === name)
    const ofTable = observedChains(table, { family, sets, routing: world.routing })
    for (const { chain } of own.filter((one) => one.table === name)) ofTable.set(chain.name, chain)
    if (world.plane === 'iptables') for (const one of own) if (one.table === name) placeJump(ofTable, one, table)
    chains.set(name, ofTable)
  }
  const bases = new Map<Hook, readonly BaseChain[]>()
  for (const hook of builtInChains) bases.set(hook, basesAt(hook, chains, world.plane === 'nft' ? own : []))
  return { bases, chains }
}

const tableOrder: readonly TableName[] = ['raw', 'mangle', 'nat', 'filter', 'security']

interface OwnChain {
  readonly table: FilterTable
  readonly chain: CompiledChain
  readonly entry: FilterProgram['v4']['chains'][number]['entry']
}

function ownChains({ program, plane, routing }: FilterWorld, family: 4 | 6): readonly OwnChain[] {
  if (program === undefined) return []
  const { sets, chains } = family === 4 ? program.v4 : program.v6
  const context = {
    sets: setRanges(sets),
    destinationIsLocal: (packet: Parameters<typeof addressIsLocal>[1]) => addressIsLocal(routing, packet, 'to'),
  }
  return chains.map(({ name, table, entry, rules }) => ({
    table,
    entry,
    chain: {
      name,
      rules: rules.map((rule) => compileOwnRule(rule, context)),
      ...(plane === 'nft' && entry !== undefined
        ? { policy: 'ACCEPT' as const, isOwnBase: true }
        : { isOwnBase: false }),
    },
  }))
}

/** Sets with ports, interfaces or exceptions among their members are left out: nobody can ask them by address alone. */
function observedSets(sets: SavedTables['sets'], family: 4 | 6): ReadonlyMap<string, Ranges> {
  const known = new Map<string, Ranges>()
  for (const [name, members] of sets) {
    const ranges = members.map((member) =>
      /[, ]nomatch|,/.test(member) ? undefined : networkRange(member.split(' ')[0] ?? ''),
    )
    const whole = ranges.filter((range) => range !== undefined)
    if (whole.length === ranges.length) known.set(name, rangesOf(whole.filter((range) => range.family === family)))
  }
  return known
}

function observedChains(
  table: SavedTable | undefined,
  { family, sets, routing }: { family: 4 | 6; sets: ReadonlyMap<string, Ranges>; routing: NodeRouting },
): Map<string, CompiledChain> {
  const foreign = (table?.chains ?? []).filter(({ name }) => !name.startsWith(chainPrefix))
  const context: ObservedContext = {
    family,
    chains: new Set(foreign.map(({ name }) => name)),
    sets,
    addressIsLocal: (packet, dimension) => addressIsLocal(routing, packet, dimension),
  }
  return new Map(
    foreign.map(({ name, policy, rules }) => [
      name,
      {
        name,
        rules: rules.filter((rule) => !isOwn(rule)).map((rule) => compileObservedRule(rule, context)),
        ...(policy === undefined ? {} : { policy }),
        isOwnBase: false,
      },
    ]),
  )
}

/** A jump of ours in somebody else's chain. */
function isOwn({ words }: SavedRule): boolean {
  return words.some((word) => word.startsWith(commentPrefix)) || jumpTarget(words)?.startsWith(chainPrefix) === true
}

function jumpTarget(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => word === '-j' || word === '-g')
  return at < 0 ? undefined : words[at + 1]
}

/** Our jump stands where it stands, or where it is going to be put. */
function placeJump(
  chains: Map<string, CompiledChain>,
  { chain, entry }: OwnChain,
  table: SavedTable | undefined,
): void {
  if (entry === undefined) return
  const builtIn = chains.get(entry.hook) ?? { name: entry.hook, rules: [], policy: 'ACCEPT', isOwnBase: false }
  const saved = table?.chains.find(({ name }) => name === entry.hook)?.rules ?? []
  const jump: CompiledRule = {
    tests: [],
    effect: { kind: 'jump', chain: chain.name },
    text: () => `-A ${entry.hook} -j ${chain.name}`,
    isChoice: false,
  }
  const targets = saved.map(({ words }) => jumpTarget(words))
  const at = jumpPosition(targets, chain.name, entry)
  // The compiled chain has none of ours but those that were placed just now; counted by the foreign rules before it.
  const foreignBefore = saved.slice(0, at).filter((rule) => !isOwn(rule)).length
  const position = indexAfterForeign(builtIn.rules, foreignBefore)
  chains.set(entry.hook, { ...builtIn, rules: builtIn.rules.toSpliced(position, 0, jump) })
}

function indexAfterForeign(rules: readonly CompiledRule[], count: number): number {
  let left = count
  let at = 0
  while (at < rules.length && left > 0) {
    const { effect } = rules[at] ?? { effect: { kind: 'accept' as const } }
    if (effect.kind !== 'jump' || !effect.chain.startsWith(chainPrefix)) left -= 1
    at += 1
  }
  return at
}

/** In the order of their priorities; at the same priority ours come first. */
function basesAt(
  hook: Hook,
  chains: ReadonlyMap<TableName, ReadonlyMap<string, CompiledChain>>,
  own: readonly OwnChain[],
): readonly BaseChain[] {
  const order = hook === 'INPUT' ? inputOrder : tableOrder
  return order.flatMap((table) => {
    const ours = own.filter((one) => one.table === table && one.entry?.hook === hook)
    const builtIn = chains.get(table)?.get(hook)
    return [
      ...ours.map(({ chain }) => ({ table, chain })),
      ...(builtIn === undefined ? [] : [{ table, chain: builtIn }]),
    ]
  })
}

/** Sources are translated after the filter, destinations before it. */
const inputOrder: readonly TableName[] = ['raw', 'mangle', 'filter', 'security', 'nat']
