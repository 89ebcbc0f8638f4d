import { Failure } from '../../domain/failure.ts'
import type { FamilyFilter, FilterRule } from '../../domain/packet-filter.ts'
import type { AddressFamilyKey } from '../../domain/saved-tables.ts'
import type { CommandResult } from '../../ports/command-port.ts'
import type { IptablesPair } from './iptables-tool.ts'
import { type OwnTable, parseOwnTables } from './own-tables.ts'
import { filterTables, type PrintedChain, printChains, programPayload } from './program-payload.ts'
import { refusedLine, toolWords } from './refusal.ts'
import { describeOrigin } from './rule-origin.ts'
import type { Shadow } from './shadow.ts'
import type { WantedTable } from './wanted-table.ts'

/**
 * Loads one family of a program in a shadow and reads it back: the kernel's verdict, and the words in which the live
 * tables will show it.
 * @throws Failure FILTER_REJECTED with the origin of the first rule that is refused
 */
export async function learnProgram(
  shadow: Shadow,
  pair: IptablesPair,
  family: AddressFamilyKey,
  filter: FamilyFilter,
  lockFile: string,
): Promise<readonly WantedTable[]> {
  if (filter.chains.length === 0) return []
  const chains = printChains(filter, family === 'v4' ? 4 : 6)
  const load = (tried: readonly PrintedChain[]): Promise<CommandResult> =>
    shadow.load(pair, programPayload(tried).text, filter.sets, lockFile)
  const result = await load(chains)
  if (result.code !== 0) throw await refusal(result, chains, load)
  const { tables } = parseOwnTables(result.stdout)
  return filterTables.flatMap((table) => {
    const own = chains.filter((chain) => chain.table === table)
    const seen = tables.get(table)
    return own.length === 0 ? [] : [wantedTable(table, own, seen)]
  })
}

function wantedTable(
  table: OwnTable['table'],
  chains: readonly PrintedChain[],
  seen: OwnTable | undefined,
): WantedTable {
  for (const { name, rules } of chains) {
    const given = rules.reduce((sum, { lines }) => sum + lines.length, 0)
    const kept = seen?.chains.get(name)?.length
    // Never seen, and not to be passed over: rules would be missing without anybody noticing.
    if (kept !== given) throw new Error(`chain ${name} was given ${given} lines and shows ${kept ?? 'none'}`)
  }
  return {
    table,
    chains: seen?.chains ?? new Map(),
    jumps: chains.flatMap(({ name, entry }) => {
      const found = seen?.jumps.find((jump) => jump.chain === name && jump.from === entry?.hook)
      if (entry === undefined || found === undefined) return []
      return [{ from: entry.hook, body: found.body, chain: name, before: entry.before, after: entry.after }]
    }),
  }
}

type Load = (chains: readonly PrintedChain[]) => Promise<CommandResult>

async function refusal(result: CommandResult, chains: readonly PrintedChain[], load: Load): Promise<Failure> {
  if (result.failed !== undefined || result.code === undefined) return unclear(result)
  const named = programPayload(chains).ruleAt.get(refusedLine(result.stderr) ?? 0)
  const culprit = named ?? (await bisect(chains, load))
  return culprit === undefined ? unclear(result) : rejected(culprit, toolWords(result.stderr))
}

/**
 * Kernels that refuse a table as a whole do not say which rule they mean: the shortest beginning of the program that is
 * refused ends with it.
 * @returns undefined when the program is refused without any rule
 */
async function bisect(chains: readonly PrintedChain[], load: Load): Promise<FilterRule | undefined> {
  const rules = chains.flatMap((chain) => chain.rules.map(({ rule }) => rule))
  const isRefused = async (count: number): Promise<boolean> => (await load(firstRules(chains, count))).code !== 0
  if (await isRefused(0)) return undefined
  let [taken, refused] = [0, rules.length]
  while (refused - taken > 1) {
    const middle = Math.floor((taken + refused) / 2)
    if (await isRefused(middle)) refused = middle
    else taken = middle
  }
  return rules[refused - 1]
}

function firstRules(chains: readonly PrintedChain[], count: number): readonly PrintedChain[] {
  let left = count
  return chains.map((chain) => {
    const rules = chain.rules.slice(0, left)
    left -= rules.length
    return { ...chain, rules }
  })
}

function rejected(rule: FilterRule, words: string): Failure {
  const name = rule.origin.name
  return new Failure(`the kernel refuses rule ${name} (${rule.id}): ${words}`, {
    code: 'FILTER_REJECTED',
    where: describeOrigin(rule.origin),
    fix: 'change or remove this rule',
    retry: 'when-changed',
  })
}

function unclear(result: CommandResult): Failure {
  const words = toolWords(result.stderr) || result.failed || `exit status ${result.code}`
  return new Failure(`the program could not be tried: ${words}`, {
    code: 'FILTER_FAILED',
    where: 'iptables-restore in a namespace of its own',
    fix: 'look at the kernel log of this node; the live tables were not touched',
    retry: 'soon',
  })
}
