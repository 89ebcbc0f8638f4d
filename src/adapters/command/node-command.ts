import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { CommandOptions, CommandPort, CommandResult } from '../../ports/command-port.ts'

/** Where root's programs are, in the order of root's PATH. What a user put elsewhere is never run. */
const directories = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']
const [markName, markValue] = ['FAIRLEAD_OWNER', `${process.pid}-${randomBytes(8).toString('hex')}`]
/** The mark comes first: tools that read an environment as text see no further than its first variable. */
const environment = { [markName]: markValue, PATH: directories.join(':'), LC_ALL: 'C' } as const
const defaultTimeoutMs = 10_000
const defaultOutputBytes = 64 * 1024 * 1024
const errorBytes = 256 * 1024

/**
 * Programs of this machine.
 * @param prefix put before every argument list: how a test runs them inside a network namespace
 */
export function openCommands(prefix: readonly string[] = []): CommandPort {
  return {
    mark: `${markName}=${markValue}`,
    run: (argv, options = {}) => runCommand([...prefix, ...argv], options),
    follow: (argv, listener) => followCommand([...prefix, ...argv], listener),
    find: findProgram,
  }
}

async function findProgram(program: string): Promise<string | undefined> {
  for (const directory of directories) {
    const path = `${directory}/${program}`
    try {
      await access(path, constants.X_OK)
      return path
    } catch {
      // The next directory may have it.
    }
  }
  return undefined
}

function start(argv: readonly string[], options: CommandOptions): ChildProcess {
  const [program = '', ...args] = argv
  return spawn(program, args, {
    // Its own group, so that a time-out ends its children as well.
    detached: true,
    env: { ...environment, ...options.environment },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
}

function runCommand(argv: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const began = performance.now()
  const child = start(argv, options)
  const limit = options.maxOutputBytes ?? defaultOutputBytes
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
  const seen = { stdout: 0, stderr: 0 }
  let failed: CommandResult['failed']
  const end = (reason: NonNullable<CommandResult['failed']>): void => {
    failed ??= reason
    killGroup(child)
  }
  const timer = setTimeout(() => end('timeout'), options.timeoutMs ?? defaultTimeoutMs)
  child.stdout?.on('data', (chunk: Buffer) => {
    seen.stdout += chunk.length
    if (seen.stdout > limit) end('output-limit')
    else stdout.push(chunk)
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    seen.stderr += chunk.length
    if (seen.stderr <= errorBytes) stderr.push(chunk)
  })
  // A program that ends before it has read its input makes the pipe an error; its exit status tells the story.
  child.stdin?.on('error', () => {})
  child.stdin?.end(options.input)
  return new Promise((resolve) => {
    const settle = (code: number | null, signal: string | null): void => {
      clearTimeout(timer)
      resolve({
        code: failed === undefined ? (code ?? undefined) : undefined,
        ...(signal === null ? {} : { signal }),
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8'),
        tookMs: performance.now() - began,
        ...(failed === undefined ? {} : { failed }),
      })
    }
    child.once('error', (error: NodeJS.ErrnoException) => {
      failed ??= error.code === 'ENOENT' ? 'not-found' : 'not-started'
      if (child.pid === undefined) settle(null, null)
    })
    child.once('close', settle)
  })
}

function followCommand(
  argv: readonly string[],
  listener: Parameters<CommandPort['follow']>[1],
): ReturnType<CommandPort['follow']> {
  const child = start(argv, {})
  let stopped = false
  const ended = new Promise<void>((resolve) => {
    const over = (reason: string): void => {
      if (!stopped) listener.onEnd(reason)
      stopped = true
      resolve()
    }
    child.once('error', (error) => over(error.message))
    child.once('close', (code, signal) => over(signal === null ? `exit status ${code}` : `signal ${signal}`))
  })
  for (const stream of ['stdout', 'stderr'] as const) {
    const input = child[stream]
    if (input === null) continue
    createInterface({ input }).on('line', (line) => {
      if (!stopped) listener.onLine(line, stream)
    })
  }
  return {
    stop: async () => {
      stopped = true
      killGroup(child)
      await ended
    },
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}
