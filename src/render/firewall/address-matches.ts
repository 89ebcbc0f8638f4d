import type { AddressFamily } from '../../domain/cidr.ts'
import type { AddressMatch, AddressSet } from '../../domain/packet-filter.ts'
import { minimalNetworks } from './minimal-networks.ts'
import { shortHash } from './short-hash.ts'

/** Up to so many networks are rules of their own: a set costs a lookup and is nothing that a reader sees at once. */
const mostSingleNetworks = 8
const everything: readonly string[] = ['0.0.0.0/0', '::/0']

/** Where a list of addresses is written; names its set, so that the set keeps its name when the list changes. */
export interface ListPlace {
  /** The same in every pass for one rule of one document, and no other rule has it. */
  readonly rule: string
  readonly side: 'source' | 'destination'
  /** Copies of a rule would each count for themselves. */
  readonly mustBeOneRule: boolean
}

/** The sets of one address family, while a program is made. */
export class AddressSets {
  readonly family: AddressFamily
  readonly #sets = new Map<string, AddressSet>()
  readonly #known = new Map<readonly string[], readonly string[]>()

  constructor(family: AddressFamily) {
    this.family = family
  }

  /** Matches of which each is a rule; `undefined` matches every address, and without any the rule is for nobody. */
  matches(texts: readonly string[] | undefined, at: ListPlace): readonly (AddressMatch | undefined)[] {
    if (texts === undefined) return [undefined]
    const networks = this.#minimal(texts)
    if (networks.some((cidr) => everything.includes(cidr))) return [undefined]
    const most = at.mustBeOneRule ? 1 : mostSingleNetworks
    if (networks.length > most) return [this.#set(networks, at, false)]
    return networks.map((cidr) => ({ kind: 'network', cidr, negated: false }))
  }

  /** The match for every address but these; two negated matches in two rules would let each other's through. */
  otherMatches(texts: readonly string[], at: ListPlace): readonly (AddressMatch | undefined)[] {
    const networks = this.#minimal(texts)
    const [only, second] = networks
    if (only === undefined) return [undefined]
    if (everything.includes(only)) return []
    return [second === undefined ? { kind: 'network', cidr: only, negated: true } : this.#set(networks, at, true)]
  }

  /** Sorted by name. */
  all(): readonly AddressSet[] {
    return [...this.#sets.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** One list is asked for by the chains of two tables. */
  #minimal(texts: readonly string[]): readonly string[] {
    const known = this.#known.get(texts) ?? minimalNetworks(texts, this.family)
    this.#known.set(texts, known)
    return known
  }

  #set(members: readonly string[], { rule, side }: ListPlace, negated: boolean): AddressMatch {
    const name = `FAIRLEAD${this.family}-${shortHash(`${rule} ${side}`).toUpperCase()}`
    this.#sets.set(name, { name, family: this.family, members })
    return { kind: 'set', set: name, negated }
  }
}
