import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { Failure } from '../../domain/failure.ts'

const maxStderrBytes = 4096

export interface GitProcess {
  readonly child: ChildProcessWithoutNullStreams
  /** Ends git and everything it started. */
  readonly stop: () => void
  /**
   * Exit code, or the signal's name, and the first 4 KiB of what it said, once its output has been read to the end;
   * rejects only when git cannot be started.
   * @throws Failure GIT_MISSING
   */
  readonly ended: Promise<{ readonly exit: number | string; readonly stderr: string }>
}

/** Git with fixed arguments, no shell, no configuration but ours, in a process group of its own. */
export function startGit(args: readonly string[], directory: string, environment: NodeJS.ProcessEnv = {}): GitProcess {
  const child = spawn('git', [...args], {
    cwd: directory,
    detached: true,
    stdio: 'pipe',
    env: {
      PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
      LC_ALL: 'C',
      HOME: '/nonexistent',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_TERMINAL_PROMPT: '0',
      ...environment,
    },
  })
  // Git may close its input early; what it had to say is on stderr and in its exit code.
  child.stdin.on('error', () => undefined)
  let stderr = ''
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (chunk: string) => {
    if (stderr.length < maxStderrBytes) stderr = (stderr + chunk).slice(0, maxStderrBytes)
  })
  const ended = new Promise<{ exit: number | string; stderr: string }>((resolve, reject) => {
    child.once('error', (cause) => reject(gitMissing(cause)))
    child.once('close', (code, signal) => resolve({ exit: code ?? signal ?? 'unknown', stderr: stderr.trim() }))
  })
  return { child, ended, stop: () => stopGroup(child) }
}

function stopGroup(child: ChildProcessWithoutNullStreams): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, 'SIGTERM')
  } catch {
    // Gone between the look and the kill.
  }
}

function gitMissing(cause: Error): Failure {
  return new Failure(
    'git could not be started',
    {
      code: 'GIT_MISSING',
      where: 'git',
      fix: 'install git 2.28 or newer, and have it on the PATH',
      retry: 'when-changed',
    },
    { cause },
  )
}
