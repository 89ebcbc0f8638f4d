import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { PlacedPath } from './allowed-path.ts'
import type { Directory } from './directory.ts'
import { openBelow } from './directory-walk.ts'

/** Looking through every descriptor of every process is worth this much and no more. */
const searchMs = 50
const sliceMs = 5
/** From `fdinfo`: the access mode is the last two bits of the octal flags (proc(5)). */
const accessMode = 3

/**
 * Who has the file open for writing, else who owns it, for people: `process 812 (vim)`, `uid 0 (root)`, `unknown`.
 * A writer that is done and gone cannot be named; the owner then is the best that the disk knows.
 */
export async function describeWriter(root: string, placed: PlacedPath): Promise<string> {
  const directory = await openBelow(root, placed.base, placed.below, 'undefined')
  if (directory === undefined) return 'unknown'
  try {
    const stats = lstatSync(directory.at(placed.name), { throwIfNoEntry: false })
    if (stats === undefined) return 'unknown'
    const pid = await writerOf(pathOf(directory, placed.name))
    if (pid !== undefined) return `process ${pid} (${readOrEmpty(`/proc/${pid}/comm`).trim() || 'gone'})`
    const user = userName(root, stats.uid)
    return user === undefined ? `uid ${stats.uid}` : `uid ${stats.uid} (${user})`
  } finally {
    directory.close()
  }
}

/** The path as the kernel spells it in `/proc/<pid>/fd`. */
function pathOf(directory: Directory, name: string): string {
  return `${realpathSync(directory.at())}/${name}`
}

async function writerOf(path: string): Promise<string | undefined> {
  const deadline = performance.now() + searchMs
  let sliceEnd = performance.now() + sliceMs
  // Newest first: whoever just edited something was started later than the services.
  const pids = namesIn('/proc')
    .filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid)
    .sort((a, b) => Number(b) - Number(a))
  for (const pid of pids) {
    if (performance.now() > deadline) return undefined
    if (holdsForWriting(pid, path)) return pid
    if (performance.now() > sliceEnd) {
      await setImmediate()
      sliceEnd = performance.now() + sliceMs
    }
  }
  return undefined
}

function holdsForWriting(pid: string, path: string): boolean {
  for (const descriptor of namesIn(`/proc/${pid}/fd`)) {
    if (linkTarget(`/proc/${pid}/fd/${descriptor}`) !== path) continue
    const flags = /^flags:\s*([0-7]+)/m.exec(readOrEmpty(`/proc/${pid}/fdinfo/${descriptor}`))?.[1] ?? '0'
    if ((Number.parseInt(flags, 8) & accessMode) !== 0) return true
  }
  return false
}

/** Processes come and go, and not all are ours to look into: what cannot be read is not there. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function userName(root: string, uid: number): string | undefined {
  const accounts = readOrEmpty(`${root}/etc/passwd`) || readOrEmpty('/etc/passwd')
  const account = accounts.split('\n').find((line) => line.split(':')[2] === String(uid))
  return account?.split(':')[0]
}
