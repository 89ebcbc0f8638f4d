import { Failure } from '../../domain/failure.ts'
import type { FilterTable } from '../../domain/packet-filter.ts'
import type { AddressFamilyKey } from '../../domain/saved-tables.ts'
import type { CommandPort, CommandResult } from '../../ports/command-port.ts'
import { parseIpsetSave, type SavedSet } from './address-sets.ts'
import type { IptablesTool } from './iptables-tool.ts'
import { emptyTable, type OwnTable, type OwnTables, parseOwnTables } from './own-tables.ts'
import { toolWords } from './refusal.ts'

/** What is ours on this node, in one backend. */
export interface LiveState {
  readonly families: ReadonlyMap<AddressFamilyKey, OwnTables>
  readonly sets: ReadonlyMap<string, SavedSet>
}

/** The live tables and sets, by the programs of one backend: one process per family, and one for the sets. */
export interface LiveTables {
  readonly families: readonly AddressFamilyKey[]
  /** The programs of these families. */
  readonly pairs: IptablesTool['pairs']
  /** @throws Failure FILTER_INCOMPATIBLE, FILTER_FAILED: what is there is unknown then */
  read(): Promise<LiveState>
  /** What a save prints. */
  readText(family: AddressFamilyKey): Promise<string>
  readSets(): Promise<ReadonlyMap<string, SavedSet>>
  /** One transaction; waits up to `waitSeconds` for the lock of the legacy backend. */
  write(family: AddressFamilyKey, text: string, waitSeconds: number): Promise<CommandResult>
  writeSets(text: string): Promise<CommandResult>
}

export function openLiveTables(
  commands: CommandPort,
  tool: IptablesTool,
  families: readonly AddressFamilyKey[],
  ipset: string | undefined,
  lockFile: string | undefined,
): LiveTables {
  const environment = lockFile === undefined ? {} : { environment: { XTABLES_LOCKFILE: lockFile } }
  const pairOf = (family: AddressFamilyKey): { readonly save: string; readonly restore: string } => {
    const pair = tool.pairs.get(family)
    if (pair === undefined) throw new Error(`no programs for ${family}`)
    return pair
  }
  const readText = async (family: AddressFamilyKey): Promise<string> => {
    const { save } = pairOf(family)
    const result = await commands.run([save], { timeoutMs: 30_000 })
    if (result.code === 0) return result.stdout
    throw unreadable(save, result)
  }
  const readSets = async (): Promise<ReadonlyMap<string, SavedSet>> => {
    if (ipset === undefined) return new Map()
    const result = await commands.run([ipset, 'save'], { timeoutMs: 30_000 })
    if (result.code === 0) return parseIpsetSave(result.stdout)
    throw unreadable(`${ipset} save`, result)
  }
  return {
    families,
    pairs: new Map([...tool.pairs].filter(([family]) => families.includes(family))),
    readText,
    readSets,
    read: async () => {
      // Tables are asked for first: they take longest, and to start a program takes milliseconds of this process.
      const reading = Promise.all(families.map(readText))
      const [texts, sets] = await Promise.all([reading, readSets()])
      const tables = families.map((family, index) => [family, compatible(family, texts[index] ?? '')] as const)
      return { families: new Map(tables), sets }
    },
    write: (family, text, waitSeconds) =>
      commands.run([pairOf(family).restore, '-w', String(waitSeconds), '--noflush'], {
        input: text,
        timeoutMs: (waitSeconds + 60) * 1000,
        ...environment,
      }),
    writeSets: async (text) => {
      if (ipset === undefined) throw noIpset()
      return commands.run([ipset, '-exist', 'restore'], { input: text, timeoutMs: 60_000 })
    },
  }
}

export function liveTable(state: LiveState, family: AddressFamilyKey, table: FilterTable): OwnTable {
  return state.families.get(family)?.tables.get(table) ?? emptyTable(table)
}

function compatible(family: AddressFamilyKey, text: string): OwnTables {
  const tables = parseOwnTables(text)
  const [table] = tables.incompatible
  if (table === undefined) return tables
  throw incompatibleTable(table, family)
}

export function incompatibleTable(table: string, family: AddressFamilyKey): Failure {
  const name = `${family === 'v4' ? 'ip' : 'ip6'} ${table}`
  return new Failure(`iptables cannot show table ${name}: it holds rules that only nft understands`, {
    code: 'FILTER_INCOMPATIBLE',
    where: `table ${name}`,
    fix: `move the native rules of this table to a table of their own: nft list table ${name}`,
    retry: 'soon',
  })
}

function unreadable(program: string, result: CommandResult): Failure {
  const words = toolWords(result.stderr) || result.failed || `exit status ${result.code}`
  const isLate = result.failed === 'timeout'
  return new Failure(`${program} gave no answer: ${words}`, {
    code: isLate ? 'FILTER_LOCKED' : 'FILTER_FAILED',
    where: program,
    fix: isLate ? 'look for a process that holds the lock of iptables' : `run ${program} on this node`,
    retry: 'soon',
  })
}

export function noIpset(): Failure {
  return new Failure('the program has address sets, and ipset is not installed or this kernel has none', {
    code: 'FILTER_UNSUPPORTED',
    where: 'ipset',
    fix: 'install ipset and the kernel module ip_set_hash_net, or use shorter lists of addresses',
    retry: 'soon',
  })
}
