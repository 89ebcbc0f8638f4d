import { readFile } from 'node:fs/promises'
import { openCommands } from '../../src/adapters/command/node-command.ts'
import { foreignNftTables, foreignRoutes, foreignRules, foreignSets } from './foreign-lines.ts'
import type { Namespaces } from './lab.ts'

export type Backend = 'nft' | 'legacy'
export const backends: readonly Backend[] = ['nft', 'legacy']

/** `iptables-save` and `ip6tables-save` of one backend. Legacy tables that do not exist are not made by asking. */
export async function rules<Name extends string>(
  lab: Namespaces<Name>,
  ns: Name,
  backend: Backend = 'nft',
): Promise<{ readonly v4: string; readonly v6: string }> {
  const [v4, v6] = await Promise.all([
    lab.x(ns, [`iptables-${backend}-save`]),
    lab.x(ns, [`ip6tables-${backend}-save`]),
  ])
  return { v4, v6 }
}

/** Routes of every table and the routing rules, both families, with numbers for names. */
export async function routes<Name extends string>(lab: Namespaces<Name>, ns: Name): Promise<string> {
  const printed = await Promise.all(
    ['-4', '-6'].flatMap((family) => [
      lab.x(ns, ['ip', '-N', family, 'route', 'show', 'table', 'all']),
      lab.x(ns, ['ip', '-N', family, 'rule', 'show']),
    ]),
  )
  return printed.join('\n')
}

/** Everything in a namespace that is not ours. Equal before and after is the proof that nothing else was touched. */
export async function foreignLines<Name extends string>(lab: Namespaces<Name>, ns: Name): Promise<string> {
  const [nft, legacy, sets, ruleset, routed] = await Promise.all([
    rules(lab, ns, 'nft'),
    rules(lab, ns, 'legacy'),
    lab.x(ns, ['ipset', 'save']),
    lab.x(ns, ['nft', '-s', 'list', 'ruleset']),
    routes(lab, ns),
  ])
  return [
    ...[nft.v4, nft.v6, legacy.v4, legacy.v6].map(foreignRules),
    foreignSets(sets),
    foreignNftTables(ruleset),
    foreignRoutes(routed),
  ].join('\n--\n')
}

/** Lines of `conntrack -L`, for one address when given. */
export async function conntrack<Name extends string>(
  lab: Namespaces<Name>,
  ns: Name,
  address?: string,
): Promise<readonly string[]> {
  const families = address === undefined ? ['ipv4', 'ipv6'] : [address.includes(':') ? 'ipv6' : 'ipv4']
  const printed = await Promise.all(families.map((family) => lab.x(ns, ['conntrack', '-L', '-f', family])))
  const lines = printed.join('').split('\n').filter(Boolean)
  return address === undefined ? lines : lines.filter((line) => line.includes(`=${address} `))
}

/** Processes of a namespace, for those that a test stops, continues or kills by their pid. */
export async function processes<Name extends string>(
  lab: Namespaces<Name>,
  ns: Name,
): Promise<readonly { readonly pid: number; readonly command: string }[]> {
  // Asked from outside, so that the asking is not among them.
  const { stdout } = await machine.run(['ip', 'netns', 'pids', lab.nameOf(ns)])
  const pids = stdout.split('\n').filter(Boolean).map(Number)
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return pids
    .map((pid, index) => ({ pid, command: (commands[index] ?? '').replaceAll('\0', ' ').trim() }))
    .filter(({ command }) => command !== '')
}

const machine = openCommands()

export interface Events {
  /** What was told so far, oldest first. */
  readonly lines: readonly string[]
  /** Resolves with the first line that matches, told before or after the call; rejects after `withinMs`. */
  next(pattern: RegExp, withinMs?: number): Promise<string>
  stop(): Promise<void>
}

/** What `ip monitor` and `nft monitor` tell of a namespace. */
export async function events<Name extends string>(lab: Namespaces<Name>, ns: Name): Promise<Events> {
  const lines: string[] = []
  const waiting = new Set<(line: string) => void>()
  const onLine = (line: string): void => {
    lines.push(line)
    for (const tell of waiting) tell(line)
  }
  const commands = lab.commands(ns)
  const listener = { onLine, onEnd: (reason: string) => onLine(`monitor ended: ${reason}`) }
  const monitors = [
    commands.follow(['ip', 'monitor', 'link', 'address', 'route', 'rule', 'nexthop'], listener),
    commands.follow(['nft', 'monitor'], listener),
  ]
  const next: Events['next'] = (pattern, withinMs = 2000) => {
    const told = lines.find((line) => pattern.test(line))
    if (told !== undefined) return Promise.resolve(told)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(tell)
        reject(new Error(`no event like ${pattern} within ${withinMs} ms; told: ${lines.slice(-20).join(' | ')}`))
      }, withinMs)
      const tell = (line: string): void => {
        if (!pattern.test(line)) return
        clearTimeout(timer)
        waiting.delete(tell)
        resolve(line)
      }
      waiting.add(tell)
    })
  }
  await bothListen(lab, ns, next)
  return { lines, next, stop: async () => void (await Promise.all(monitors.map((monitor) => monitor.stop()))) }
}

/** A monitor says nothing when it starts: it is asked by a change that it must report. */
async function bothListen<Name extends string>(lab: Namespaces<Name>, ns: Name, next: Events['next']): Promise<void> {
  const deadline = performance.now() + 3000
  const heard = async (argv: readonly string[], undo: readonly string[], pattern: RegExp): Promise<void> => {
    while (performance.now() < deadline) {
      await lab.x(ns, argv)
      await lab.x(ns, undo)
      if (
        await next(pattern, 30).then(
          () => true,
          () => false,
        )
      )
        return
    }
    throw new Error(`a monitor in ${lab.nameOf(ns)} does not report`)
  }
  await heard(
    ['nft', 'add', 'table', 'inet', 'lab_probe'],
    ['nft', 'delete', 'table', 'inet', 'lab_probe'],
    /lab_probe/,
  )
  const address = ['198.51.100.254/32', 'dev', 'lo']
  await heard(['ip', 'addr', 'add', ...address], ['ip', 'addr', 'del', ...address], /198\.51\.100\.254/)
}
