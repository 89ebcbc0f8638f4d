import { linkSync, readdirSync, readFileSync, unlinkSync } from 'node:fs'
import { Failure } from '../../domain/failure.ts'
import { temporaryName, writeAtomically } from './atomic-write.ts'
import type { Directory } from './directory.ts'
import { errnoOf } from './disk-failure.ts'
import type { StateDirectory } from './state-directory.ts'

const lockName = /^fairlead\.pid\.([0-9]{1,15})$/

interface Holder {
  readonly pid: number
  /** Field 22 of `/proc/<pid>/stat`; empty where there is no /proc. */
  readonly startTicks: string
  readonly bootId: string
}

/**
 * One writer for a state directory. The lock is the file `fairlead.pid.<n>` with the highest number, if its process
 * lives. Whoever finds a dead one links number n + 1, which only one can; lower numbers are removed after that and the
 * highest never is, so two that find the same dead lock cannot both win, as they could if they removed it first.
 *
 * @returns a function that gives the lock back
 * @throws Failure ALREADY_RUNNING, naming the pid
 */
export async function acquireStateLock(state: StateDirectory): Promise<() => Promise<void>> {
  const self: Holder = { pid: process.pid, startTicks: startTicksOf(process.pid) ?? '', bootId: bootId() }
  const number = await state.within('make', async (directory) => {
    for (;;) {
      const highest = highestLock(directory)
      const holder = highest === 0 ? undefined : readHolder(directory, highest)
      if (holder !== undefined && isAlive(holder)) throw alreadyRunning(directory.path, holder)
      const mine = highest + 1
      if (!(await linkLock(directory, mine, self))) continue
      if (highestLock(directory) === mine) {
        removeLower(directory, mine)
        return mine
      }
      // Others went past while we stood between looking and linking: theirs is the lock.
      unlinkSync(directory.at(lockFile(mine)))
    }
  })
  if (number === undefined) throw new Error('a directory that was just made is not there')
  return async () => {
    // Given back by saying that nobody holds it: the highest number has to stay.
    await state.write(lockFile(number), '{}\n')
  }
}

/** The process that holds the lock now; undefined when none does. Changes nothing. */
export async function lockHolder(state: StateDirectory): Promise<number | undefined> {
  return state.within('undefined', async (directory) => {
    const highest = highestLock(directory)
    const holder = highest === 0 ? undefined : readHolder(directory, highest)
    return holder !== undefined && isAlive(holder) ? holder.pid : undefined
  })
}

async function linkLock(directory: Directory, number: number, holder: Holder): Promise<boolean> {
  const sibling = temporaryName()
  await writeAtomically(directory, sibling, `${JSON.stringify(holder)}\n`)
  try {
    linkSync(directory.at(sibling), directory.at(lockFile(number)))
    await directory.sync()
    return true
  } catch (cause) {
    if (errnoOf(cause) === 'EEXIST') return false
    throw cause
  } finally {
    unlinkSync(directory.at(sibling))
  }
}

function highestLock(directory: Directory): number {
  return Math.max(0, ...lockNumbers(directory))
}

function removeLower(directory: Directory, mine: number): void {
  for (const number of lockNumbers(directory)) {
    if (number >= mine) continue
    try {
      unlinkSync(directory.at(lockFile(number)))
    } catch (cause) {
      if (errnoOf(cause) !== 'ENOENT') throw cause
    }
  }
}

function lockNumbers(directory: Directory): number[] {
  return readdirSync(directory.at()).flatMap((name) => {
    const number = lockName.exec(name)?.[1]
    return number === undefined ? [] : [Number(number)]
  })
}

function lockFile(number: number): string {
  return `fairlead.pid.${number}`
}

function readHolder(directory: Directory, number: number): Holder | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(directory.at(lockFile(number)), 'utf8'))
    if (typeof parsed !== 'object' || parsed === null) return undefined
    const { pid, startTicks, bootId: boot } = parsed as { pid?: unknown; startTicks?: unknown; bootId?: unknown }
    return typeof pid === 'number' && typeof startTicks === 'string' && typeof boot === 'string'
      ? { pid, startTicks, bootId: boot }
      : undefined
  } catch (cause) {
    if (cause instanceof SyntaxError || errnoOf(cause) === 'ENOENT') return undefined
    throw cause
  }
}

/** A pid alone proves nothing: it is handed out again, and starts over with every boot. */
function isAlive(holder: Holder): boolean {
  if (holder.bootId !== bootId()) return false
  if (holder.startTicks !== '') return startTicksOf(holder.pid) === holder.startTicks
  try {
    return process.kill(holder.pid, 0)
  } catch (cause) {
    return errnoOf(cause) === 'EPERM'
  }
}

/** Undefined for a process that is gone, or is only waited for. The name in the second field may hold anything. */
function startTicksOf(pid: number): string | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}

function alreadyRunning(where: string, holder: Holder): Failure {
  return new Failure(`another Fairlead (process ${holder.pid}) works with ${where}`, {
    code: 'ALREADY_RUNNING',
    where,
    fix: `use the one that runs, stop process ${holder.pid}, or name another state directory`,
    retry: 'never',
  })
}
