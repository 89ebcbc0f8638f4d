import { setTimeout as sleep } from 'node:timers/promises'
import type { CommandPort } from '../../ports/command-port.ts'
import { parseIptablesSave } from '../../text/iptables-save.ts'
import { commandFailed, stillActive, tableHidden, tableLocked } from './leftover-failures.ts'
import { iptablesProgram, need } from './programs.ts'
import { saveTables } from './read-tables.ts'
import { type ChainRemoval, removalTransaction } from './table-transaction.ts'

const attempts = 5
/** As long as iptables waits for its lock before it gives up with status 4. */
const lockSeconds = 5
const resourceProblem = 4
const pauseMs = 50

/**
 * Removes chains and rules from one table in one transaction. Somebody else may write the table meanwhile: then it is
 * read again and tried again, with what is there now. What comes back once it is gone has an owner, and is not chased.
 * @throws Failure CLEANUP_STILL_ACTIVE after five times, or when it is back at once; CLEANUP_LOCKED, CLEANUP_FAILED
 */
export async function removeChains(removal: ChainRemoval, commands: CommandPort, signal: AbortSignal): Promise<void> {
  const { backend, family, table } = removal
  const where = `table ${table} (${backend}, ${family})`
  const program = iptablesProgram(backend, family, '-restore')
  const path = await need(commands, program)
  let refused: Error | undefined
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    signal.throwIfAborted()
    const input = await plannedNow(removal, commands)
    if (input === undefined) return
    const result = await commands.run([path, '--noflush', '-w', String(lockSeconds)], { input, timeoutMs: 30_000 })
    if (result.code === 0) {
      if ((await plannedNow(removal, commands)) === undefined) return
      throw stillActive(where)
    } else if (result.code === resourceProblem) {
      refused = tableLocked(where, result.stderr)
    } else if (result.code === 1) {
      refused = stillActive(where)
    } else {
      throw commandFailed(program, result)
    }
    if (attempt < attempts) await sleep(pauseMs * 2 ** (attempt - 1) * (0.5 + Math.random()), undefined, { signal })
  }
  throw refused ?? stillActive(where)
}

async function plannedNow(removal: ChainRemoval, commands: CommandPort): Promise<string | undefined> {
  const { backend, family } = removal
  const { tables, incompatible } = parseIptablesSave((await saveTables(commands, backend, family)) ?? '')
  // Not shown is not empty.
  if (incompatible.includes(removal.table)) throw tableHidden(`table ${removal.table} (${backend}, ${family})`)
  const table = tables.find((each) => each.table === removal.table)
  return table === undefined ? undefined : removalTransaction(removal, table)
}
