import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

/** Calls after which something else is on the disk. */
const names = [
  'copyFileSync',
  'mkdirSync',
  'renameSync',
  'rmSync',
  'rmdirSync',
  'symlinkSync',
  'writeFileSync',
  'chmodSync',
] as const

/**
 * From now on this process is killed with SIGKILL right before its n-th call that changes the disk. Whoever imported such
 * a call by name has it replaced as well.
 */
export function dieBeforeWrite(nth: number): void {
  const calls = fs as unknown as Record<string, (...words: unknown[]) => unknown>
  let left = nth
  for (const name of names) {
    const original = calls[name]
    if (original === undefined) throw new Error(`node:fs has no ${name}`)
    calls[name] = (...words) => {
      left -= 1
      if (left === 0) process.kill(process.pid, 'SIGKILL')
      return original(...words)
    }
  }
  syncBuiltinESMExports()
}
