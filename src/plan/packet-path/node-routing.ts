import { mainTable, routeProtocol } from '../../domain/host-route.ts'
import type { HostRoutes, ObservedRoute, ObservedRule } from '../../domain/host-routes.ts'
import { type Certainty, certain } from './certainty.ts'
import { ask, askOnly, remember, type Travelling } from './packet.ts'
import { locate, networkRange, type Range, type Ranges, rangesOf } from './ranges.ts'

/** Routes, rules and addresses of one node, ready to be asked. */
export interface NodeRouting {
  readonly local: Readonly<Record<4 | 6, Ranges>>
  /** No link is known: nobody can say which addresses are the node's own. */
  readonly isBlind: boolean
  readonly rules: Readonly<Record<4 | 6, readonly ObservedRule[]>>
  /** By table; the longest prefix first, then the lowest metric. */
  readonly tables: ReadonlyMap<string, readonly RoutedRange[]>
  /** An address of an interface, for translations that name none. */
  readonly addressOf: (interfaceName: string, family: 4 | 6) => bigint | undefined
}

export interface RoutedRange extends Range {
  readonly route: ObservedRoute
  readonly prefixBits: number
}

export function prepareRouting({ routes, rules, links }: HostRoutes): NodeRouting {
  const addresses = links.flatMap((link) =>
    link.addresses.flatMap(({ address }) => networkRange(address.split('/')[0] ?? '') ?? []),
  )
  const localRoutes = routes.filter(({ type }) => type === 'local').flatMap(({ to }) => networkRange(to) ?? [])
  const loopback = ['127.0.0.0/8', '::1'].flatMap((text) => networkRange(text) ?? [])
  const local = [...addresses, ...localRoutes, ...loopback]
  return {
    local: {
      4: rangesOf(local.filter(({ family }) => family === 4)),
      6: rangesOf(local.filter(({ family }) => family === 6)),
    },
    isBlind: links.length === 0,
    rules: { 4: rulesOf(rules, 4), 6: rulesOf(rules, 6) },
    tables: tablesOf(routes),
    addressOf: (name, family) =>
      links
        .find((link) => link.name === name)
        ?.addresses.flatMap(({ address }) => networkRange(address.split('/')[0] ?? '') ?? [])
        .find((range) => range.family === family)?.first,
  }
}

/**
 * Whether the packet's source or destination is an address of the node. Only a no is remembered: whoever lets a range
 * stand for a destination leaves the node's own addresses out of it.
 */
export function addressIsLocal(routing: NodeRouting, packet: Travelling, dimension: 'from' | 'to'): Certainty {
  if (routing.isBlind) return 'maybe'
  const ranges = routing.local[packet.family]
  if (dimension === 'to' && askOnly(packet, 'to', ranges)) return 'yes'
  return certain(ask(packet, dimension, ranges) === true)
}

export type RoutingDecision =
  | { readonly kind: 'local' }
  | { readonly kind: 'forward'; readonly device: string | undefined; readonly found: FoundRoute }
  | { readonly kind: 'unroutable'; readonly reason: string }

/** What the kernel does with the packet after PREROUTING, or before OUTPUT. */
export function decideRoute(routing: NodeRouting, packet: Travelling): RoutingDecision {
  if (addressIsLocal(routing, packet, 'to') === 'yes' || askOnly(packet, 'to', groups[packet.family]))
    return { kind: 'local' }
  const found = findRoute(routing, packet)
  if (found === undefined) return { kind: 'unroutable', reason: 'no route leads there' }
  if (found.action !== undefined) return { kind: 'unroutable', reason: `a routing rule says ${found.action}` }
  const { route } = found
  if (deliveredHere.includes(route.type)) return { kind: 'local' }
  if (route.type !== 'unicast') return { kind: 'unroutable', reason: `the route to ${route.to} is ${route.type}` }
  return { kind: 'forward', device: route.nextHops[0]?.dev, found }
}

const deliveredHere: readonly string[] = ['local', 'broadcast', 'multicast', 'anycast']

