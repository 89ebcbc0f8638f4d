import type {
  AddressSet,
  FilterChain,
  FilterProgram,
  FilterRule,
  FilterTable,
  Hook,
} from '../../domain/packet-filter.ts'
import { commentPrefix } from '../../domain/packet-filter.ts'
import type { AddressFamilyKey } from '../../domain/saved-tables.ts'
import { baseChainLine } from './base-chains.ts'
import { printAction } from './nft-action.ts'
import { limitMemorySeconds, needsPortSet, portList, printMatch } from './nft-match.ts'
import { baseChainName, digitOf, ownChainName, ruleSetName, tableName } from './nft-names.ts'

/** Sources that one rate is kept for at a time; packets of further ones do not match, as if above their rate. */
const rememberedSources = 65_535

/** A whole table as `nft -f` reads it, with the rule that each line stands for. */
export interface NftText {
  readonly text: string
  /** By line number from 1; lines that stand for no single rule are absent. */
  readonly rules: ReadonlyMap<number, FilterRule>
}

/** Takes the table away, whether it is there or not. */
export const removal = `table inet ${tableName} {}\ndelete table inet ${tableName}\n`

const families = ['v4', 'v6'] as const

/**
 * The program as one native table that takes the place of the one before in a single transaction. An accept in it ends
 * only this table's part of the path: what another table drops stays dropped.
 */
export function printNftTable(program: FilterProgram): NftText {
  const lines = [...removal.trimEnd().split('\n'), `table inet ${tableName} {`]
  const rules = new Map<number, FilterRule>()
  for (const family of families) {
    for (const set of program[family].sets) lines.push(...printAddressSet(set))
    for (const chain of program[family].chains) lines.push(...printRuleSets(chain, family))
  }
  // Declared before any of them jumps to another.
  for (const [family, chain] of ownChains(program)) lines.push(`chain ${nameOf(chain, family)} {}`)
  for (const [family, chain] of ownChains(program)) {
    lines.push(`chain ${nameOf(chain, family)} {`)
    for (const rule of chain.rules) {
      lines.push(printRule(rule, chain.table, family))
      rules.set(lines.length, rule)
    }
    lines.push('}')
  }
  // The hooks come last: at a jump the kernel looks at everything it leads to, and says so at once.
  lines.push(...printBaseChains(program), '}')
  return { text: `${lines.join('\n')}\n`, rules }
}

/** Fills sets anew in one transaction and leaves every rule as it is. */
export function printSetChange(sets: readonly AddressSet[]): string {
  return sets
    .flatMap(({ name, members }) => [
      `flush set inet ${tableName} ${name}`,
      ...(members.length === 0 ? [] : [`add element inet ${tableName} ${name} { ${members.join(', ')} }`]),
    ])
    .map((line) => `${line}\n`)
    .join('')
}

function ownChains(program: FilterProgram): readonly (readonly [AddressFamilyKey, FilterChain])[] {
  return families.flatMap((family) => program[family].chains.map((chain) => [family, chain] as const))
}

function nameOf(chain: FilterChain, family: AddressFamilyKey): string {
  return ownChainName(chain.table, family, chain.name)
}

function printAddressSet({ name, family, members }: AddressSet): readonly string[] {
  return [
    `set ${name} {`,
    `type ${addressType(family)}; flags interval; auto-merge;`,
    ...(members.length === 0 ? [] : [`elements = { ${members.join(', ')} }`]),
    '}',
  ]
}

function addressType(family: 4 | 6): string {
  return family === 4 ? 'ipv4_addr' : 'ipv6_addr'
}

/** Sets that one rule needs for itself. */
function printRuleSets(chain: FilterChain, family: AddressFamilyKey): readonly string[] {
  return chain.rules.flatMap(({ id, match }) => [
    ...(match.limit?.perSource !== true
      ? []
      : [
          `set ${ruleSetName('limit', family, id)} { type ${addressType(digitOf(family))}; size ${rememberedSources}; ` +
            `flags dynamic,timeout; timeout ${limitMemorySeconds(match.limit)}s; }`,
        ]),
    ...(match.originalDestinationPorts !== undefined && needsPortSet(match.originalDestinationPorts)
      ? [
          `set ${ruleSetName('ports', family, id)} { type inet_service; flags interval; auto-merge; ` +
            `elements = { ${portList(match.originalDestinationPorts).join(', ')} }; }`,
        ]
      : []),
  ])
}

function printRule({ id, match, action }: FilterRule, table: FilterTable, family: AddressFamilyKey): string {
  const words = [...printMatch(match, { family, id }), printAction(action, table, family)]
  const line = `${words.join(' ')} comment "${commentPrefix}${id}"`
  if (!/^[\x20-\x7e]+$/.test(line)) throw new Error(`rule ${id} holds a character that no nft rule may have`)
  return line
}

/** Every place of the packet path that the program enters, with a jump for each chain and family. */
function printBaseChains(program: FilterProgram): readonly string[] {
  const entries = new Map<string, { readonly table: FilterTable; readonly hook: Hook; readonly jumps: string[] }>()
  // Always there: with the last NAT chain of a node the kernel stops translating, and live connections break.
  entries.set(baseChainName('nat', 'POSTROUTING'), { table: 'nat', hook: 'POSTROUTING', jumps: [] })
  for (const [family, chain] of ownChains(program)) {
    if (chain.entry === undefined) continue
    const name = baseChainName(chain.table, chain.entry.hook)
    const entry = entries.get(name) ?? { table: chain.table, hook: chain.entry.hook, jumps: [] }
    entry.jumps.push(`meta nfproto ipv${digitOf(family)} jump ${nameOf(chain, family)}`)
    entries.set(name, entry)
  }
  return [...entries]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, { table, hook, jumps }]) => [`chain ${name} {`, baseChainLine(table, hook), ...jumps, '}'])
}
