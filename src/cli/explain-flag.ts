import type { Flag } from '../k3s/flags/flag.ts'
import { allFlags, findFlag } from '../k3s/flags/flag-catalogue.ts'
import { printFloors, type ReleaseFloors } from '../k3s/version/release-floors.ts'
import { closestWord } from '../text/suggest.ts'
import type { ExplainStyle } from './explain-style.ts'

/** What is known of a flag that a path below `k3sFlags` names; undefined for every other path. */
export function flagBelow(path: string): Flag | { readonly unknown: string; readonly meant?: string } | undefined {
  const [, name] = /(?:^|\.)k3sFlags\.(?:(?:servers|nodes)\.)?([^.]+)$/.exec(path) ?? []
  if (name === undefined || name === 'servers' || name === 'nodes') return undefined
  const flag = findFlag(name)
  if (flag !== undefined) return flag
  const meant = closestWord(
    name,
    allFlags.map((known) => known.name),
  )
  return { unknown: name, ...(meant === undefined ? {} : { meant }) }
}

export function formatFlag(flag: Flag, { colours: { bold } }: ExplainStyle): string {
  const floors = (since: ReleaseFloors | undefined): string | undefined =>
    since === undefined ? undefined : `K3s ${printFloors(since)}`
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['FLAG', [flag.name, ...flag.aliases].join(', ')],
    ['TYPE', types[flag.type]],
    ['DEFAULT', flag.default],
    ['ONE OF', flag.values?.join(', ')],
    ['COMMANDS', flag.commands.map((command) => `k3s ${command}`).join(', ')],
    ['SINCE', floors(flag.since)],
    ['AGENTS', floors(flag.agentSince)],
    ['OLD FROM', floors(flag.deprecatedSince)],
    ['FATAL', floors(flag.fatalSince)],
    ['GONE', floors(flag.removedSince)],
    ['VARIABLE', flag.environment],
    ['SERVERS', sameness[flag.sameOnServers]],
    ['CHANGE', changes[flag.change]],
    ['SECRET', flag.isSecret === true ? 'not for a repository: keep it on the machine' : undefined],
    ['SOURCE', flag.source],
  ]
  return facts.map(([name, value]) => (value === undefined ? '' : `${bold(name.padEnd(9))}${value}\n`)).join('')
}

const types: Readonly<Record<Flag['type'], string>> = {
  string: 'text',
  boolean: 'true or false',
  integer: 'whole number',
  list: 'list of texts',
}

const sameness: Readonly<Record<Flag['sameOnServers'], string>> = {
  critical: 'the same on every server: K3s compares it when one joins',
  agreed: 'the same on every server, though K3s does not compare it',
  local: 'each server may have its own',
}

const changes: Readonly<Record<Flag['change'], string>> = {
  'restart-node': 'with a restart of K3s on the node',
  'restart-servers': 'with a restart of the servers',
  'restart-all': 'with a restart of every node',
  rebuild: 'only in a new cluster',
  'registration-only': 'only when the node registers for the first time',
}
