import type { InverseStep } from '../../domain/inverse.ts'
import type { CleanupPlan, Leftovers, Removal } from '../../domain/leftovers.ts'
import type { CommandPort } from '../../ports/command-port.ts'
import { parseIptablesSave } from '../../text/iptables-save.ts'
import { linkInverse } from './inverse-link.ts'
import { tableInverse } from './inverse-tables.ts'
import { iptablesProgram, need, readFrom } from './programs.ts'
import { quarantinedPath } from './quarantine-file.ts'
import { parseRoutes, recordsOf } from './read-kernel.ts'
import { saveTables } from './read-tables.ts'
import { routeWords, ruleWords } from './remove-objects.ts'

interface Places {
  readonly root: string
  readonly quarantine: string
}

/**
 * What takes the node back from any point of a removal to the state of now, in the order in which things need each
 * other: files, devices, routes, rules, sets, native tables, chains.
 */
export async function inverseOf(plan: CleanupPlan, commands: CommandPort, places: Places): Promise<InverseStep[]> {
  const steps = await Promise.all(plan.removals.map((removal) => stepsOf(removal, commands, places)))
  const ranked = plan.removals.map((removal, index) => ({ rank: ranks[removal.kind], steps: steps[index] ?? [] }))
  return ranked.toSorted((a, b) => a.rank - b.rank).flatMap((one) => one.steps)
}

const ranks: Readonly<Record<Removal['kind'], number>> = {
  file: 0,
  link: 1,
  route: 2,
  'routing-rule': 3,
  // A rule that was added goes last of the rules: until then the others are not back.
  'add-routing-rule': 4,
  sets: 5,
  'nft-table': 6,
  chains: 7,
}

async function stepsOf(removal: Removal, commands: CommandPort, places: Places): Promise<readonly InverseStep[]> {
  switch (removal.kind) {
    case 'chains': {
      const { backend, family } = removal
      const tables = parseIptablesSave((await saveTables(commands, backend, family)) ?? '').tables
      const table = tables.find((each) => each.table === removal.table)
      if (table === undefined) return []
      const iptables = await need(commands, iptablesProgram(backend, family, ''))
      const restore = await need(commands, iptablesProgram(backend, family, '-restore'))
      return tableInverse(removal, table, { iptables, restore })
    }
    case 'sets':
      return await setInverse(removal.names, commands)
    case 'nft-table':
      return await nftInverse(removal, commands)
    case 'link':
      return await deviceInverse(removal.name, commands)
    case 'route': {
      const ip = await need(commands, 'ip')
      const flag = removal.route.family === 'v4' ? '-4' : '-6'
      return [{ kind: 'run', argv: [ip, flag, 'route', 'replace', ...routeWords(removal.route)] }]
    }
    case 'routing-rule':
    case 'add-routing-rule': {
      const ip = await need(commands, 'ip')
      const flag = removal.rule.family === 'v4' ? '-4' : '-6'
      const verb = removal.kind === 'routing-rule' ? 'add' : 'del'
      return [{ kind: 'run', argv: [ip, flag, 'rule', verb, ...ruleWords(removal.rule)], mayFail: true }]
    }
    case 'file': {
      const mv = await need(commands, 'mv')
      const from = quarantinedPath(places.quarantine, removal.path)
      // -n: what stands there again is newer. mayFail: it never went.
      return [{ kind: 'run', argv: [mv, '-n', '--', from, `${places.root}${removal.path}`], mayFail: true }]
    }
  }
}

async function setInverse(names: readonly string[], commands: CommandPort): Promise<readonly InverseStep[]> {
  const path = await need(commands, 'ipset')
  const text = (await readFrom(commands, 'ipset', ['save'])) ?? ''
  const wanted = new Set(names)
  const lines = text.split('\n').filter((line) => wanted.has(line.split(' ')[1] ?? ''))
  if (lines.length === 0) return []
  return [{ kind: 'run', argv: [path, 'restore', '-exist'], input: `${lines.join('\n')}\n` }]
}

async function nftInverse(
  { family, name }: Pick<Extract<Removal, { readonly kind: 'nft-table' }>, 'family' | 'name'>,
  commands: CommandPort,
): Promise<readonly InverseStep[]> {
  const path = await need(commands, 'nft')
  const text = await readFrom(commands, 'nft', ['-s', 'list', 'table', family, name])
  if (text === undefined) return []
  const input = `table ${family} ${name} {}\ndelete table ${family} ${name}\n${text}`
  return [{ kind: 'run', argv: [path, '-f', '-'], input }]
}

async function deviceInverse(name: string, commands: CommandPort): Promise<readonly InverseStep[]> {
  const ip = await need(commands, 'ip')
  const bridge = await commands.find('bridge')
  const ask = async (program: string, args: readonly string[]) => (await readFrom(commands, program, args)) ?? ''
  const [link] = recordsOf(await ask('ip', ['-j', '-d', 'addr', 'show', 'dev', name]))
  if (link === undefined) return []
  const neighbours = recordsOf(await ask('ip', ['-j', 'neigh', 'show', 'dev', name, 'nud', 'permanent']))
  const forwarding = recordsOf(await ask('bridge', ['-j', 'fdb', 'show', 'dev', name]))
  const routes = [...(await routesOf('v4', name, commands)), ...(await routesOf('v6', name, commands))]
  return linkInverse({ link, neighbours, forwarding, routes }, { ip, bridge }) ?? []
}

async function routesOf(family: 'v4' | 'v6', device: string, commands: CommandPort) {
  const flag = family === 'v4' ? '-4' : '-6'
  const text = (await readFrom(commands, 'ip', [flag, '-j', '-d', '-N', 'route', 'show', 'table', 'all'])) ?? ''
  return parseRoutes(text, family)
    .filter((route) => isOwnRoute(route, device))
    .map((route) => ({ family, words: routeWords(route) }))
}

/** What the kernel made of the addresses it makes again. */
function isOwnRoute({ device, protocol, type }: Leftovers['routes'][number], name: string): boolean {
  return device === name && protocol !== 2 && type === 'unicast'
}
