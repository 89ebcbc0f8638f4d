import type { SavedTable, SavedTables } from '../../domain/saved-tables.ts'
import type { CommandPort } from '../../ports/command-port.ts'
import { parseIptablesSave, savedWords } from '../../text/iptables-save.ts'

/** Which program shows what, and the list of tables that must not be empty before it is asked. */
const savers = {
  v4: {
    nft: ['iptables-nft-save', 'iptables-save'],
    legacy: 'iptables-legacy-save',
    names: '/proc/net/ip_tables_names',
  },
  v6: {
    nft: ['ip6tables-nft-save', 'ip6tables-save'],
    legacy: 'ip6tables-legacy-save',
    names: '/proc/net/ip6_tables_names',
  },
} as const

/**
 * What iptables shows on this node, both backends one after the other, as packets meet them. Legacy is asked only when
 * it has tables: asking would make them. Tables that cannot be shown are left out.
 */
export async function readIptables(commands: CommandPort): Promise<SavedTables> {
  const [v4, v6] = await Promise.all([readFamily(commands, 'v4'), readFamily(commands, 'v6')])
  const names = setNames([...v4, ...v6])
  return { v4, v6, sets: names.size === 0 ? new Map() : await readSets(commands, names) }
}

async function readFamily(commands: CommandPort, family: 'v4' | 'v6'): Promise<readonly SavedTable[]> {
  const { nft, legacy, names } = savers[family]
  const [native, old] = await Promise.all([
    save(commands, nft),
    hasTables(commands, names).then((has) => (has ? save(commands, [legacy]) : [])),
  ])
  return [...native, ...old]
}

async function save(commands: CommandPort, programs: readonly string[]): Promise<readonly SavedTable[]> {
  for (const name of programs) {
    const path = await commands.find(name)
    if (path === undefined) continue
    const { code, stdout } = await commands.run([path], { timeoutMs: 30_000 })
    return code === 0 ? parseIptablesSave(stdout).tables : []
  }
  return []
}

async function hasTables(commands: CommandPort, names: string): Promise<boolean> {
  const cat = await commands.find('cat')
  if (cat === undefined) return false
  const { code, stdout } = await commands.run([cat, names])
  return code === 0 && stdout.trim() !== ''
}

function setNames(tables: readonly SavedTable[]): ReadonlySet<string> {
  const names = new Set<string>()
  for (const { words } of tables.flatMap(({ chains }) => chains.flatMap(({ rules }) => rules))) {
    words.forEach((word, at) => {
      const name = words[at + 1]
      if (word === '--match-set' && name !== undefined) names.add(name)
    })
  }
  return names
}

async function readSets(
  commands: CommandPort,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const sets = new Map<string, string[]>()
  const ipset = await commands.find('ipset')
  if (ipset === undefined) return sets
  const { code, stdout } = await commands.run([ipset, 'save'], { timeoutMs: 30_000 })
  if (code !== 0) return sets
  for (const line of stdout.split('\n')) {
    const [verb, name = '', member] = savedWords(line)
    if (!names.has(name)) continue
    if (verb === 'create') sets.set(name, [])
    else if (verb === 'add' && member !== undefined) sets.get(name)?.push(member)
  }
  return sets
}
