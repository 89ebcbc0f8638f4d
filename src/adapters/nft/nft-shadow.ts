import type { FilterProgram, FilterRule } from '../../domain/packet-filter.ts'
import type { CommandPort, CommandResult } from '../../ports/command-port.ts'
import { misplacedAction } from './misplaced-action.ts'
import { nftFailure, readComplaint, rejectedRule } from './nft-failure.ts'
import { settledText } from './nft-listing.ts'
import { tableName } from './nft-names.ts'
import { type NftText, printNftTable } from './nft-text.ts'

/** Absolute paths of what a shadow is made with. */
export interface NftPrograms {
  readonly nft: string
  readonly unshare: string
  readonly shell: string
}

const timeoutMs = 60_000

/** Loads what comes in and lists what became of it; the text is fixed and the program an argument. */
const loadAndList = `"$1" -f - && exec "$1" -s list table inet ${tableName}`

/**
 * Loads `payload` in a network namespace of its own that is gone afterwards. This asks the kernel for real, which
 * `nft --check` does not: hooks are looked at when a batch is committed.
 */
export function runInShadow(commands: CommandPort, programs: NftPrograms, payload: string): Promise<CommandResult> {
  const { nft, unshare, shell } = programs
  const argv = [unshare, '-n', shell, '-c', loadAndList, 'fairlead-shadow', nft] as const
  return commands.run(argv, { input: payload, timeoutMs })
}

/**
 * The program as this kernel and this nft list it.
 * @throws Failure FILTER_REJECTED with the rule's origin
 */
export async function learnText(
  commands: CommandPort,
  programs: NftPrograms,
  program: FilterProgram,
  printed: NftText,
): Promise<string> {
  const misplaced = misplacedAction(program)
  if (misplaced !== undefined) throw rejectedRule(misplaced.rule, misplaced.reason)
  const result = await runInShadow(commands, programs, printed.text)
  if (result.code === 0) return settledText(result.stdout)
  const { words, line } = readComplaint(result.stderr)
  if (line === undefined) throw nftFailure(result, 'trying the program')
  const direct = printed.rules.get(line)
  const rule = direct?.action.kind === 'jump' ? undefined : direct
  const culprit = rule ?? (await findCulprit(commands, programs, program)) ?? direct
  throw culprit === undefined ? nftFailure(result, 'trying the program') : rejectedRule(culprit, words)
}

/**
 * The kernel names the jump when what it leads to has no place at that hook. The rule itself is the last one of the
 * shortest part of the program that is refused: more rules never make a refused part acceptable.
 */
async function findCulprit(
  commands: CommandPort,
  programs: NftPrograms,
  program: FilterProgram,
): Promise<FilterRule | undefined> {
  const all = [...program.v4.chains, ...program.v6.chains].flatMap((chain) => chain.rules)
  let [taken, refused] = [0, all.length]
  while (taken + 1 < refused) {
    const middle = Math.floor((taken + refused) / 2)
    const { code } = await runInShadow(commands, programs, printNftTable(firstRules(program, middle)).text)
    if (code === 0) taken = middle
    else refused = middle
  }
  return all[refused - 1]
}

function firstRules(program: FilterProgram, count: number): FilterProgram {
  let left = count
  const cut = (family: FilterProgram['v4']): FilterProgram['v4'] => ({
    ...family,
    chains: family.chains.map((chain) => {
      const rules = chain.rules.slice(0, Math.max(0, left))
      left -= chain.rules.length
      return { ...chain, rules }
    }),
  })
  return { v4: cut(program.v4), v6: cut(program.v6) }
}
