import { createHash } from 'node:crypto'
import {
  type ChainEntry,
  commentPrefix,
  type FamilyFilter,
  type FilterChain,
  type FilterRule,
  type FilterTable,
  type Hook,
} from '../../domain/packet-filter.ts'
import { restoreText } from './restore-text.ts'
import { ruleLines } from './rule-line.ts'

/** In the order in which a packet that comes in meets them. */
export const filterTables: readonly FilterTable[] = ['raw', 'mangle', 'nat', 'filter']

/** One chain with its lines as they are given to `iptables-restore`. */
export interface PrintedChain {
  readonly name: string
  readonly table: FilterTable
  readonly entry?: ChainEntry
  readonly rules: readonly PrintedRule[]
}

export interface PrintedRule {
  readonly rule: FilterRule
  readonly lines: readonly string[]
}

/** What a new, empty namespace is given to learn whether the kernel takes a program. */
export interface ProgramPayload {
  readonly text: string
  /** By line of the text, from 1. */
  readonly ruleAt: ReadonlyMap<number, FilterRule>
}

export function printChains(filter: FamilyFilter, family: 4 | 6): readonly PrintedChain[] {
  return filter.chains.map((chain) => ({
    name: chain.name,
    table: chain.table,
    ...(chain.entry === undefined ? {} : { entry: chain.entry }),
    rules: chain.rules.map((rule) => ({ rule, lines: ruleLines(rule, chain.name, family) })),
  }))
}

/** All tables in one text: chains, their rules, then the jumps. */
export function programPayload(chains: readonly PrintedChain[]): ProgramPayload {
  const lines: string[] = []
  const ruleAt = new Map<number, FilterRule>()
  for (const table of filterTables) {
    const own = chains.filter((chain) => chain.table === table)
    if (own.length === 0) continue
    lines.push(`*${table}`, ...own.map(({ name }) => `:${name} - [0:0]`))
    for (const { rules } of own) {
      for (const printed of rules) {
        for (const line of printed.lines) {
          lines.push(line)
          ruleAt.set(lines.length, printed.rule)
        }
      }
    }
    lines.push(...own.flatMap(({ name, entry }) => (entry === undefined ? [] : [jumpLine(table, entry.hook, name)])))
    lines.push('COMMIT')
  }
  return { text: restoreText(lines), ruleAt }
}

function jumpLine(table: FilterTable, hook: Hook, chain: string): string {
  return `-I ${hook} 1 ${jumpBody(table, hook, chain)}`
}

/** The one rule that leads from a built-in chain to `chain`, without `-A` and the built-in chain. */
export function jumpBody(table: FilterTable, hook: Hook, chain: FilterChain['name']): string {
  return `-m comment --comment ${commentPrefix}${jumpId(table, hook, chain)} -j ${chain}`
}

const letters = 'abcdefghijklmnopqrstuvwxyz234567'

function jumpId(table: FilterTable, hook: Hook, chain: string): string {
  const bytes = createHash('sha256').update(`jump ${table} ${hook} ${chain}`).digest()
  return [...bytes.subarray(0, 16)].map((byte) => letters[byte % letters.length]).join('')
}
