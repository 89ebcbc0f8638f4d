import { chainPrefix, commentPrefix } from '../../src/domain/packet-filter.ts'

/**
 * The lines of `iptables-save` that are not ours, without counters and remarks, for comparison byte by byte. A line is
 * ours by the chain that it declares or stands in, by the chain that it jumps to, or by its comment.
 */
export function foreignRules(saved: string): string {
  return saved
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/^(:\S+ \S+) \[\d+:\d+\]$/, '$1').replace(/^\[\d+:\d+\] /, ''))
    .filter((line) => !isOurs(line))
    .join('\n')
}

function isOurs(line: string): boolean {
  if (line.startsWith(`:${chainPrefix}`) || line.startsWith(`-A ${chainPrefix}`)) return true
  return new RegExp(`--comment "?${commentPrefix}| -[jg] ${chainPrefix}`).test(line)
}

/** The lines of `ipset save` that are not ours. The seed of a hash says whether a set is still the same one, and stays. */
export function foreignSets(saved: string): string {
  return saved
    .split('\n')
    .filter((line) => line !== '' && !/^(create|add) FAIRLEAD[46]-/.test(line))
    .join('\n')
}

/**
 * Native tables of `nft -s list ruleset` that are not ours. Those that iptables-nft shows itself are left out, as it
 * shows them better.
 */
export function foreignNftTables(listed: string): string {
  const kept: string[] = []
  let keeps = false
  for (const line of listed.split('\n')) {
    if (line.startsWith('table ')) keeps = !isShownOtherwise(line)
    if (keeps) kept.push(line)
  }
  return kept.join('\n').trim()
}

function isShownOtherwise(line: string): boolean {
  const [, family = '', name = ''] = line.split(' ')
  if (name === 'fairlead') return true
  return ['ip', 'ip6'].includes(family) && ['raw', 'mangle', 'nat', 'filter', 'security'].includes(name)
}

/** Routes or rules of `ip -N … show` whose protocol is not ours. */
export function foreignRoutes(listed: string): string {
  return listed
    .split('\n')
    .filter((line) => line.trim() !== '' && !/ proto 201\b/.test(line))
    .map((line) => line.trim().replace(/ expires \d+sec/, ''))
    .join('\n')
}
