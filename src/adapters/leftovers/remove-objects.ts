import { setTimeout as sleep } from 'node:timers/promises'
import type { LeftoverRule, Leftovers } from '../../domain/leftovers.ts'
import type { CommandPort } from '../../ports/command-port.ts'
import { commandFailed } from './leftover-failures.ts'
import { need } from './programs.ts'
import { parseRoutes } from './read-kernel.ts'

const setAttempts = 10
const setPauseMs = 20

/**
 * Destroys sets in one process. The kernel frees rules after their transaction ended, so that a set may count as used
 * for a moment.
 * @throws Failure CLEANUP_FAILED naming a set that is still used: somebody else has a rule with it
 */
export async function destroySets(names: readonly string[], commands: CommandPort, signal: AbortSignal): Promise<void> {
  const path = await need(commands, 'ipset')
  for (let attempt = 1; ; attempt += 1) {
    const listed = await commands.run([path, 'list', '-n'])
    if (listed.code !== 0) throw commandFailed('ipset list', listed)
    const there = new Set(listed.stdout.split('\n'))
    const input = names.filter((name) => there.has(name)).map((name) => `destroy ${name}\n`)
    if (input.length === 0) return
    const result = await commands.run([path, 'restore'], { input: input.join('') })
    if (result.code === 0) return
    if (attempt === setAttempts) throw commandFailed('ipset destroy', result)
    await sleep(setPauseMs, undefined, { signal })
  }
}

/** A table that is gone already is no error. */
export async function deleteNftTable(family: string, name: string, commands: CommandPort): Promise<void> {
  const path = await need(commands, 'nft')
  // Named first, which makes it where it is missing: then deleting it cannot fail.
  const input = `table ${family} ${name} {}\ndelete table ${family} ${name}\n`
  const result = await commands.run([path, '-f', '-'], { input })
  if (result.code !== 0) throw commandFailed('nft delete table', result)
}

export async function deleteLink(name: string, commands: CommandPort): Promise<void> {
  const path = await need(commands, 'ip')
  const result = await commands.run([path, 'link', 'delete', 'dev', name])
  if (result.code === 0) return
  const look = await commands.run([path, '-j', 'link', 'show', 'dev', name])
  if (look.code === 0) throw commandFailed(`ip link delete ${name}`, result)
}

type Route = Leftovers['routes'][number]

/** Deletes routes by everything that tells them from others; one that is gone already is no error. */
export async function deleteRoutes(routes: readonly Route[], commands: CommandPort): Promise<void> {
  const path = await need(commands, 'ip')
  for (const [flag, family] of families) {
    const own = routes.filter((route) => route.family === family)
    if (own.length === 0) continue
    const input = own.map((route) => `route del ${routeWords(route).join(' ')}\n`).join('')
    const result = await commands.run([path, '-force', flag, '-batch', '-'], { input })
    const now = await commands.run([path, flag, '-j', '-d', '-N', 'route', 'show', 'table', 'all'])
    if (now.code !== 0) throw commandFailed('ip route show', now)
    const left = new Set(parseRoutes(now.stdout, family).map((route) => routeWords(route).join(' ')))
    if (own.some((route) => left.has(routeWords(route).join(' ')))) throw commandFailed('ip route del', result)
  }
}

const families = [
  ['-4', 'v4'],
  ['-6', 'v6'],
] as const

/** A route as `ip route` takes it, without its verb. */
export function routeWords(route: Route): readonly string[] {
  return [
    ...(route.type === 'unicast' ? [] : [route.type]),
    route.to,
    ...(route.via === undefined ? [] : ['via', route.via]),
    ...(route.device === undefined || isWithoutDevice(route) ? [] : ['dev', route.device]),
    'proto',
    String(route.protocol),
    ...(route.metric === undefined || route.metric === 0 ? [] : ['metric', String(route.metric)]),
    ...(route.onlink === true ? ['onlink'] : []),
    'table',
    String(route.table),
  ]
}

/** The kernel shows `lo` for the IPv6 ones, and takes none. */
function isWithoutDevice({ type }: Route): boolean {
  return type === 'blackhole' || type === 'unreachable' || type === 'prohibit'
}

/** A rule as `ip rule` takes it, after `add` or `del`. */
export function ruleWords({ priority, table, fwmark }: LeftoverRule): readonly string[] {
  const mark = fwmark === undefined ? [] : ['fwmark', `${fwmark.value}/${fwmark.mask}`]
  return ['pref', String(priority), ...mark, 'lookup', String(table)]
}

/** Adds or deletes one routing rule, and looks whether that came true. */
export async function writeRule(verb: 'add' | 'del', rule: LeftoverRule, commands: CommandPort): Promise<void> {
  const path = await need(commands, 'ip')
  const flag = rule.family === 'v4' ? '-4' : '-6'
  const result = await commands.run([path, flag, 'rule', verb, ...ruleWords(rule)])
  // EEXIST and ENOENT: somebody else was faster.
  if (result.code !== 0 && !/File exists|No such file/.test(result.stderr))
    throw commandFailed(`ip rule ${verb}`, result)
}
