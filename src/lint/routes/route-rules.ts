import { type AddressFamily, familyOf, formatCidr, parseCidr } from '../../domain/cidr.ts'
import { ownPriorities } from '../../domain/host-route.ts'
import type { Finding, Rule, RuleGroup } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { egressRules } from './egress-rules.ts'
import { sysctlRules } from './sysctl-rules.ts'
import { type WrittenEntry, writtenEntries } from './written-entries.ts'

const sources = ['iproute2 man/man8/ip-route.8.in, man/man8/ip-rule.8.in']
/** Holds the node's own addresses. */
const localTable = 255
const mainTable = 254

const rules: readonly Rule[] = [
  {
    id: 'rt-family',
    severity: 'error',
    title: 'an entry mixes IPv4 and IPv6',
    why: 'a route or a routing rule belongs to one family, and the kernel refuses addresses of the other',
    fix: 'write one entry for each family',
    versions: 'every version',
    looksAt: ['settings'],
    sources,
    check: mixedFamilies,
  },
  {
    id: 'rt-way',
    severity: 'error',
    title: 'an entry says too little, or two things at once',
    why: 'a route either passes packets on to a next hop or stops them, and a rule either looks into a table or stops them',
    fix: 'write via, dev or nextHops for a Unicast route and a table for a Lookup rule, and neither for the others',
    versions: 'every version',
    looksAt: ['settings'],
    sources,
    check: contradictions,
  },
  {
    id: 'rt-twice',
    severity: 'error',
    title: 'two routes for the same destination, metric and table',
    why: 'the kernel keeps one of them, and the second would never be used',
    fix: 'take one out, give them different metrics, or write both next hops into nextHops',
    versions: 'every version',
    looksAt: ['settings'],
    sources,
    check: twins,
  },
  {
    id: 'rt-priority',
    severity: 'warning',
    title: 'a routing rule with a priority that others use',
    why: 'Tailscale, Cilium, Calico and VPN programs put rules of their own there, and the order is then a matter of chance',
    fix: `leave priority out, or take one from ${ownPriorities.first} to ${ownPriorities.last}`,
    versions: 'every version',
    looksAt: ['settings'],
    sources,
    check: foreignPriorities,
  },
  {
    id: 'rt-local-table',
    severity: 'error',
    title: 'a route in the table of local addresses',
    why: "what stands there decides which packets are for the node itself: a mistake takes away the node's own addresses",
    fix: 'leave table out for the main table, or take another number',
    versions: 'every version',
    looksAt: ['settings'],
    sources,
    check: (subject) =>
      perNode(subject, 'routes', ({ entry, at, name }) =>
        entry.table === localTable ? [{ at, what: `${name} is for table ${localTable}, local` }] : [],
      ),
  },
  {
    id: 'rt-room',
    severity: 'error',
    title: 'more routing rules without a priority than there are priorities',
    why: 'eighty priorities are there for rules that name none; the others are for the ways out',
    fix: 'write a priority for some of them, or put ranges together',
    versions: 'every version',
    looksAt: ['settings'],
    sources,
    check: (subject) =>
      subject.nodes.flatMap((node) =>
        writtenEntries(subject, node, 'routingRules')
          .filter(({ entry }) => entry.priority === undefined)
          .slice(80)
          .map(({ at, name }) => ({ at, what: `there is no priority left for ${name} on ${node.name}` })),
      ),
  },
]

/** What documents say of routes, routing rules, ways out and kernel settings. */
export const routeRules: RuleGroup = {
  title: 'Routes and kernel settings of nodes',
  rules: [...rules, ...egressRules, ...sysctlRules],
  notApplicable: [],
}

type Routes = WrittenEntry<ReturnType<typeof writtenEntries<'routes'>>[number]['entry']>
type RoutingRules = WrittenEntry<ReturnType<typeof writtenEntries<'routingRules'>>[number]['entry']>

function perNode(
  subject: LintSubject,
  field: 'routes',
  find: (written: Routes) => readonly Finding[],
): readonly Finding[] {
  return subject.nodes.flatMap((node) => writtenEntries(subject, node, field).flatMap(find))
}

