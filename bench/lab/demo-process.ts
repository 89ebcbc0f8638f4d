import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const entry = new URL('../../bin/fairlead.cjs', import.meta.url).pathname

/** `fairlead demo` from the bundle, in a folder of its own, with a clone of its repository beside it. */
export interface Demo {
  readonly directory: string
  readonly clone: string
  readonly manifests: string
  readonly repositoryUrl: string
  readonly pid: number
  git(...args: string[]): Promise<string>
  stop(): Promise<void>
}

export async function startDemo(...extra: readonly string[]): Promise<Demo> {
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-bench-'))
  const child = spawn(process.execPath, [entry, 'demo', '--dir', directory, '--listen', '127.0.0.1:0', ...extra], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const welcome = await untilWelcome(child)
  const repositoryUrl = /http:\S+\.git/.exec(welcome)?.[0]
  if (repositoryUrl === undefined) throw new Error(`the demo printed no repository URL: ${welcome}`)
  const clone = join(directory, 'clone')
  const git = async (...args: string[]): Promise<string> =>
    (await run('git', args, { cwd: clone, env: gitEnvironment(directory) })).stdout
  await run('git', ['clone', '--quiet', repositoryUrl, clone], { env: gitEnvironment(directory) })
  const manifests = join(directory, 'root/var/lib/rancher/k3s/server/manifests')
  await until(() => contentOf(join(manifests, 'fairlead-traefik.yaml')) !== undefined, 10_000)
  return {
    directory,
    clone,
    manifests,
    repositoryUrl,
    pid: child.pid ?? 0,
    git,
    stop: async () => {
      child.kill('SIGTERM')
      await new Promise((resolve) => child.once('exit', resolve))
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Checks a thousand times a second at the most. */
export async function until(isTrue: () => boolean, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`not seen within ${limitMs} ms`)
    await sleep(1)
  }
}

export function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Resident memory of a process and of its children, in MiB. */
export function residentMiB(pid: number): { readonly own: number; readonly children: number } {
  const children = (contentOf(`/proc/${pid}/task/${pid}/children`) ?? '').trim().split(' ').filter(Boolean).map(Number)
  return { own: rssMiB(pid), children: children.reduce((sum, child) => sum + rssMiB(child), 0) }
}

/** Processor time that a process has used so far, in milliseconds (100 clock ticks a second). */
export function cpuMs(pid: number): number {
  const fields = (contentOf(`/proc/${pid}/stat`) ?? '').replace(/^.*\) /, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function rssMiB(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(contentOf(`/proc/${pid}/status`) ?? '')?.[1]
  return Math.round((Number(kib ?? 0) / 1024) * 10) / 10
}

async function untilWelcome(child: ChildProcess): Promise<string> {
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  await until(() => text.includes('Ctrl-C') || child.exitCode !== null, 20_000)
  return text
}

function gitEnvironment(home: string): NodeJS.ProcessEnv {
  const who = { GIT_AUTHOR_NAME: 'Bench', GIT_AUTHOR_EMAIL: 'bench@example.org' }
  const committer = { GIT_COMMITTER_NAME: 'Bench', GIT_COMMITTER_EMAIL: 'bench@example.org' }
  return { PATH: process.env['PATH'], HOME: home, GIT_CONFIG_NOSYSTEM: '1', ...who, ...committer }
}
