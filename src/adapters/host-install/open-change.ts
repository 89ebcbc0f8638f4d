import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { statOf } from './host-path.ts'

/**
 * Whether the newest checkpoint of a host waits to be confirmed or taken back. Its watchdog takes it back when the agent
 * ends before.
 * @param directory `/var/lib/fairlead/checkpoint` of the host
 */
export function hasOpenChange(directory: string): boolean {
  if (statOf(directory)?.isDirectory() !== true) return false
  const newest = readdirSync(directory)
    .filter((name) => /^[0-9]{6,12}$/.test(name))
    .sort((a, b) => Number(a) - Number(b))
    .at(-1)
  if (newest === undefined) return false
  const folder = join(directory, newest)
  const has = (name: string): boolean => statOf(join(folder, name)) !== undefined
  // Before it is armed nothing has changed, and nobody watches.
  if (!has('rollback.sh') || !has('armed.json') || has('outcome')) return false
  return !wordIn(join(folder, 'decision')).startsWith('confirmed')
}

function wordIn(path: string): string {
  return statOf(path)?.isFile() === true ? readFileSync(path, 'utf8').trim() : ''
}