function perRule(subject: LintSubject, find: (written: RoutingRules) => readonly Finding[]): readonly Finding[] {
  return subject.nodes.flatMap((node) => writtenEntries(subject, node, 'routingRules').flatMap(find))
}

function mixedFamilies(subject: LintSubject): readonly Finding[] {
  const routes = perNode(subject, 'routes', ({ entry, at, name }) => {
    const hops = entry.nextHops?.map(({ via }) => via) ?? []
    const texts = [entry.to === 'default' ? undefined : entry.to, entry.via, entry.source, ...hops]
    return mixed(texts) ? [{ at, what: `${name} to ${entry.to} has addresses of both families` }] : []
  })
  const routing = perRule(subject, ({ entry, at, name }) => {
    const told = entry.families?.map((family): AddressFamily => (family === 'IPv4' ? 4 : 6)) ?? []
    const own = [entry.from, entry.to].filter((text) => text !== undefined).map(familyOf)
    const disagrees = own.length > 0 && told.length > 0 && told.some((family) => !own.includes(family))
    return mixed([entry.from, entry.to]) || disagrees ? [{ at, what: `${name} is for two families` }] : []
  })
  return [...routes, ...routing]
}

function mixed(texts: readonly (string | undefined)[]): boolean {
  return new Set(texts.filter((text) => text !== undefined).map(familyOf)).size > 1
}

function contradictions(subject: LintSubject): readonly Finding[] {
  const routes = perNode(subject, 'routes', ({ entry, at, name }) => {
    const { type = 'Unicast', via, dev, nextHops, onlink } = entry
    const hasHop = via !== undefined || dev !== undefined || nextHops !== undefined
    if (type !== 'Unicast') {
      return hasHop ? [{ at, what: `${name} to ${entry.to} is ${type}, and has a next hop` }] : []
    }
    if (!hasHop) return [{ at, what: `${name} to ${entry.to} has no next hop` }]
    const isBare = [{ via, dev, onlink }, ...(nextHops ?? [])].some(
      (hop) => hop.onlink && (hop.via === undefined || hop.dev === undefined),
    )
    return isBare ? [{ at, what: `${name} to ${entry.to} is onlink without via and dev` }] : []
  })
  const routing = perRule(subject, ({ entry, at, name }) => {
    const { action = 'Lookup', table, suppressPrefixLength } = entry
    if (action === 'Lookup') return table === undefined ? [{ at, what: `${name} looks into no table` }] : []
    const hasTable = table !== undefined || suppressPrefixLength !== undefined
    return hasTable ? [{ at, what: `${name} is ${action}, and names a table` }] : []
  })
  return [...routes, ...routing]
}

function twins(subject: LintSubject): readonly Finding[] {
  return subject.nodes.flatMap((node) => {
    const seen = new Map<string, string>()
    return writtenEntries(subject, node, 'routes').flatMap(({ entry, at, name }): readonly Finding[] => {
      const via = entry.via ?? entry.nextHops?.find((hop) => hop.via !== undefined)?.via ?? entry.source
      const family = entry.to === 'default' ? (via === undefined ? 4 : familyOf(via)) : familyOf(entry.to)
      const range = entry.to === 'default' ? undefined : parseCidr(entry.to)
      const to =
        range === undefined ? `default ${family}` : range.prefixBits === 0 ? `default ${family}` : formatCidr(range)
      const metric = family === 6 ? entry.metric || 1024 : (entry.metric ?? 0)
      const key = `${to} ${metric} ${entry.table ?? mainTable}`
      const first = seen.get(key)
      if (first !== undefined) return [{ at, what: `${name} to ${entry.to} says again what ${first} says` }]
      seen.set(key, name)
      return []
    })
  })
}

function foreignPriorities(subject: LintSubject): readonly Finding[] {
  return perRule(subject, ({ entry, at, name }) => {
    const { priority } = entry
    const isOurs = priority === undefined || (priority >= ownPriorities.first && priority <= ownPriorities.last)
    return isOurs ? [] : [{ at, what: `${name} has priority ${priority}` }]
  })
}
