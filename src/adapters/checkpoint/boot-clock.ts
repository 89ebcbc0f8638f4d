import { readFileSync } from 'node:fs'

/** What a clock change cannot move, and what tells one boot from another. */
export interface BootClock {
  /** Random id of this boot. */
  bootId(): string
  /** Milliseconds since this boot, to 10 ms. */
  uptimeMs(): number
}

/** The clock of this machine. @see proc(5) */
export const machineBootClock: BootClock = {
  bootId: () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  uptimeMs: () => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000,
}

/** One process for as long as this boot lasts: a number alone is handed out again. */
export interface ProcessIdentity {
  readonly pid: number
  /** Field 22 of `/proc/<pid>/stat`. */
  readonly startTicks: string
}

/** Undefined for a process that is gone, or is only waited for. */
export function processIdentity(pid: number): (ProcessIdentity & { readonly parent: number }) | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  // The name in the second field may hold anything, blanks and brackets included.
  const [state, parent, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const startTicks = fields[17]
  if (state === 'Z' || state === 'X' || startTicks === undefined) return undefined
  return { pid, startTicks, parent: Number(parent) }
}

export function lives({ pid, startTicks }: ProcessIdentity): boolean {
  return processIdentity(pid)?.startTicks === startTicks
}
