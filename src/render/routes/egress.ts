import { type AddressFamily, familyOf } from '../../domain/cidr.ts'
import {
  defaultMarkMask,
  mainTable,
  ownPriorities,
  ownTables,
  type RouteArtefact,
  type RoutingRuleArtefact,
  type SysctlArtefact,
} from '../../domain/host-route.ts'
import type { FilterRule, FilterTable, Hook } from '../../domain/packet-filter.ts'
import { routeId, routingRuleId } from '../../domain/route-identity.ts'
import type { NodeNetwork } from '../../schema/documents.ts'
import { anywhere, canonicalAddress, canonicalNetwork, kernelMetric } from './document-routes.ts'
import type { PlacedNetwork, RefusedEntry, RouteContext } from './route-input.ts'
import { sysctlArtefact } from './sysctls.ts'

type WrittenEgress = NodeNetwork['spec']['egress'][number]

/** One rule that the packet filter needs for a way out; its place among the others, and its id, are the filter's business. */
export interface EgressRule {
  readonly family: AddressFamily
  readonly table: FilterTable
  readonly hook: Hook
  readonly rule: Omit<FilterRule, 'id'>
}

export interface RenderedEgress {
  readonly routes: readonly RouteArtefact[]
  readonly routingRules: readonly RoutingRuleArtefact[]
  readonly sysctls: readonly SysctlArtefact[]
  readonly filterRules: readonly EgressRule[]
  readonly refused: readonly RefusedEntry[]
}

interface Way {
  readonly egress: WrittenEgress
  readonly file: string
  readonly path: string
  readonly origin: string
  readonly table: number
  readonly mark: { readonly value: number; readonly mask: number }
}

/** What stays with the main table is asked first, then the marks. */
const mainPriority = ownPriorities.first + 80
const markPriority = ownPriorities.first + 90
/** The kernel's largest: whatever other route the table has comes before it. */
const lastMetric = 4_294_967_295

/**
 * Ways out of the cluster for pods: their packets are marked, the mark leads to a table with a default route of its own,
 * and they leave with the address of the interface. Pods, Services and nodes keep to the main table, for the answers as
 * well. Without a fallback, a table whose route went away with its link stops the packets.
 * @see node-networking §2.7
 */
export function renderEgress(networks: readonly PlacedNetwork[], context: RouteContext): RenderedEgress {
  const { ways, refused } = waysOf(networks, context.markMask ?? defaultMarkMask)
  const parts = ways.flatMap((way) => familiesOf(way, context).map((family) => ({ way, family })))
  const kept = keptNetworks(context)
  const mainRules = [...new Set(parts.map(({ family }) => family))].flatMap((family) =>
    kept
      .filter((network) => familyOf(network) === family)
      .map((network) => toMain(family, network, parts.find((part) => part.family === family)?.way.origin ?? '')),
  )
  return {
    routes: parts.flatMap(({ way, family }) => routesOf(way, family)),
    routingRules: [...mainRules, ...parts.flatMap(({ way, family }) => rulesOf(way, family))],
    sysctls: parts.flatMap(({ way, family }) => (family === 4 ? [looseReversePath(way)] : [])),
    filterRules: [
      ...parts.flatMap(({ way, family }) => sourcesOf(way, context, family).map((from) => markRule(way, family, from))),
      ...parts.flatMap(({ way, family }) =>
        sourcesOf(way, context, family).map((from) => masqueradeRule(way, family, from)),
      ),
    ],
    refused,
  }
}

/** How many ways out a mask can tell apart: 15 for 0xf0, as no mark is no way. */
export function markCount(mask: number): number {
  return mask / lowestBit(mask)
}

function waysOf(
  networks: readonly PlacedNetwork[],
  mask: number,
): { readonly ways: readonly Way[]; readonly refused: readonly RefusedEntry[] } {
  const written = networks.flatMap(({ network, file }) =>
    network.spec.egress.map((egress, index) => ({ egress, file, path: `spec.egress[${index}]` })),
  )
  const named = networks.flatMap(({ network: { spec } }) => [
    ...spec.egress.map(({ table }) => table),
    ...spec.routes.map(({ table }) => table),
    ...spec.routingRules.map(({ table }) => table),
  ])
  const taken = new Set(named)
  const ways: Way[] = []
  const refused: RefusedEntry[] = []
  let next: number = ownTables.first
  for (const { egress, file, path } of written) {
    const origin = `${file} ${path}`
    if (ways.length >= markCount(mask)) {
      refused.push({ origin, reason: `the mark has room for ${markCount(mask)} ways out` })
      continue
    }
    let table = egress.table
    if (table === undefined) {
      while (taken.has(next)) next += 1
      table = next
      next += 1
    }
    if (table > ownTables.last) {
      refused.push({ origin, reason: `no table from ${ownTables.first} to ${ownTables.last} is left` })
      continue
    }
    const mark = { value: (ways.length + 1) * lowestBit(mask), mask }
    ways.push({ egress, file, path, origin, table, mark })
  }
  return { ways, refused }
}