/** Multicast, and the broadcast that everybody hears. */
const groups: Readonly<Record<4 | 6, Ranges>> = {
  4: rangesOf(['224.0.0.0/4', '255.255.255.255'].flatMap((text) => networkRange(text) ?? [])),
  6: rangesOf(['ff00::/8'].flatMap((text) => networkRange(text) ?? [])),
}

export type FoundRoute =
  | { readonly rule: ObservedRule; readonly route: ObservedRoute; readonly action?: undefined }
  | { readonly rule: ObservedRule; readonly route?: undefined; readonly action: string }

/** The first rule whose table has a route, and the route; undefined when none has. */
export function findRoute(routing: NodeRouting, packet: Travelling): FoundRoute | undefined {
  for (const rule of routing.rules[packet.family]) {
    if (ruleApplies(rule, packet) === rule.isNegated) continue
    const { action } = rule
    // What `goto` and others of that kind would do is not known: passed over.
    if (action.kind === 'other') continue
    if (action.kind !== 'lookup') return { rule, action: action.kind }
    const route = findInTable(routing, packet, action.table)
    if (route === undefined || route.prefixBits <= (action.suppressPrefixBits ?? -1)) continue
    return { rule, route: route.route }
  }
  return undefined
}

/** The most specific route of one table. */
export function findInTable(routing: NodeRouting, packet: Travelling, table: number): RoutedRange | undefined {
  const to = packet.values.to ?? 0n
  for (const routed of routing.tables.get(`${packet.family} ${table}`) ?? []) {
    const located = locate([routed], to)
    if (!packet.rewritten.has('to')) remember(packet, 'to', located.around)
    if (located.isInside) return routed
  }
  return undefined
}

function ruleApplies({ from, to, fwmark, inInterface, outInterface }: ObservedRule, packet: Travelling): boolean {
  if (inInterface !== undefined && inInterface !== (packet.inInterface ?? 'lo')) return false
  if (outInterface !== undefined && outInterface !== packet.outInterface) return false
  if (fwmark !== undefined && ((packet.mark ^ fwmark.value) & fwmark.mask) !== 0) return false
  return isWithin(packet, 'from', from) && isWithin(packet, 'to', to)
}

function isWithin(packet: Travelling, dimension: 'from' | 'to', network: string | undefined): boolean {
  const range = network === undefined ? undefined : networkRange(network)
  return range === undefined || ask(packet, dimension, [range]) === true
}

/** A list without any rule but ours was not read from a kernel, which always has its own. */
function rulesOf(rules: readonly ObservedRule[], family: 4 | 6): readonly ObservedRule[] {
  const ofFamily = rules.filter((rule) => rule.family === family)
  const isWhole = ofFamily.some(({ protocol }) => protocol !== routeProtocol)
  const kernel = isWhole
    ? []
    : [255, mainTable, 253].map((table, at) => kernelRule(family, table, kernelPriorities[at] ?? 0))
  return [...kernel, ...ofFamily].sort((a, b) => a.priority - b.priority)
}

const kernelPriorities: readonly number[] = [0, 32_766, 32_767]

function kernelRule(family: 4 | 6, table: number, priority: number): ObservedRule {
  return { family, priority, protocol: 2, isNegated: false, action: { kind: 'lookup', table } }
}

function tablesOf(routes: readonly ObservedRoute[]): ReadonlyMap<string, readonly RoutedRange[]> {
  const tables = new Map<string, RoutedRange[]>()
  for (const route of routes) {
    const range = networkRange(route.to)
    // A route of a type of service counts only for packets that carry it, and nobody here asks for those.
    if (range === undefined || (route.tos ?? 0) !== 0 || route.flags.includes('dead')) continue
    const key = `${route.family} ${route.table}`
    const prefixBits = Number(route.to.split('/')[1] ?? (route.family === 4 ? 32 : 128))
    const table = tables.get(key) ?? []
    table.push({ first: range.first, last: range.last, route, prefixBits })
    tables.set(key, table)
  }
  for (const table of tables.values())
    table.sort((a, b) => b.prefixBits - a.prefixBits || a.route.metric - b.route.metric)
  return tables
}
