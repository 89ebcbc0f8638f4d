import { chainPrefix, commentPrefix, type FilterTable } from '../../domain/packet-filter.ts'
import { builtInChains } from '../../domain/saved-tables.ts'
import { filterTables } from './program-payload.ts'

/** What is ours in one table, and what is needed to tell where our jumps stand. */
export interface OwnTable {
  readonly table: FilterTable
  /** Chains with our prefix, each with its lines as `iptables-save` prints them. */
  readonly chains: ReadonlyMap<string, readonly string[]>
  /** Rules in chains of others that lead to one of these chains, in their order. */
  readonly jumps: readonly OwnJump[]
  /** Where the rules of each built-in chain lead to, in their order; an empty text where a rule has no target. */
  readonly targets: ReadonlyMap<string, readonly string[]>
}

export interface OwnJump {
  /** The chain it stands in: `INPUT`. */
  readonly from: string
  /** Without `-A` and the chain it stands in. */
  readonly body: string
  readonly chain: string
  /** Its place in that chain, from 0. */
  readonly index: number
  /** It carries our comment. */
  readonly isOurs: boolean
}

export interface OwnTables {
  readonly tables: ReadonlyMap<FilterTable, OwnTable>
  /** Tables that iptables cannot show, because of native rules in them. */
  readonly incompatible: readonly string[]
}

const ruleOfOurs = `-A ${chainPrefix}`
const hooks: ReadonlySet<string> = new Set(builtInChains)

/**
 * Reads what `iptables-save` prints as far as it concerns us: lines of ours are kept as they are, so that ten thousand
 * of them cost no more than splitting the text.
 */
export function parseOwnTables(text: string): OwnTables {
  const tables = new Map<FilterTable, OwnTable>()
  const incompatible: string[] = []
  let open: OpenTable | undefined
  for (const line of text.split('\n')) {
    if (line.startsWith(ruleOfOurs)) open?.chains.get(line.slice(3, line.indexOf(' ', 3)))?.push(line)
    else if (line.startsWith('-A ')) open?.addForeign(line)
    else if (line.startsWith(`:${chainPrefix}`)) open?.chains.set(line.slice(1, line.indexOf(' ')), [])
    else if (line.startsWith('*')) open = openTable(line.slice(1))
    else if (line === 'COMMIT') {
      if (open !== undefined) tables.set(open.table, open)
      open = undefined
    } else {
      const table = /^# Table [`'](\S+)' is incompatible/.exec(line)?.[1]
      if (table !== undefined) incompatible.push(table)
    }
  }
  return { tables, incompatible }
}

interface OpenTable extends OwnTable {
  readonly chains: Map<string, string[]>
  readonly addForeign: (line: string) => void
}

function openTable(name: string): OpenTable | undefined {
  const table = filterTables.find((one) => one === name)
  if (table === undefined) return undefined
  const jumps: OwnJump[] = []
  const targets = new Map<string, string[]>()
  const addForeign = (line: string): void => {
    const end = line.indexOf(' ', 3)
    const from = line.slice(3, end < 0 ? undefined : end)
    const isHook = hooks.has(from)
    if (!isHook && !line.includes(chainPrefix)) return
    const chain = targetOf(line)
    const before = targets.get(from) ?? []
    if (chain.startsWith(chainPrefix)) {
      const body = line.slice(end + 1)
      jumps.push({ from, body, chain, index: before.length, isOurs: commentOfOurs.test(body) })
    }
    before.push(chain)
    targets.set(from, before)
  }
  return { table, chains: new Map(), jumps, targets, addForeign }
}

/** What stands in quotes is a comment or a log prefix, whatever it looks like. */
function targetOf(line: string): string {
  const plain = line.includes('"') ? line.replace(/"(?:\\.|[^"\\])*"/g, '""') : line
  return / -[jg] (\S+)(?: |$)/.exec(plain)?.[1] ?? ''
}

const commentOfOurs = new RegExp(`--comment "?${commentPrefix}[a-z2-7]+"?(?: |$)`)

/** The id that a line carries in its comment; undefined when it is not a line of ours. */
export function idOfLine(line: string): string | undefined {
  return /--comment "?fairlead:([a-z2-7]+)"?(?: |$)/.exec(line)?.[1]
}

/** A table of which there is nothing. */
export function emptyTable(table: FilterTable): OwnTable {
  return { table, chains: new Map(), jumps: [], targets: new Map() }
}
