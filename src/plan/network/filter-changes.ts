import type { NetworkChange } from '../../domain/network-change.ts'
import type { FilterChain, FilterProgram, FilterRule } from '../../domain/packet-filter.ts'
import { sortedKeys } from '../../text/sorted-keys.ts'

/** One chain in which two programs differ, with what decides whether the change is a risk. */
export interface ChainChange {
  readonly family: 'v4' | 'v6'
  readonly before: FilterChain | undefined
  readonly after: FilterChain | undefined
  readonly added: readonly FilterRule[]
  readonly removed: readonly FilterRule[]
  /** The same rules in another order, or other addresses in a set that they name. */
  readonly isReordered: boolean
  readonly changedSets: readonly string[]
}

/** Chain by chain, what `after` changes about `before`. A rule is the same by its id and by what it does. */
export function chainChanges(before: FilterProgram | undefined, after: FilterProgram | undefined): ChainChange[] {
  return (['v4', 'v6'] as const).flatMap((family) => {
    const [old, next] = [chainsOf(before, family), chainsOf(after, family)]
    const sets = changedSets(before, after, family)
    return [...new Set([...old.keys(), ...next.keys()])].sort().flatMap((key) => {
      const change = changeOf(family, old.get(key), next.get(key), sets)
      return isChanged(change) ? [change] : []
    })
  })
}

function chainsOf(program: FilterProgram | undefined, family: 'v4' | 'v6'): ReadonlyMap<string, FilterChain> {
  return new Map((program?.[family].chains ?? []).map((chain) => [`${chain.table}/${chain.name}`, chain]))
}

function changeOf(
  family: 'v4' | 'v6',
  before: FilterChain | undefined,
  after: FilterChain | undefined,
  sets: ReadonlySet<string>,
): ChainChange {
  const [old, next] = [before?.rules ?? [], after?.rules ?? []]
  const [isOld, isNext] = [oneOf(old), oneOf(next)]
  const keptBefore = old.filter(isNext)
  const keptAfter = next.filter(isOld)
  return {
    family,
    before,
    after,
    added: next.filter((rule) => !isOld(rule)),
    removed: old.filter((rule) => !isNext(rule)),
    isReordered: keptBefore.some(({ id }, index) => keptAfter[index]?.id !== id),
    changedSets: [...new Set(next.flatMap(setsOf))].filter((name) => sets.has(name)).sort(),
  }
}

/** An id alone is what a program claims: a deny under the id of a rule that let traffic through is another rule. */
function oneOf(rules: readonly FilterRule[]): (rule: FilterRule) => boolean {
  const known = new Map(rules.map((rule) => [rule.id, rule]))
  return (rule) => {
    const other = known.get(rule.id)
    return other !== undefined && (other === rule || doingOf(other) === doingOf(rule))
  }
}

function doingOf({ match, action }: FilterRule): string {
  return JSON.stringify(sortedKeys([match, action]))
}

function isChanged({ before, after, added, removed, isReordered, changedSets: sets }: ChainChange): boolean {
  // Read back from a disk, keys are in another order.
  const isMoved = JSON.stringify(sortedKeys(before?.entry)) !== JSON.stringify(sortedKeys(after?.entry))
  return isMoved || isReordered || added.length + removed.length + sets.length > 0
}

function changedSets(
  before: FilterProgram | undefined,
  after: FilterProgram | undefined,
  family: 'v4' | 'v6',
): ReadonlySet<string> {
  const old = new Map((before?.[family].sets ?? []).map((set) => [set.name, set.members.join()]))
  return new Set(
    (after?.[family].sets ?? []).flatMap(({ name, members }) => (old.get(name) === members.join() ? [] : [name])),
  )
}

function setsOf({ match }: FilterRule): string[] {
  return [match.source, match.destination].flatMap((part) => (part?.kind === 'set' ? [part.set] : []))
}

/** For people: one line a chain, whatever the number of its rules. */
export function describeChain(change: ChainChange): Pick<NetworkChange, 'effect' | 'id' | 'what' | 'origin'> {
  const { family, before, after, added, removed } = change
  const chain = after ?? before
  const place = `${chain?.table ?? ''}/${chain?.name ?? ''}`
  const counted = [
    added.length === 0 ? '' : `${added.length} added`,
    removed.length === 0 ? '' : `${removed.length} removed`,
    change.isReordered ? 'reordered' : '',
    change.changedSets.length === 0 ? '' : `addresses of ${change.changedSets.join(', ')}`,
  ].filter((text) => text !== '')
  const what = `${family === 'v4' ? 'IPv4' : 'IPv6'} ${chain?.table ?? ''} ${chain?.name ?? ''}`
  return {
    effect: before === undefined ? 'create' : after === undefined ? 'remove' : 'change',
    id: `filter:${family}/${place}`,
    what: counted.length === 0 ? `${what} (its place)` : `${what} (${counted.join(', ')})`,
    origin: originOf([...added, ...removed, ...(after?.rules ?? [])]),
  }
}

/** The documents' fields that the rules come from, at most three of them by name. */
function originOf(rules: readonly FilterRule[]): string {
  const fields = new Set(
    rules.flatMap(({ origin }) => (origin.kind === 'document' ? [`${origin.file} ${origin.path}`] : [])),
  )
  if (fields.size === 0) return 'spec.firewall'
  const named = [...fields].slice(0, 3).join(', ')
  return fields.size > 3 ? `${named} and ${fields.size - 3} more` : named
}
