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

  args(pid: number): readonly string[] {
    const text = attempt(() => readFileSync(this.path(pid, 'cmdline'), 'utf8')) ?? ''
    return text.replace(/\0+$/, '').split('\0')
  }

  bootId(): string | undefined {
    return attempt(() => readFileSync(`${this.#proc}/sys/kernel/random/boot_id`, 'utf8').trim())
  }

  /** Epoch seconds of the boot, by the line `btime` of `/proc/stat`. */
  bootedAtSeconds(): number | undefined {
    const line = /^btime ([0-9]+)$/m.exec(attempt(() => readFileSync(`${this.#proc}/stat`, 'utf8')) ?? '')
    return line?.[1] === undefined ? undefined : Number(line[1])
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
