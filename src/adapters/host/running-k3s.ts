import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import type { RunningK3s } from '../../domain/host.ts'
import { withoutSecretArguments, withoutSecretVariables } from '../../k3s/config/secret-arguments.ts'

/** USER_HZ: what the kernel shows user space is in hundredths of a second (include/asm-generic/param.h). */
const ticksPerSecond = 100

/** Variables that say something about a K3s. */
const tellingVariable = /^(K3S_|CONTAINERD_|(https?|no|all)_proxy$)/i

/**
 * The K3s that runs on this machine, the newest where there are several; one in a container is another machine's. Looks
 * at what everybody may see, and at its environment where we may.
 */
export function findRunningK3s(proc: string): RunningK3s | undefined {
  const found = (attempt(() => readdirSync(proc)) ?? []).flatMap((name) => {
    const pid = /^[0-9]+$/.test(name) ? Number(name) : undefined
    return pid === undefined ? [] : (lookAt(proc, pid) ?? [])
  })
  const pids = new Set(found.map(({ running }) => running.pid))
  // A child that has not become its own program yet looks like its parent.
  const [newest] = found
    .filter(({ parentPid }) => !pids.has(parentPid))
    .sort((a, b) => b.startTicks - a.startTicks || b.running.pid - a.running.pid)
  return newest?.running
}

/** Names of the programs that run, as the kernel shortens them. */
export function runningPrograms(proc: string): ReadonlySet<string> {
  const pids = (attempt(() => readdirSync(proc)) ?? []).filter((name) => /^[0-9]+$/.test(name))
  return new Set(pids.flatMap((pid) => attempt(() => readFileSync(`${proc}/${pid}/comm`, 'utf8').trim()) ?? []))
}

interface Candidate {
  readonly running: RunningK3s
  readonly parentPid: number
  readonly startTicks: number
}

function lookAt(proc: string, pid: number): Candidate | undefined {
  const at = `${proc}/${pid}`
  const args = (attempt(() => readFileSync(`${at}/cmdline`, 'utf8')) ?? '').replace(/\0+$/, '').split('\0')
  if (commandOf(args) === undefined || !isK3s(at, args) || isContained(proc, at)) return undefined
  const stat = attempt(() => readFileSync(`${at}/stat`, 'utf8'))
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
  const [state, parentPid] = fields
  const startTicks = Number(fields[19])
  if (state === undefined || state === 'Z' || state === 'X' || !Number.isFinite(startTicks)) return undefined
  const startedAtMs = startTime(proc, startTicks)
  return {
    parentPid: Number(parentPid),
    startTicks,
    running: {
      pid,
      arguments: withoutSecretArguments(args),
      environment: environmentOf(at),
      ...(startedAtMs === undefined ? {} : { startedAtMs }),
    },
  }
}

/**
 * A K3s that is up has overwritten its arguments by the one text `/usr/local/bin/k3s server`, to hide secrets from ps.
 * @see k3s-io/k3s pkg/cli/server/server.go, pkg/cli/agent/agent.go (proctitle.SetProcTitle)
 */
function commandOf(args: readonly string[]): string | undefined {
  const [title = '', ...rest] = args
  const written = /k3s(?:-server|-agent)? (server|agent)\s*$/.exec(title)?.[1]
  const word = rest.find((arg) => !arg.startsWith('-'))
  return written ?? (word === 'server' || word === 'agent' ? word : undefined)
}

/** By its binary where we may look at that, else by the name it was started with. */
function isK3s(at: string, args: readonly string[]): boolean {
  const link = attempt(() => readlinkSync(`${at}/exe`))?.replace(/ \(deleted\)$/, '')
  const path = link ?? (args[0] ?? '').split(' ')[0] ?? ''
  return /^k3s(-server|-agent)?$/.test(basename(path))
}

/** Another root file system than ours; where we may not look at it, a control group of a container engine. */
function isContained(proc: string, at: string): boolean {
  const theirs = attempt(() => statSync(`${at}/root/.`, { bigint: true }))
  const ours = attempt(() => statSync(`${proc}/self/root/.`, { bigint: true }))
  if (theirs !== undefined && ours !== undefined) return theirs.dev !== ours.dev || theirs.ino !== ours.ino
  const group = attempt(() => readFileSync(`${at}/cgroup`, 'utf8')) ?? ''
  return /docker|libpod|kubepods|cri-containerd|lxc/.test(group)
}

function environmentOf(at: string): Readonly<Record<string, string>> {
  const text = attempt(() => readFileSync(`${at}/environ`, 'utf8')) ?? ''
  const pairs = text.split('\0').flatMap((pair) => {
    const equals = pair.indexOf('=')
    const name = pair.slice(0, equals)
    return equals > 0 && tellingVariable.test(name) ? [[name, pair.slice(equals + 1)] as const] : []
  })
  return withoutSecretVariables(Object.fromEntries(pairs))
}

/** Counted from boot on the clock that start times are counted on; setting the time of day does not move it. */
function startTime(proc: string, startTicks: number): number | undefined {
  const uptime = Number.parseFloat(attempt(() => readFileSync(`${proc}/uptime`, 'utf8')) ?? '')
  if (!Number.isFinite(uptime)) return undefined
  return Math.round(Date.now() - uptime * 1000 + (startTicks * 1000) / ticksPerSecond)
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