function lowestBit(mask: number): number {
  return Number(BigInt(mask) & -BigInt(mask))
}

function familiesOf({ egress }: Way, { clusterCIDRs }: RouteContext): readonly AddressFamily[] {
  const present = (egress.from ?? clusterCIDRs).map(familyOf)
  return ([4, 6] as const).filter(
    (family) => present.includes(family) && egress.families?.includes(`IPv${family}`) !== false,
  )
}

function sourcesOf({ egress }: Way, { clusterCIDRs }: RouteContext, family: AddressFamily): readonly string[] {
  return (egress.from ?? clusterCIDRs).filter((text) => familyOf(text) === family).map(canonicalNetwork)
}

function keptNetworks(context: RouteContext): readonly string[] {
  const texts = [...context.clusterCIDRs, ...context.serviceCIDRs, ...context.nodeNetworks]
  return [...new Set(texts.map((text) => canonicalNetwork(asNetwork(text))))].sort()
}

function asNetwork(text: string): string {
  return text.includes('/') ? text : `${text}/${familyOf(text) === 4 ? 32 : 128}`
}

function routesOf(way: Way, family: AddressFamily): readonly RouteArtefact[] {
  const { egress, origin, table } = way
  const via = egress.via?.find((address) => familyOf(address) === family)
  // A gateway of the other family only: there is no way out for this one, which is what the fallback is about.
  const isReached = egress.via === undefined || via !== undefined
  const base = { kind: 'route' as const, family, table, to: anywhere(family), onConflict: 'Refuse' as const, origin }
  const out = { ...base, metric: kernelMetric(family, undefined) }
  const end = { ...base, metric: lastMetric }
  return [
    ...(isReached
      ? [
          {
            ...out,
            id: routeId(out),
            type: 'unicast' as const,
            nextHops: [{ ...(via === undefined ? {} : { via: canonicalAddress(via) }), dev: egress.dev }],
          },
        ]
      : []),
    ...(egress.fallback === 'None' ? [{ ...end, id: routeId(end), type: 'unreachable' as const, nextHops: [] }] : []),
  ]
}

function toMain(family: AddressFamily, to: string, origin: string): RoutingRuleArtefact {
  return routingRule({ family, priority: mainPriority, to, action: { kind: 'lookup', table: mainTable } }, origin)
}

function rulesOf({ egress, mark, table, origin }: Way, family: AddressFamily): readonly RoutingRuleArtefact[] {
  const exceptions = egress.except.filter((text) => familyOf(text) === family).map(canonicalNetwork)
  return [
    ...exceptions.map((to) =>
      routingRule(
        { family, priority: mainPriority, to, fwmark: mark, action: { kind: 'lookup', table: mainTable } },
        origin,
      ),
    ),
    routingRule({ family, priority: markPriority, fwmark: mark, action: { kind: 'lookup', table } }, origin),
  ]
}

function routingRule(body: Omit<RoutingRuleArtefact, 'kind' | 'id' | 'origin'>, origin: string): RoutingRuleArtefact {
  return { kind: 'routing-rule', id: routingRuleId(body), ...body, origin }
}

/**
 * Answers come in by an interface that the main table would not take towards their sender, and carry no mark: a strict
 * check drops them whatever src_valid_mark says. The larger of `all` and the interface counts, so 2 here is enough.
 * @see kernel.org Documentation/networking/ip-sysctl.rst, rp_filter
 */
function looseReversePath({ egress, origin }: Way): SysctlArtefact {
  const path = ['net', 'ipv4', 'conf', egress.dev, 'rp_filter']
  return sysctlArtefact(`net.ipv4.conf.${egress.dev}.rp_filter`, path, '2', origin)
}

function markRule({ egress, file, path, mark }: Way, family: AddressFamily, from: string): EgressRule {
  return {
    family,
    table: 'mangle',
    hook: 'PREROUTING',
    rule: {
      match: { source: { kind: 'network', cidr: from, negated: false } },
      action: { kind: 'mark', ...mark },
      origin: { kind: 'document', file, path, name: egress.name },
    },
  }
}

function masqueradeRule({ egress, file, path, mark }: Way, family: AddressFamily, from: string): EgressRule {
  return {
    family,
    table: 'nat',
    hook: 'POSTROUTING',
    rule: {
      match: {
        source: { kind: 'network', cidr: from, negated: false },
        outInterface: { name: egress.dev, isPrefix: false, negated: false },
        mark: { ...mark, negated: false },
      },
      action: { kind: 'masquerade' },
      origin: { kind: 'document', file, path, name: egress.name },
    },
  }
}
