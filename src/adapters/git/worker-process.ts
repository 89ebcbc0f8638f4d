import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gitFailure, unpackFailure } from './git-failures.ts'
import { watchMemory } from './worker-memory.ts'
import type { Outcome, Request, Response } from './worker-protocol.ts'

export interface WorkerProcess {
  /**
   * Starts the child if none runs, sends one request and awaits its answer. The caller sends one at a time.
   * @param killAfterMs without an answer by then, the child is killed: it may be busy and deaf to everything else
   * @throws Failure GIT_TIMEOUT, GIT_WORKER_DIED, GIT_PACK_TOO_LARGE, or what the worker reported; the signal's reason when aborted
   */
  call(request: Request, killAfterMs: number, signal: AbortSignal): Promise<Outcome>
  /** Process id while a child runs. */
  pid(): number | undefined
  close(): Promise<void>
}

export interface WorkerProcessOptions {
  /** Entry of the worker; the one beside this code unless told. */
  readonly workerPath?: URL | undefined
  readonly idleMs: number
  /** A worker that holds more is killed; 1.5 GiB unless told. */
  readonly maxMemoryBytes?: number | undefined
  /** Compiled code is kept here, so that the next start is quick. Nobody else may write to it. */
  readonly cacheDirectory: string
}

const defaultMemoryBytes = 1536 * 1024 * 1024

/** Settings of the environment that reach the worker: how to get out to the network, and whom to trust there. */
const passedOn = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
]

export function createWorkerProcess(options: WorkerProcessOptions): WorkerProcess {
  let child: ChildProcess | undefined
  let idle: NodeJS.Timeout | undefined

  function start(): ChildProcess {
    const started = fork(fileURLToPath(options.workerPath ?? workerBesideThis()), [], {
      serialization: 'advanced',
      // A group of its own: Ctrl-C in a terminal is for the parent, which ends the worker in its own time.
      detached: true,
      env: workerEnvironment(options.cacheDirectory),
      execArgv: ['--max-old-space-size=512', '--max-semi-space-size=4'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    // An error shows as the exit, or as a send that fails.
    started.on('error', () => undefined)
    started.once('exit', () => {
      if (child === started) child = undefined
    })
    started.unref()
    started.channel?.unref()
    return started
  }

  function call(request: Request, killAfterMs: number, signal: AbortSignal): Promise<Outcome> {
    clearTimeout(idle)
    const worker = child ?? start()
    child = worker
    worker.channel?.ref()
    return new Promise<Outcome>((resolve, reject) => {
      const { shown } = request.settings
      const finish = (end: () => void): void => {
        clearTimeout(deadline)
        unwatch()
        signal.removeEventListener('abort', abandon)
        worker.off('message', receive)
        worker.off('exit', died)
        worker.channel?.unref()
        idle = setTimeout(() => letGo(worker), options.idleMs)
        idle.unref()
        end()
      }
      const give = (why: unknown): void => {
        worker.kill('SIGKILL')
        if (child === worker) child = undefined
        finish(() => reject(why))
      }
      const receive = (response: Response): void => {
        if (response.id !== request.id) return
        finish(() => {
          if ('failure' in response) reject(unpackFailure(response.failure))
          else resolve(response.outcome)
        })
      }
      const died = (code: number | null, by: string | null): void => {
        finish(() => reject(gitFailure('GIT_WORKER_DIED', shown, `exit ${by ?? code ?? 'unknown'}`)))
      }
      const abandon = (): void => give(signal.reason)
      const deadline = setTimeout(() => give(gitFailure('GIT_TIMEOUT', shown)), killAfterMs)
      const unwatch =
        worker.pid === undefined
          ? () => undefined
          : watchMemory(worker.pid, options.maxMemoryBytes ?? defaultMemoryBytes, () =>
              give(gitFailure('GIT_PACK_TOO_LARGE', shown)),
            )
      signal.addEventListener('abort', abandon, { once: true })
      worker.on('message', receive)
      worker.once('exit', died)
      if (signal.aborted) return abandon()
      worker.send(request, (cause) => {
        if (cause !== null) give(gitFailure('GIT_WORKER_DIED', shown, undefined, cause))
      })
    })
  }

  /** The worker ends by itself when the channel closes. */
  function letGo(worker: ChildProcess): void {
    if (child === worker) child = undefined
    if (worker.connected) worker.disconnect()
  }

  return {
    call,
    pid: () => child?.pid,
    async close() {
      clearTimeout(idle)
      const worker = child
      child = undefined
      if (worker === undefined || worker.exitCode !== null || worker.signalCode !== null) return
      await new Promise<void>((resolve) => {
        worker.once('exit', () => resolve())
        worker.ref()
        worker.kill('SIGKILL')
      })
    },
  }
}

/** `git-worker.ts` among the sources, `git-worker.js` in the bundle: both lie beside the code that runs. */
function workerBesideThis(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './git-worker.ts' : './git-worker.js', import.meta.url)
}

function workerEnvironment(cacheDirectory: string): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { NODE_COMPILE_CACHE: join(cacheDirectory, 'compiled') }
  for (const name of passedOn) {
    const value = process.env[name]
    if (value !== undefined) environment[name] = value
  }
  return environment
}
