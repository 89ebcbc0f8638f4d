import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { appendFile, chmod, copyFile, mkdir, realpath, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { k3sPaths } from '../../src/k3s/locations.ts'

export interface StandInOptions {
  /** Part of the binary, so that another version is another digest. */
  readonly version: string
  /** Path as K3s sees it → content. */
  readonly packagedFiles: ReadonlyMap<string, string>
  /** From the start of the process to the first staged file; 0 unless told. */
  readonly stageAfterMs?: number
}

export interface StandInK3s {
  readonly pid: number
  /** Resolves once all packaged files have been written. */
  staged(): Promise<void>
  stop(): Promise<void>
  /** What an upgrade does: the binary is replaced under the running process, then that is stopped and the new one started. */
  upgrade(options: StandInOptions): Promise<void>
}

/**
 * A process that looks to its surroundings like a K3s server below `root`: a binary named `k3s` with the argument
 * `server`, which stages packaged files as K3s does: opened with truncation, so that an existing file keeps its mode.
 * It is a shell, and `server` is its script. It ends with `stop`, and when this process ends.
 */
export async function startStandInK3s(root: string, options: StandInOptions): Promise<StandInK3s> {
  let running = await startVersion(root, options)
  return {
    get pid() {
      return running.pid
    },
    staged: () => running.staged,
    stop: () => running.stop(),
    upgrade: async (next) => {
      await install(root, next.version)
      await running.stop()
      running = await startVersion(root, next)
    },
  }
}

interface Running {
  readonly pid: number
  readonly staged: Promise<void>
  stop(): Promise<void>
}

async function startVersion(root: string, options: StandInOptions): Promise<Running> {
  const binary = await install(root, options.version)
  const dataDirectory = `${root}${k3sPaths.dataDir}`
  const scriptDirectory = join(root, 'stand-in', options.version)
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 })
  await mkdir(scriptDirectory, { recursive: true })
  await writeScript(root, scriptDirectory, options)
  const child = spawn(binary, ['server', '--data-dir', dataDirectory], {
    cwd: scriptDirectory,
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  })
  await once(child, 'spawn')
  const { pid } = child
  if (pid === undefined) throw new Error('a spawned process has no pid')
  const exited = once(child, 'exit')
  return {
    pid,
    staged: Promise.race([stagedLine(child), exited.then(() => undefined)]),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) process.kill(-pid, 'SIGKILL')
      await exited
      await groupEnded(pid)
    },
  }
}

/** A child that was forked and not yet its own program looks like the server until it, too, has ended. */
async function groupEnded(group: number): Promise<void> {
  while (readdirSync('/proc').some((name) => /^[0-9]+$/.test(name) && isAliveIn(group, name))) await sleep(2)
}

function isAliveIn(group: number, pid: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return processGroup === String(group) && state !== 'Z'
  } catch {
    return false
  }
}

/** Into place by rename, as installers do, so that a running one keeps its own file. */
async function install(root: string, version: string): Promise<string> {
  const binary = join(root, 'usr/local/bin/k3s')
  await mkdir(dirname(binary), { recursive: true })
  const sibling = `${binary}.new`
  await copyFile(await realpath('/bin/sh'), sibling)
  await appendFile(sibling, `\nstand-in ${version}\n`)
  await chmod(sibling, 0o755)
  await rename(sibling, binary)
  return binary
}

async function writeScript(root: string, scriptDirectory: string, options: StandInOptions): Promise<void> {
  const lines = ['umask 077']
  if (options.stageAfterMs !== undefined) lines.push(`sleep ${options.stageAfterMs / 1000}`)
  for (const [path, content] of options.packagedFiles) {
    const [directory, target] = [quoted(dirname(root + path)), quoted(root + path)]
    lines.push(`[ -d ${directory} ] || mkdir -p ${directory}`, `printf %s ${quoted(content)} > ${target}`)
  }
  // The standard input closes when whoever started it ends.
  await writeFile(join(scriptDirectory, 'server'), [...lines, 'echo staged', 'read forever', ''].join('\n'))
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

async function stagedLine(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error('no standard output')
  await once(child.stdout, 'data')
}
