import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A server of a test that runs as a process of its own. */
export interface ChildServer {
  readonly pid: number
  /** Undefined while it runs. */
  ended(): string | undefined
  /** By its process id, and not before it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** Of util-linux: has the kernel end a process when its parent is killed, and becomes it. */
const setpriv = '/usr/bin/setpriv'

/** @param logFile takes everything it says */
export function startChild(binary: string, argv: readonly string[], logFile: string): ChildServer {
  const log = openSync(logFile, 'a')
  const [program, ...before] = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'KILL', binary] : [binary]
  const child = spawn(program, [...before, ...argv], { stdio: ['ignore', log, log] })
  closeSync(log)
  let failure: string | undefined
  child.on('error', (error) => {
    failure = error.message
  })
  // Nobody that a test starts outlives it.
  const kill = (): void => {
    child.kill('SIGKILL')
  }
  process.once('exit', kill)
  return {
    pid: child.pid ?? -1,
    ended: () => failure ?? endOf(child, logFile),
    async stop(signal = 'SIGTERM') {
      process.removeListener('exit', kill)
      if (child.exitCode !== null || child.signalCode !== null || failure !== undefined) return
      const gone = once(child, 'exit')
      child.kill(signal)
      const late = setTimeout(kill, 10_000)
      await gone
      clearTimeout(late)
    },
  }
}

function endOf(child: ChildProcess, logFile: string): string | undefined {
  if (child.exitCode === null && child.signalCode === null) return undefined
  const lastLines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-5)
  return `ended with ${child.exitCode ?? child.signalCode}:\n${lastLines.join('\n')}`
}

/** Ports of the loopback interface that were free just now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    return address.port
  })
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** Asks until the answer is yes. */
export async function untilReady(
  what: string,
  server: ChildServer,
  timeoutMs: number,
  isReady: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await isReady())) {
    const end = server.ended()
    if (end !== undefined) throw new Error(`${what} ${end}`)
    if (performance.now() > deadline) throw new Error(`${what} was not ready within ${timeoutMs} ms`)
    await sleep(50)
  }
}
