import type { AddressSet } from '../../domain/packet-filter.ts'
import type { AddressFamilyKey } from '../../domain/saved-tables.ts'
import type { FilterDrift } from '../../ports/packet-filter-port.ts'

/** A set as `ipset save` tells it. */
export interface SavedSet {
  readonly name: string
  /** `hash:net`. */
  readonly type: string
  readonly members: readonly string[]
}

export const ownSetName = /^FAIRLEAD[46]-/
/** More than a program may have, and the same for every set: a set is replaced only by one of the same kind. */
const maxMembers = 1_048_576

/** Reads what `ipset save` prints; names keep a family's prefix as `inet6:KUBE-SRC`. */
export function parseIpsetSave(text: string): ReadonlyMap<string, SavedSet> {
  const sets = new Map<string, SavedSet & { readonly members: string[] }>()
  for (const line of text.split('\n')) {
    const [verb, name, third] = line.split(' ', 3)
    if (name === undefined || third === undefined) continue
    if (verb === 'create') sets.set(name, { name, type: third, members: [] })
    else if (verb === 'add') sets.get(name)?.members.push(third)
  }
  return sets
}

/** How the kernel names the members: without a full prefix, and everything as two halves, which is all it can hold. */
export function kernelMembers(set: Pick<AddressSet, 'family' | 'members'>): readonly string[] {
  const full = set.family === 4 ? '/32' : '/128'
  return set.members.flatMap((member) => {
    if (member === '0.0.0.0/0') return ['0.0.0.0/1', '128.0.0.0/1']
    if (member === '::/0') return ['::/1', '8000::/1']
    return [member.endsWith(full) ? member.slice(0, -full.length) : member]
  })
}

/** The sets that are not as they should be, and those of ours that no rule needs any more. */
export interface SetPlan {
  readonly written: readonly AddressSet[]
  readonly removed: readonly string[]
}

export function planSets(live: ReadonlyMap<string, SavedSet>, wanted: readonly AddressSet[]): SetPlan {
  const names = new Set(wanted.map(({ name }) => name))
  return {
    written: wanted.filter((set) => !isSettledSet(set, live.get(set.name))),
    removed: [...live.keys()].filter((name) => ownSetName.test(name) && !names.has(name)),
  }
}

function isSettledSet(wanted: AddressSet, live: SavedSet | undefined): boolean {
  if (live === undefined || live.type !== 'hash:net') return false
  const members = kernelMembers(wanted)
  if (members.length !== live.members.length) return false
  const present = new Set(live.members)
  return members.every((member) => present.has(member))
}

/**
 * Sets as input of `ipset -exist restore`: each is built beside the one in use and swapped with it, so that no packet
 * sees half of it; it may be run again from any state.
 */
export function setPayload(sets: readonly AddressSet[]): string {
  const lines = sets.flatMap((set) => {
    const [name, twin] = [asserted(set.name), `${asserted(set.name)}~`]
    const kind = `hash:net family ${set.family === 4 ? 'inet' : 'inet6'} maxelem ${maxMembers}`
    return [
      `create ${name} ${kind}`,
      `create ${twin} ${kind}`,
      `flush ${twin}`,
      ...kernelMembers(set).map((member) => `add ${twin} ${assertedMember(member)}`),
      `swap ${twin} ${name}`,
      `destroy ${twin}`,
    ]
  })
  return lines.map((line) => `${line}\n`).join('')
}

/** Removes sets; each has to be free of rules. */
export function destroyPayload(names: readonly string[]): string {
  return names.map((name) => `destroy ${asserted(name)}\n`).join('')
}

function asserted(name: string): string {
  if (!/^FAIRLEAD[46]-[A-Z0-9-]{1,20}~?$/.test(name)) throw new Error(`not a set of ours: ${JSON.stringify(name)}`)
  return name
}

function assertedMember(member: string): string {
  if (!/^[0-9a-f.:]+(?:\/\d{1,3})?$/.test(member)) throw new Error(`not a network: ${JSON.stringify(member)}`)
  return member
}

/** Sets that are ours now, as something to go back to. */
export function setsAgain(live: ReadonlyMap<string, SavedSet>): readonly AddressSet[] {
  return [...live.values()]
    .filter(({ name, type }) => ownSetName.test(name) && !name.endsWith('~') && type === 'hash:net')
    .map(({ name, members }) => ({ name, family: name.startsWith('FAIRLEAD4') ? 4 : 6, members }))
}

/** How the sets differ from the program, told for the table that most rules with sets stand in. */
export function setDrifts(live: ReadonlyMap<string, SavedSet>, wanted: readonly AddressSet[]): readonly FilterDrift[] {
  const plan = planSets(live, wanted)
  const drift = (name: string, expected: readonly string[], found: readonly string[]): FilterDrift => {
    const family: AddressFamilyKey = name.startsWith('FAIRLEAD4') ? 'v4' : 'v6'
    const [want, have] = [new Set(expected), new Set(found)]
    return {
      kind: 'set',
      family,
      table: 'filter',
      name,
      expected: expected.filter((member) => !have.has(member)).slice(0, 20),
      found: found.filter((member) => !want.has(member)).slice(0, 20),
    }
  }
  return [
    ...plan.written.map((set) => drift(set.name, kernelMembers(set), live.get(set.name)?.members ?? [])),
    ...plan.removed.map((name) => drift(name, [], live.get(name)?.members ?? [])),
  ]
}
