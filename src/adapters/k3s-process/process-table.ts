import { type BigIntStats, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'

/** What of a process stays the same while it is the same program: an exec keeps pid and start, and changes this. */
export interface Executable {
  /** Without the ` (deleted)` that the kernel adds once an upgrade has replaced the file. */
  readonly path: string
  readonly stats: BigIntStats
}

export interface ProcessStat {
  readonly parentPid: number
  /** Clock ticks since boot, field 22 of `/proc/<pid>/stat` (proc(5)). */
  readonly startTicks: string
}

/**
 * The process table under `proc`. Processes end between two looks and some are not ours to look at: what cannot be read
 * is not there, so everything answers undefined instead of throwing.
 */
export class ProcessTable {
  readonly #proc: string

  constructor(proc: string) {
    this.#proc = proc
  }

  pids(): readonly number[] {
    return (attempt(() => readdirSync(this.#proc)) ?? []).filter((name) => /^[0-9]+$/.test(name)).map(Number)
  }

  executablePath(pid: number): string | undefined {
    return attempt(() => readlinkSync(this.path(pid, 'exe')).replace(/ \(deleted\)$/, ''))
  }

  executable(pid: number): Executable | undefined {
    const path = this.executablePath(pid)
    // The link leads to the file that runs, even after another took its name.
    const stats = attempt(() => statSync(this.path(pid, 'exe'), { bigint: true }))
    return path === undefined || stats === undefined ? undefined : { path, stats }
  }

  workingDirectory(pid: number): string | undefined {
    return attempt(() => readlinkSync(this.path(pid, 'cwd')))
  }

  stat(pid: number): ProcessStat | undefined {
    const text = attempt(() => readFileSync(this.path(pid, 'stat'), 'utf8'))
    return text === undefined ? undefined : parseProcessStat(text)
  }

  /** From `status`; the owner of the directory is root's for every process that made itself undumpable (proc(5)). */
  effectiveUid(pid: number): number | undefined {
    const text = attempt(() => readFileSync(this.path(pid, 'status'), 'utf8')) ?? ''
    const uid = /^Uid:\t[0-9]+\t([0-9]+)/m.exec(text)?.[1]
    return uid === undefined ? undefined : Number(uid)
  }

  args(pid: number): readonly string[] {
    const text = attempt(() => readFileSync(this.path(pid, 'cmdline'), 'utf8')) ?? ''
    return text.replace(/\0+$/, '').split('\0')
  }

  bootId(): string | undefined {
    return attempt(() => readFileSync(`${this.#proc}/sys/kernel/random/boot_id`, 'utf8').trim())
  }

  /**
   * Milliseconds since boot, in hundredths of a second, by the clock that start times are counted on: setting the time
   * of day does not move it.
   */
  uptimeMs(): number | undefined {
    const seconds = /^[0-9.]+/.exec(attempt(() => readFileSync(`${this.#proc}/uptime`, 'utf8')) ?? '')?.[0]
    return seconds === undefined ? undefined : Number(seconds) * 1000
  }

  path(pid: number, name: string): string {
    return `${this.#proc}/${pid}/${name}`
  }
}

/** The second field is the program's name in parentheses and may itself hold spaces and parentheses. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, parentPid, startTicks] = [fields[0], fields[1], fields[19]]
  if (parentPid === undefined || startTicks === undefined || state === 'Z' || state === 'X') return undefined
  return { parentPid: Number(parentPid), startTicks }
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
