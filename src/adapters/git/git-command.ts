import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { gitFailure } from './git-failures.ts'

/** Where systems keep git. PATH is not asked: it is whoever started us who wrote it. */
const binaries = [
  '/usr/bin/git',
  '/usr/local/bin/git',
  '/bin/git',
  '/opt/homebrew/bin/git',
  '/run/current-system/sw/bin/git',
]
let found: string | undefined

/** Absolute path of git. @throws Failure GIT_MISSING */
export function findGit(): string {
  found ??= binaries.find((path) => existsSync(path))
  if (found === undefined) throw gitFailure('GIT_MISSING', binaries.join(', '))
  return found
}

export interface GitCall {
  readonly args: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  readonly directory: string
  /** Written to its standard input, which is closed then. */
  readonly input?: Uint8Array | string
  /** More output than this ends the command with TREE_TOO_LARGE. */
  readonly maxOutputBytes?: number
  readonly signal: AbortSignal
}

export interface GitResult {
  /** -1 when a signal ended it. */
  readonly exit: number
  readonly stdout: Buffer
  readonly stderr: string
}

const maxStderrBytes = 16 * 1024
const defaultOutputBytes = 16 * 1024 * 1024

/**
 * Runs git in a process group of its own, and ends the whole group when `signal` is aborted: git hands the network to
 * children that would outlive it.
 *
 * @throws Failure GIT_MISSING, TREE_TOO_LARGE; the signal's reason
 */
export async function runGit(call: GitCall): Promise<GitResult> {
  call.signal.throwIfAborted()
  const child = spawn(findGit(), [...call.args], {
    cwd: call.directory,
    env: call.environment,
    detached: true,
    stdio: 'pipe',
  })
  const stop = (): void => killGroup(child)
  call.signal.addEventListener('abort', stop, { once: true })
  // Git may close its input early; what it had to say is in its exit and on stderr.
  child.stdin.on('error', () => undefined)
  child.stdin.end(call.input)
  const parts: Buffer[] = []
  let bytes = 0
  let isTooLarge = false
  child.stdout.on('data', (part: Buffer) => {
    bytes += part.length
    if (bytes <= (call.maxOutputBytes ?? defaultOutputBytes)) parts.push(part)
    else {
      isTooLarge = true
      stop()
    }
  })
  let stderr = ''
  child.stderr.setEncoding('utf8')
  child.stderr.on('data', (part: string) => {
    if (stderr.length < maxStderrBytes) stderr = (stderr + part).slice(0, maxStderrBytes)
  })
  try {
    const exit = await new Promise<number>((resolve, reject) => {
      child.once('error', (cause) => reject(gitFailure('GIT_MISSING', findGit(), undefined, cause)))
      child.once('close', (code) => resolve(code ?? -1))
    })
    call.signal.throwIfAborted()
    if (isTooLarge) throw gitFailure('TREE_TOO_LARGE', call.directory)
    return { exit, stdout: Buffer.concat(parts), stderr: stderr.trim() }
  } finally {
    call.signal.removeEventListener('abort', stop)
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // Gone between the look and the kill.
  }
}
