import type { Leftovers } from '../../domain/leftovers.ts'
import type { IptablesBackend } from '../../domain/network-program.ts'
import type { AddressFamilyKey } from '../../domain/saved-tables.ts'
import type { CommandPort } from '../../ports/command-port.ts'
import { parseIptablesSave } from '../../text/iptables-save.ts'
import { commandFailed } from './leftover-failures.ts'
import { iptablesProgram } from './programs.ts'

/** Where the kernel lists the tables of the legacy backend; reading it makes none, as asking that backend may. */
const legacyNames = { v4: '/proc/net/ip_tables_names', v6: '/proc/net/ip6_tables_names' } as const

/** The tables of both backends and families. The legacy backend is asked only where it has tables. */
export async function readTables(commands: CommandPort): Promise<Leftovers['tables']> {
  const wanted: (readonly [IptablesBackend, AddressFamilyKey])[] = [
    ['nft', 'v4'],
    ['nft', 'v6'],
  ]
  for (const family of ['v4', 'v6'] as const) {
    if (await hasLegacyTables(commands, family)) wanted.push(['legacy', family])
  }
  const read = await Promise.all(wanted.map(([backend, family]) => readBackend(commands, backend, family)))
  return read.filter((one) => one !== undefined)
}

async function readBackend(
  commands: CommandPort,
  backend: IptablesBackend,
  family: AddressFamilyKey,
): Promise<Leftovers['tables'][number] | undefined> {
  const text = await saveTables(commands, backend, family)
  if (text === undefined) return undefined
  const { tables, incompatible } = parseIptablesSave(text)
  return { backend, family, tables, ...(incompatible.length === 0 ? {} : { incompatible }) }
}

/**
 * What `iptables-save` prints of one backend and family; undefined where that is not installed. Without `-t`, which makes
 * the legacy backend create the table.
 */
export async function saveTables(
  commands: CommandPort,
  backend: IptablesBackend,
  family: AddressFamilyKey,
): Promise<string | undefined> {
  const program = iptablesProgram(backend, family, '-save')
  const path = await commands.find(program)
  if (path === undefined) return undefined
  const result = await commands.run([path])
  if (result.code !== 0) throw commandFailed(program, result)
  return result.stdout
}

async function hasLegacyTables(commands: CommandPort, family: AddressFamilyKey): Promise<boolean> {
  const cat = await commands.find('cat')
  if (cat === undefined) return false
  const { code, stdout } = await commands.run([cat, legacyNames[family]])
  return code === 0 && stdout.trim() !== ''
}
