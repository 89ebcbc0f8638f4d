import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCommands } from '../../src/adapters/command/node-command.ts'
import { type LabOwner, labPrefix, ownerOf, startTicksOf } from './lab-names.ts'

/** Namespaces under one name prefix, a folder, and the certainty that both go away. */
export interface Scaffold {
  readonly prefix: string
  /** A folder of the lab's own: lock files, state. */
  readonly directory: string
  readonly nameOf: (role: string) => string
  /** Ends every process inside, deletes the namespaces and the folder. May be called twice. */
  readonly down: () => Promise<void>
}

const commands = openCommands()
/** Once for each process: labs of dead ones do not come up while this one runs. */
let swept: Promise<void> | undefined

/** @param roles the namespaces that are going to be made, so that they are removed however this process ends */
export async function newScaffold(roles: readonly string[]): Promise<Scaffold> {
  swept ??= removeStale()
  await swept
  const startTicks = startTicksOf(await readFile('/proc/self/stat', 'utf8')) ?? '0'
  const prefix = labPrefix({ pid: process.pid, startTicks }, randomBytes(3).toString('hex'))
  const nameOf = (role: string): string => `${prefix}-${role}`
  const names = roles.map(nameOf)
  const directory = await mkdtemp(join(tmpdir(), `${prefix}-`))
  const reaper = startReaper(names, directory)
  let gone: Promise<void> | undefined
  return {
    prefix,
    directory,
    nameOf,
    down: () => {
      gone ??= removeNamespaces(names).then(async () => {
        await rm(directory, { recursive: true, force: true })
        reaper.stdin?.end('done\n')
      })
      return gone
    },
  }
}

/**
 * A shell in a session of its own whose stdin is a pipe from this process: however this process ends, kill -9 included,
 * the pipe closes, and the shell takes the lab down.
 */
function startReaper(names: readonly string[], directory: string): ChildProcess {
  const script = `read -r word; [ "$word" = done ] && exit 0
for ns in ${names.join(' ')}; do
  for pid in $(ip netns pids "$ns" 2>/dev/null); do kill -9 "$pid"; done
  ip netns delete "$ns" 2>/dev/null
done
rm -rf '${directory}'`
  const reaper = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  reaper.stdin?.on('error', () => {})
  reaper.unref()
  // Neither the shell nor its pipe may keep a finished test run alive.
  const stdin: unknown = reaper.stdin
  if (stdin !== null && typeof stdin === 'object' && 'unref' in stdin && typeof stdin.unref === 'function')
    stdin.unref()
  return reaper
}

/** Removes the labs of processes that no longer are, where nothing else could: a machine that was killed as a whole. */
async function removeStale(): Promise<void> {
  const stale = async (directory: string): Promise<readonly string[]> => {
    const names = await readdir(directory).catch(() => [])
    const alive = await Promise.all(names.map((name) => isSomebodys(name)))
    return names.filter((_, index) => alive[index] === false)
  }
  const [namespaces, folders] = await Promise.all([stale('/run/netns'), stale(tmpdir())])
  // Other processes may be at it as well; what stays is tried again by the next one.
  await removeNamespaces(namespaces).catch(() => {})
  await Promise.all(folders.map((name) => rm(join(tmpdir(), name), { recursive: true, force: true })))
}

/** @returns whether its owner is alive; undefined for what is no lab's */
async function isSomebodys(name: string): Promise<boolean | undefined> {
  const owner = ownerOf(name)
  return owner === undefined ? undefined : await isAlive(owner)
}

async function isAlive(owner: LabOwner): Promise<boolean> {
  const text = await readFile(`/proc/${owner.pid}/stat`, 'utf8').catch(() => '')
  return startTicksOf(text) === owner.startTicks
}

async function removeNamespaces(names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  for (const pid of await processesIn(names)) endProcess(pid)
  // -force: a namespace that was never made, because the set-up failed, is no reason to leave the others.
  await commands.run(['/usr/sbin/ip', '-force', '-batch', '-'], { input: lines(names.map((n) => `netns delete ${n}`)) })
  const left = new Set(await readdir('/run/netns').catch(() => []))
  const remaining = names.filter((name) => left.has(name))
  if (remaining.length > 0) throw new Error(`namespaces could not be removed: ${remaining.join(' ')}`)
}

/** One walk over all processes for all namespaces together; `ip netns pids` would walk once for each. */
async function processesIn(names: readonly string[]): Promise<readonly number[]> {
  const inodes = await Promise.all(
    names.map((name) =>
      stat(`/run/netns/${name}`)
        .then(({ ino }) => ino)
        .catch(() => 0),
    ),
  )
  const wanted = new Set(inodes.filter((ino) => ino !== 0).map((ino) => `net:[${ino}]`))
  if (wanted.size === 0) return []
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))
  const links = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/ns/net`).catch(() => '')))
  return pids.filter((_, index) => wanted.has(links[index] ?? '')).map(Number)
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}

export const lines = (words: readonly string[]): string => words.map((word) => `${word}\n`).join('')
