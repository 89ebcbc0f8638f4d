import type { HostRoutes } from '../../domain/host-routes.ts'
import type { FilterProgram } from '../../domain/packet-filter.ts'
import type { SavedTables } from '../../domain/saved-tables.ts'

/** Interfaces where packets come in, one of each kind that some rule tells apart; ports of a bridge come in by the bridge. */
export function interfaceClasses({
  program,
  tables,
  hostRoutes,
}: {
  readonly program: FilterProgram | undefined
  readonly tables: SavedTables
  readonly hostRoutes: HostRoutes
}): readonly string[] {
  const patterns = [...new Set([...ownPatterns(program), ...observedPatterns(tables)])]
  const classes = new Map<string, string>()
  for (const { name, isUp, master } of hostRoutes.links) {
    if (!isUp || master !== undefined || name === 'lo') continue
    const signature = patterns.map((pattern) => (fits(name, pattern) ? '1' : '0')).join('')
    if (!classes.has(signature)) classes.set(signature, name)
  }
  return [...classes.values()]
}

/** `eth0`, `veth+`. */
function ownPatterns(program: FilterProgram | undefined): readonly string[] {
  const chains = program === undefined ? [] : [...program.v4.chains, ...program.v6.chains]
  return chains.flatMap(({ rules }) =>
    rules.flatMap(({ match: { inInterface: one } }) =>
      one === undefined ? [] : [one.isPrefix ? `${one.name}+` : one.name],
    ),
  )
}

function observedPatterns({ v4, v6 }: SavedTables): readonly string[] {
  const rules = [...v4, ...v6].flatMap(({ chains }) => chains.flatMap((chain) => chain.rules))
  return rules.flatMap(({ words }) => {
    const at = words.indexOf('-i')
    return at < 0 ? [] : [words[at + 1] ?? '']
  })
}

function fits(name: string, pattern: string): boolean {
  return pattern.endsWith('+') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}
