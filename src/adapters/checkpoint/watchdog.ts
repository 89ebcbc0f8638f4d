import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { lives, type ProcessIdentity, processIdentity } from './boot-clock.ts'
import { checkpointFailure } from './checkpoint-failure.ts'

export interface Watchdog {
  /** The shell that waits for the timer, the timer, and the shell that waits for the pipe. */
  readonly processes: readonly ProcessIdentity[]
  /** Closes our end of the pipe, for when the decision is made: before it, this takes the change back. */
  release(): void
}

const patienceMs = 3_000

/**
 * Starts `watchdog.sh` in a session of its own, so that neither the end of this process nor of its group reaches it, and
 * proves that all of its processes live. `detached` alone makes the session: with setsid(1) besides, the child that holds
 * our pipe would be gone at once, and the change taken back before it is made.
 *
 * Started here and not by CommandPort, which waits for what it starts.
 *
 * @throws Failure CHECKPOINT_UNARMED
 */
export async function startWatchdog(folder: string, sh: string): Promise<Watchdog> {
  const child = spawn(sh, [`${folder}/watchdog.sh`], {
    cwd: '/',
    detached: true,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  let failed: Error | undefined
  child.on('error', (error) => {
    failed = error
  })
  // It ends by itself after a confirmation; a pipe without a reader is no error then.
  child.stdin.on('error', () => {})
  child.unref()
  if (child.stdin instanceof Socket) child.stdin.unref()
  const release = (): void => {
    child.stdin.destroy()
  }
  const until = performance.now() + patienceMs
  while (failed === undefined && performance.now() < until) {
    const processes = child.pid === undefined ? undefined : readProcesses(folder, child.pid)
    if (processes !== undefined) return { processes, release }
    await sleep(3)
  }
  endProcesses(child.pid === undefined ? [] : [processIdentity(child.pid)])
  release()
  throw checkpointFailure(
    'CHECKPOINT_UNARMED',
    `the watchdog did not start: ${failed?.message ?? 'no sign of it'}`,
    folder,
  )
}

/** Ends watchdogs of a checkpoint that is decided, also those that another process started. */
export function endWatchdogs(processes: readonly ProcessIdentity[]): void {
  // The shell that waits for the timer is left alone: it wakes up, finds the decision, and ends.
  endProcesses(processes.slice(1))
}

function readProcesses(folder: string, main: number): readonly ProcessIdentity[] | undefined {
  let line: string
  try {
    line = readFileSync(`${folder}/watchdog.pids`, 'utf8')
  } catch {
    return undefined
  }
  if (!line.endsWith('\n')) return undefined
  const [shell, ...children] = line.trim().split(' ').map(Number).map(processIdentity)
  if (shell?.pid !== main || children.length !== 2) return undefined
  const found = children.filter((child) => child !== undefined && child.parent === main)
  if (found.length !== 2) return undefined
  return [shell, ...found.filter((child) => child !== undefined)].map(({ pid, startTicks }) => ({ pid, startTicks }))
}

function endProcesses(processes: readonly (ProcessIdentity | undefined)[]): void {
  for (const identity of processes) {
    if (identity === undefined || !lives(identity)) continue
    try {
      process.kill(identity.pid, 'SIGTERM')
    } catch {
      // It has ended meanwhile.
    }
  }
}
