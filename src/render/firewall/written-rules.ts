import type { RuleOrigin } from '../../domain/packet-filter.ts'
import type { NodeNetwork } from '../../schema/documents.ts'

/** A NodeNetwork of the node, and the file in which it is written. */
export interface FirewallSource {
  readonly network: NodeNetwork
  /** From the repository's root: `clusters/home/nodes/edge.yaml`. */
  readonly file: string
}

type Firewall = NodeNetwork['spec']['firewall']
type Exemption = NodeNetwork['spec']['masqueradeExemptions'][number]

/** One entry of a list, who wrote it, and a name that no other entry has. */
export interface Written<Rule> {
  readonly rule: Rule
  readonly key: string
  readonly origin: RuleOrigin
}

/** Everything that the documents of one node ask for: their lists one after another. */
export interface WrittenFirewall {
  readonly input: readonly Written<Firewall['input'][number]>[]
  readonly services: readonly Written<Firewall['services'][number]>[]
  readonly forward: readonly Written<Firewall['forward'][number]>[]
  readonly clampMSS: readonly Written<Firewall['clampMSS'][number]>[]
  readonly dscp: readonly Written<Firewall['dscp'][number]>[]
  readonly marks: readonly Written<Firewall['marks'][number]>[]
  readonly notrack: readonly Written<Firewall['notrack'][number]>[]
  readonly exemptions: readonly Written<Exemption>[]
}

export function writtenFirewall(sources: readonly FirewallSource[]): WrittenFirewall {
  const list = <Rule extends { readonly name: string }>(
    field: string,
    rulesOf: (spec: NodeNetwork['spec']) => readonly Rule[],
  ): readonly Written<Rule>[] =>
    sources.flatMap(({ network, file }) =>
      keyed(rulesOf(network.spec), `${network.metadata.name} ${field}`, (index, name) => ({
        kind: 'document',
        file,
        path: `spec.${field}[${index}]`,
        name,
      })),
    )
  return {
    input: list('firewall.input', ({ firewall }) => firewall.input),
    services: list('firewall.services', ({ firewall }) => firewall.services),
    forward: list('firewall.forward', ({ firewall }) => firewall.forward),
    clampMSS: list('firewall.clampMSS', ({ firewall }) => firewall.clampMSS),
    dscp: list('firewall.dscp', ({ firewall }) => firewall.dscp),
    marks: list('firewall.marks', ({ firewall }) => firewall.marks),
    notrack: list('firewall.notrack', ({ firewall }) => firewall.notrack),
    exemptions: list('masqueradeExemptions', ({ masqueradeExemptions }) => masqueradeExemptions),
  }
}

/** By name, and by number where a name stands twice: an entry keeps its key when others before it come and go. */
function keyed<Rule extends { readonly name: string }>(
  rules: readonly Rule[],
  list: string,
  originOf: (index: number, name: string) => RuleOrigin,
): readonly Written<Rule>[] {
  const seen = new Map<string, number>()
  return rules.map((rule, index) => {
    const earlier = seen.get(rule.name) ?? 0
    seen.set(rule.name, earlier + 1)
    return { rule, key: `${list} ${rule.name} ${earlier}`, origin: originOf(index, rule.name) }
  })
}
