import { createHash } from 'node:crypto'
import { type BigIntStats, createReadStream, lstatSync, statSync } from 'node:fs'
import { uptime } from 'node:os'
import { resolve } from 'node:path'
import type { K3sProcess } from '../../domain/status.ts'
import { withoutSecretArguments } from '../../k3s/config/secret-arguments.ts'
import { k3sPaths } from '../../k3s/locations.ts'
import type { K3sProcessPort } from '../../ports/k3s-process-port.ts'
import { type Executable, ProcessTable } from './process-table.ts'
import { dataDirectoryOf, isK3sBinary, isServerCommand } from './server-command.ts'

const installedPaths = [
  '/usr/local/bin/k3s',
  '/usr/bin/k3s',
  '/opt/bin/k3s',
  '/etc/systemd/system/k3s.service',
  `${k3sPaths.dataDir}/data`,
  `${k3sPaths.dataDir}/server/db`,
  `${k3sPaths.dataDir}/server/tls`,
]

/** While the known server lives, the whole table is looked through this often for one that came beside it. */
const rescanMs = 500
/** A server that ended while it was looked at may have a successor. */
const attempts = 3

/** USER_HZ: what the kernel shows user space is in hundredths of a second (include/asm-generic/param.h). */
const ticksPerSecond = 100

/** No K3s is near this large; a larger binary is not read to find out. */
const maximumBinaryBytes = 1024 ** 3

interface Server {
  readonly pid: number
  readonly startTicks: string
  readonly executable: Executable
}

/**
 * The K3s server of the machine whose root is `root`, found in the process table.
 * @param options.proc where proc is mounted; `/proc` unless told
 */
export function openK3sProcess(options: { readonly root: string; readonly proc?: string }): K3sProcessPort {
  const table = new ProcessTable(options.proc ?? '/proc')
  const root = resolve(options.root) === '/' ? '' : resolve(options.root)
  const digests = new DigestCache(table)
  let known: Server | undefined
  let scannedAtMs = Number.NEGATIVE_INFINITY

  const find = (): Server | undefined => {
    const isFresh = performance.now() - scannedAtMs < rescanMs
    if (known !== undefined && isFresh && isSame(known, lookAt(table, known.pid))) return known
    scannedAtMs = performance.now()
    return newestServer(table, `${root}${k3sPaths.dataDir}`)
  }

  return {
    isInstalled: async () =>
      installedPaths.some((path) => lstatSync(`${root}${path}`, { throwIfNoEntry: false }) !== undefined),
    current: async () => {
      for (let attempt = 1; attempt <= attempts; attempt += 1) {
        known = find()
        if (known === undefined) return undefined
        const binaryDigest = await digests.of(known)
        // It may have ended, or become another program, while its binary was read.
        if (binaryDigest !== undefined && isSame(known, lookAt(table, known.pid))) {
          return describe(table, known, binaryDigest)
        }
        known = undefined
      }
      // A server whose binary cannot be read has no identity: nothing is restored in its name.
      return undefined
    },
  }
}

/** Undefined for the process of another user, who could pose as the server with a copy of its binary. */
function lookAt(table: ProcessTable, pid: number): Server | undefined {
  const uid = table.effectiveUid(pid)
  if (uid === undefined || (uid !== 0 && uid !== process.geteuid?.())) return undefined
  const stat = table.stat(pid)
  const executable = table.executable(pid)
  if (stat === undefined || executable === undefined || executable.stats.size > maximumBinaryBytes) return undefined
  return { pid, startTicks: stat.startTicks, executable }
}

function isSame(known: Server, now: Server | undefined): boolean {
  return now?.startTicks === known.startTicks && proofOf(now.executable.stats) === proofOf(known.executable.stats)
}

/**
 * The newest, so that nobody takes the word of one that is about to end. A child that was forked and has not yet become
 * its own program looks like its parent, and is not another server.
 */
function newestServer(table: ProcessTable, dataDirectory: string): Server | undefined {
  const found = table.pids().flatMap((pid) => {
    const path = table.executablePath(pid)
    if (path === undefined || !isK3sBinary(path)) return []
    // Before anything behind its root or working directory is touched.
    const server = lookAt(table, pid)
    if (server === undefined || !isServerCommand(table.args(pid))) return []
    return worksIn(table, pid, path, dataDirectory) ? [server] : []
  })
  const pids = new Set(found.map(({ pid }) => pid))
  return found
    .filter(({ pid }) => !pids.has(table.stat(pid)?.parentPid ?? 0))
    .sort((a, b) => Number(b.startTicks) - Number(a.startTicks) || b.pid - a.pid)[0]
}

/**
 * The same directory by device and inode, through the process's own root: it may be behind a link, or a directory of
 * the same name in a container. A server that just started has none yet, and only its name can be compared.
 */
function worksIn(table: ProcessTable, pid: number, executable: string, ours: string): boolean {
  const workingDirectory = table.workingDirectory(pid)
  const theirs = dataDirectoryOf({ args: table.args(pid), executable, workingDirectory }) ?? k3sPaths.dataDir
  const a = statOf(`${table.path(pid, 'root')}${theirs}`)
  const b = statOf(ours)
  if (a === undefined && b === undefined) return theirs === ours
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino
}

function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true })
  } catch {
    return undefined
  }
}

function describe(table: ProcessTable, server: Server, binaryDigest: string): K3sProcess {
  const { pid, startTicks } = server
  const sinceBootMs = table.uptimeMs() ?? uptime() * 1000
  const upForMs = Math.max(0, Math.round(sinceBootMs - (Number(startTicks) * 1000) / ticksPerSecond))
  return {
    identity: { pid, startTicks, binaryDigest, bootId: table.bootId() ?? '' },
    startedAtMs: Date.now() - upForMs,
    upForMs,
    args: withoutSecretArguments(table.args(pid)),
  }
}

/** As long as this is the same, so is the file: any write moves ctime. */
function proofOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`
}

/** The digest of the binary that was read last; reading 70 MB takes a while. */
class DigestCache {
  readonly #table: ProcessTable
  #last: { readonly proof: string; readonly digest: Promise<string | undefined> } | undefined

  constructor(table: ProcessTable) {
    this.#table = table
  }

  of(server: Server): Promise<string | undefined> {
    const proof = proofOf(server.executable.stats)
    if (this.#last?.proof !== proof) {
      const digest = digestOf(this.#table.path(server.pid, 'exe'))
      this.#last = { proof, digest }
      void digest.then((value) => {
        if (value === undefined && this.#last?.digest === digest) this.#last = undefined
      })
    }
    return this.#last.digest
  }
}

/** Undefined when the process ended before its binary was opened. */
async function digestOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256')
  const options = { highWaterMark: 1024 * 1024, end: maximumBinaryBytes - 1 }
  try {
    for await (const chunk of createReadStream(path, options)) hash.update(chunk)
  } catch {
    return undefined
  }
  return hash.digest('hex')
}
