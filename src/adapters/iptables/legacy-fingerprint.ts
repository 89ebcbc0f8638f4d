import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { CommandPort } from '../../ports/command-port.ts'

const families = [
  { names: '/proc/net/ip_tables_names', program: 'iptables-legacy-save' },
  { names: '/proc/net/ip6_tables_names', program: 'ip6tables-legacy-save' },
] as const

/**
 * What the legacy backend holds, in few characters: it tells nobody when somebody changes it. Tables that are not there
 * are not asked about, which would create them (node-networking §1.6).
 */
export function legacyFingerprint(commands: CommandPort): () => Promise<string> {
  return async () => {
    const parts = await Promise.all(families.map(({ names, program }) => savedBy(program, names, commands)))
    return parts.every((part) => part === '') ? '' : createHash('sha256').update(parts.join('\n')).digest('hex')
  }
}

async function savedBy(program: string, names: string, commands: CommandPort): Promise<string> {
  const tables = await readFile(names, 'utf8').catch(() => '')
  const path = tables.trim() === '' ? undefined : await commands.find(program)
  if (path === undefined) return ''
  const { stdout } = await commands.run([path])
  // Counters move with every packet, and remarks hold the time.
  return stdout.replace(/^#.*$/gm, '').replace(/\[\d+:\d+\]$/gm, '')
}
