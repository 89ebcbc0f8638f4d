import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { openNodeState } from '../../src/adapters/disk/node-state.ts'
import type { NetworkProgram } from '../../src/domain/network-program.ts'
import type { NodeProgram } from '../../src/domain/program.ts'
import type { StatusSnapshot } from '../../src/domain/status.ts'
import { programDigest } from '../../src/schema/program/node-program.ts'
import { recordingLog } from './recording-log.ts'

const sources = resolve(import.meta.dirname, '../../src/main.ts')

/** A `fairlead agent` of its own process, inside a network namespace, with a root of its own. */
export interface TestAgent {
  readonly root: string
  readonly stateDirectory: string
  readonly pid: () => number
  /** Everything that it logged, a line each. */
  readonly log: () => string
  /** Replaces the program file, as a controller would. */
  write(network: NetworkProgram | undefined): void
  /** As after `fairlead adopt`. */
  adopt(): Promise<void>
  start(): void
  stop(signal?: NodeJS.Signals): Promise<void>
  status(): StatusSnapshot | undefined
  statusUntil(isAsWanted: (status: StatusSnapshot) => boolean, timeoutMs?: number): Promise<StatusSnapshot>
  /** Runs another verb on the same machine. */
  verb(...args: readonly string[]): Promise<{ readonly code: number | null; readonly out: string }>
  close(): Promise<void>
}

export interface TestAgentOptions {
  /** Kept by the test across agents: a restart of the machine keeps its disk. */
  readonly root?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly interval?: string
  /** What Node is started with, flags before it; the sources when absent. */
  readonly entry?: readonly string[]
  /** Stands before the program, inside the namespace: what gives the process other files or rights. */
  readonly wrap?: readonly string[]
}

/** @param namespace name of a network namespace */
export function newTestAgent(namespace: string, options: TestAgentOptions = {}): TestAgent {
  const root = options.root ?? mkdtempSync(join(tmpdir(), 'fairlead-agent-'))
  const stateDirectory = join(root, 'var/lib/fairlead')
  const programFile = join(stateDirectory, 'program.json')
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 })
  let child: ChildProcess | undefined
  let logged = ''
  const common = ['--root', root, '--node', 'n1', '--kernel', 'on']
  const inside = (args: readonly string[]): ChildProcess =>
    spawn(
      'ip',
      ['netns', 'exec', namespace, ...(options.wrap ?? []), process.execPath, ...(options.entry ?? [sources]), ...args],
      {
        env: { ...process.env, ...options.environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )

  const agent: TestAgent = {
    root,
    stateDirectory,
    pid: () => child?.pid ?? 0,
    log: () => logged,
    write(network) {
      writeFileSync(`${programFile}.new`, JSON.stringify(nodeProgram(network)), { mode: 0o600 })
      renameSync(`${programFile}.new`, programFile)
    },
    adopt: () =>
      openNodeState({ stateDirectory, log: recordingLog() }).writeAdoption({
        cluster: 'home',
        node: 'n1',
        adoptedAt: '2026-03-01T12:00:00Z',
        takenOver: {},
      }),
    start() {
      const interval = ['--interval', options.interval ?? '30s']
      child = inside([
        'agent',
        ...common,
        ...interval,
        '--listen',
        'off',
        '--log-format',
        'json',
        '--log-level',
        'debug',
      ])
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', (chunk: Buffer) => {
          logged += chunk.toString('utf8')
        })
      }
    },
    async stop(signal = 'SIGTERM') {
      const running = child
      child = undefined
      if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
      const ended = new Promise((settle) => running.once('close', settle))
      running.kill(signal)
      await ended
    },
    status: () => readStatus(stateDirectory),
    async statusUntil(isAsWanted, timeoutMs = 20_000) {
      const deadline = Date.now() + timeoutMs
      for (;;) {
        const status = readStatus(stateDirectory)
        if (status !== undefined && isAsWanted(status)) return status
        if (Date.now() > deadline) {
          throw new Error(`not within ${timeoutMs} ms: ${JSON.stringify(status, undefined, 1)}\n${logged}`)
        }
        await new Promise((settle) => setTimeout(settle, 20))
      }
    },
    verb: (...args) => {
      const [name = '', ...rest] = args
      const running = inside([name, '--root', root, ...rest])
      let out = ''
      for (const stream of [running.stdout, running.stderr]) {
        stream?.on('data', (chunk: Buffer) => {
          out += chunk.toString('utf8')
        })
      }
      return new Promise((settle) => running.once('close', (code) => settle({ code, out })))
    },
    async close() {
      await agent.stop('SIGKILL')
      if (options.root === undefined) rmSync(root, { recursive: true, force: true })
    },
  }
  return agent
}

function readStatus(stateDirectory: string): StatusSnapshot | undefined {
  try {
    return JSON.parse(readFileSync(join(stateDirectory, 'status.json'), 'utf8')) as StatusSnapshot
  } catch {
    return undefined
  }
}

export function nodeProgram(network: NetworkProgram | undefined): NodeProgram {
  const program = {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'NodeProgram',
    cluster: 'home',
    node: 'n1',
    role: 'server',
    k3sVersion: 'v1.33.4+k3s1',
    files: [],
    packaged: { disabled: [], clusterDNS: ['10.43.0.10'], clusterDomain: 'cluster.local' },
    drift: { packagedFiles: 'Report', drops: 'Allow' },
    ...(network === undefined ? {} : { network }),
  } as const
  return { ...program, digest: programDigest(program) }
}
