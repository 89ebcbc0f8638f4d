import type { SavedTable } from '../../domain/saved-tables.ts'
import { targetOf, valueAfter } from './rule-words.ts'

const portChain = /^CNI-DN-[0-9a-f]+$/
const topChain = 'CNI-HOSTPORT-DNAT'

/**
 * Chains of hostPorts whose container the runtime does not know. The comment of the rule that leads to a chain holds the
 * container's id; a chain that no such rule names stays, as does everything where the containers are not known.
 * @see containernetworking/plugins plugins/meta/portmap/portmap_iptables.go (`genDnatChain`)
 */
export function deadHostPorts(
  { table, chains }: SavedTable,
  containers: ReadonlySet<string> | undefined,
): { readonly chains: readonly string[]; readonly rules: readonly (readonly string[])[] } {
  if (table !== 'nat' || containers === undefined) return { chains: [], rules: [] }
  const entries = chains.find(({ name }) => name === topChain)?.rules ?? []
  const alive = new Set<string>()
  const dead = new Set<string>()
  for (const rule of entries) {
    const chain = targetOf(rule) ?? ''
    const container = containerOf(valueAfter(rule.words, '--comment'))
    if (!portChain.test(chain)) continue
    ;(container === undefined || containers.has(container) ? alive : dead).add(chain)
  }
  const gone = chains.map(({ name }) => name).filter((name) => dead.has(name) && !alive.has(name))
  const rules = entries.filter((rule) => gone.includes(targetOf(rule) ?? '')).map(({ words }) => [topChain, ...words])
  return { chains: gone, rules }
}

/** hostPort chains that nothing leads to, though they exist: after somebody flushed a chain. They come back with their pod. */
export function lostHostPorts({ table, chains }: SavedTable): readonly string[] {
  if (table !== 'nat') return []
  const names = new Set(chains.map(({ name }) => name))
  const leadsTo = (target: string, from: string): boolean =>
    chains.some(({ name, rules }) => name === from && rules.some((rule) => targetOf(rule) === target))
  const top = ['PREROUTING', 'OUTPUT'].filter((hook) => names.has(topChain) && !leadsTo(topChain, hook))
  const ports = [...names].filter((name) => portChain.test(name) && !leadsTo(name, topChain))
  return [...(names.has(topChain) && [...names].some((name) => portChain.test(name)) ? top : []), ...ports]
}

function containerOf(comment: string | undefined): string | undefined {
  return /^dnat name: "[^"]*" id: "([0-9a-f]{64})"$/.exec(comment ?? '')?.[1]
}
