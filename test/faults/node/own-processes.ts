import { readdirSync, readFileSync } from 'node:fs'
import type { Namespaces } from '../../netns/lab.ts'
import { processes } from '../../netns/observe.ts'

/** What of ours runs in a namespace, or was started from there: all but what the test itself has inside. */
export async function ownProcesses<Name extends string>(
  lab: Namespaces<Name>,
  ns: Name,
  agentPid: number,
): Promise<readonly number[]> {
  const inside = (await processes(lab, ns)).filter(({ command }) => !command.includes('test/netns/inside.ts'))
  return [...new Set([...inside.map(({ pid }) => pid), ...descendants(agentPid)])]
}

/** A process and all that it started, as far as their parents still live: a tool in a namespace of its own as well. */
export function descendants(pid: number): readonly number[] {
  if (pid === 0) return []
  const parents = new Map<number, number>()
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = textOf(`/proc/${entry}/stat`)
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    if (stat !== '') parents.set(Number(entry), parent)
  }
  const found = parents.has(pid) ? [pid] : []
  for (const one of found) for (const [child, parent] of parents) if (parent === one) found.push(child)
  return found
}

/** Ends processes at once. Those that are gone already are as wanted. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
  }
}

export function commandOf(pid: number): string {
  return textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
