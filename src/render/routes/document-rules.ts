import { type AddressFamily, familyOf } from '../../domain/cidr.ts'
import { mainTable, ownPriorities, type RoutingRuleArtefact } from '../../domain/host-route.ts'
import { routingRuleId } from '../../domain/route-identity.ts'
import type { NodeNetwork } from '../../schema/documents.ts'
import { canonicalNetwork } from './document-routes.ts'
import type { PlacedNetwork, RefusedEntry } from './route-input.ts'

type WrittenRule = NodeNetwork['spec']['routingRules'][number]

/** Rules that say no priority get those of ours up to this one; the ones above serve the ways out. */
export const lastFreePriority = ownPriorities.first + 79

/** `spec.routingRules` of every document. Those for both families are two. */
export function documentRules(networks: readonly PlacedNetwork[]): {
  readonly rules: readonly RoutingRuleArtefact[]
  readonly refused: readonly RefusedEntry[]
} {
  const written = networks.flatMap(({ network, file }) =>
    network.spec.routingRules.map((rule, index) => ({ rule, origin: `${file} spec.routingRules[${index}]` })),
  )
  const taken = new Set(written.map(({ rule }) => rule.priority))
  const rules: RoutingRuleArtefact[] = []
  const refused: RefusedEntry[] = []
  let next: number = ownPriorities.first
  for (const { rule, origin } of written) {
    let priority = rule.priority
    if (priority === undefined) {
      while (taken.has(next)) next += 1
      priority = next
      next += 1
      if (priority > lastFreePriority) {
        refused.push({ origin, reason: `no priority from ${ownPriorities.first} to ${lastFreePriority} is left` })
        continue
      }
    }
    for (const family of familiesOfRule(rule)) rules.push(renderRule(rule, family, priority, origin))
  }
  return { rules, refused }
}

export function familiesOfRule({ from, to, families }: WrittenRule): readonly AddressFamily[] {
  const telling = from ?? to
  if (telling !== undefined) return [familyOf(telling)]
  const wanted = families ?? ['IPv4', 'IPv6']
  return ([4, 6] as const).filter((family) => wanted.includes(`IPv${family}`))
}

function renderRule(rule: WrittenRule, family: AddressFamily, priority: number, origin: string): RoutingRuleArtefact {
  const { from, to, fwmark, inInterface, outInterface } = rule
  const body = {
    family,
    priority,
    ...(from === undefined ? {} : selector('from', from)),
    ...(to === undefined ? {} : selector('to', to)),
    // The kernel keeps the bits under the mask.
    ...(fwmark === undefined
      ? {}
      : { fwmark: { value: Number(BigInt(fwmark.value) & BigInt(fwmark.mask)), mask: fwmark.mask } }),
    ...(inInterface === undefined ? {} : { inInterface }),
    ...(outInterface === undefined ? {} : { outInterface }),
    action: actionOf(rule),
  }
  return { kind: 'routing-rule', id: routingRuleId(body), ...body, origin }
}

/** The kernel does not keep a range that every packet is in. */
function selector(name: 'from' | 'to', text: string): Partial<Record<'from' | 'to', string>> {
  const network = canonicalNetwork(text)
  return network.endsWith('/0') ? {} : { [name]: network }
}

function actionOf({
  action = 'Lookup',
  table = mainTable,
  suppressPrefixLength,
}: WrittenRule): RoutingRuleArtefact['action'] {
  switch (action) {
    case 'Lookup':
      return {
        kind: 'lookup',
        table,
        ...(suppressPrefixLength === undefined ? {} : { suppressPrefixBits: suppressPrefixLength }),
      }
    case 'Blackhole':
      return { kind: 'blackhole' }
    case 'Unreachable':
      return { kind: 'unreachable' }
    case 'Prohibit':
      return { kind: 'prohibit' }
  }
}
