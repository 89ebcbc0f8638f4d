import type { Facts, NodeFacts } from '../../domain/facts.ts'

/** So many changes of one node count at once: as many as one that joins may go through. */
const changesAtOnce = 8
/** After so long one more counts. */
const changeEveryMs = 120_000

/** Flannel on other nodes looks at nothing else of the annotations, and neither does what is made for them. */
const flannelAnnotation = /^flannel\.alpha\.coreos\.com\//

interface SteadyFacts {
  readonly facts: Facts
  /** When time alone makes a difference. */
  readonly againInMs: number | undefined
  /** Nodes whose changes do not count any more for a while, from now on; sorted. */
  readonly held: readonly string[]
}

/**
 * The nodes as programs are made of them. What a node says of itself (addresses, its network, its role) is in the programs
 * of all others: one that says something else every second must not have every program written every second. Who was
 * among the nodes a short time ago is remembered: its machine still runs, and its object may be there again in a moment.
 */
export class SteadyNodes {
  readonly #goneAfterMs: number
  readonly #known = new Map<string, KnownNode>()
  #last: { readonly raw: Facts; readonly facts: Facts } | undefined

  /** @param goneAfterMs a node that is not in the cluster for so long is gone for good */
  constructor(goneAfterMs: number) {
    this.#goneAfterMs = goneAfterMs
  }

  /**
   * @param nowMs on a clock that nobody sets
   * @returns the same facts, as a value, until they are others
   */
  read(raw: Facts, nowMs: number): SteadyFacts {
    const waits: number[] = []
    const held: string[] = []
    const nodes = raw.nodes.map((node) => {
      const known = this.#known.get(node.name) ?? { node, changes: changesAtOnce, sinceMs: nowMs }
      const next = counted(known, node, nowMs)
      this.#known.set(node.name, next)
      if (next.waitMs !== undefined) {
        waits.push(next.waitMs)
        if (known.waitMs === undefined) held.push(node.name)
      }
      return next.node
    })
    const departed = this.#departed(new Set(raw.nodes.map(({ name }) => name)), nowMs, waits)
    const facts = this.#asBefore(raw, nodes, departed)
    this.#last = { raw, facts }
    return { facts, againInMs: waits.length === 0 ? undefined : Math.max(1, Math.min(...waits)), held: held.sort() }
  }

  #departed(present: ReadonlySet<string>, nowMs: number, waits: number[]): readonly NodeFacts[] {
    const departed: NodeFacts[] = []
    for (const [name, known] of this.#known) {
      if (present.has(name)) continue
      const absentSinceMs = known.absentSinceMs ?? nowMs
      const leftMs = absentSinceMs + this.#goneAfterMs - nowMs
      if (leftMs <= 0) {
        this.#known.delete(name)
        continue
      }
      this.#known.set(name, { ...known, absentSinceMs })
      departed.push(known.node)
      waits.push(leftMs)
    }
    return departed.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #asBefore(raw: Facts, nodes: readonly NodeFacts[], departed: readonly NodeFacts[]): Facts {
    const last = this.#last
    if (last?.raw === raw && isSame(nodes, last.facts.nodes) && isSame(departed, last.facts.departed ?? [])) {
      return last.facts
    }
    return departed.length === 0 ? { ...raw, nodes } : { ...raw, nodes, departed }
  }
}

interface KnownNode {
  /** As it counts: what others see of it may be older than the rest. */
  readonly node: NodeFacts
  /** How many changes count at once, as of `sinceMs`. */
  readonly changes: number
  readonly sinceMs: number
  /** Until a change that was seen counts. */
  readonly waitMs?: number
  readonly absentSinceMs?: number
}

function counted(known: KnownNode, told: NodeFacts, nowMs: number): KnownNode {
  const { node, changes, sinceMs } = known
  if (node === told)
    return known.waitMs === undefined && known.absentSinceMs === undefined ? known : { node, changes, sinceMs }
  if (seenByOthers(node) === seenByOthers(told)) return { node: told, changes, sinceMs }
  const earned = Math.floor((nowMs - sinceMs) / changeEveryMs)
  const left = Math.min(changesAtOnce, changes + earned)
  const fromMs = left === changesAtOnce ? nowMs : sinceMs + earned * changeEveryMs
  if (left > 0) return { node: told, changes: left - 1, sinceMs: fromMs }
  const merged = asSeenBefore(told, node)
  const isAsItWas = JSON.stringify(merged) === JSON.stringify(node)
  return { node: isAsItWas ? node : merged, changes: 0, sinceMs: fromMs, waitMs: fromMs + changeEveryMs - nowMs }
}

function seenByOthers(node: NodeFacts): string {
  const { role, addresses, externalAddresses, podCIDRs } = node
  const announced = Object.entries(flannelOf(node)).map((entry) => entry.join('\n'))
  return JSON.stringify([role, addresses, externalAddresses, podCIDRs, announced.sort()])
}

/** Everything of `told` but what others see. */
function asSeenBefore(told: NodeFacts, before: NodeFacts): NodeFacts {
  const { externalAddresses: _external, podCIDRs: _networks, annotations = {}, ...own } = told
  const others = Object.entries(annotations).filter(([key]) => !flannelAnnotation.test(key))
  const { role, addresses, externalAddresses, podCIDRs } = before
  return {
    ...own,
    role,
    addresses,
    ...(externalAddresses === undefined ? {} : { externalAddresses }),
    ...(podCIDRs === undefined ? {} : { podCIDRs }),
    annotations: { ...Object.fromEntries(others), ...flannelOf(before) },
  }
}

function flannelOf({ annotations = {} }: NodeFacts): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => flannelAnnotation.test(key)))
}

function isSame(some: readonly NodeFacts[], others: readonly NodeFacts[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index])
}
