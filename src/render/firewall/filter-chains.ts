import type { AddressFamily } from '../../domain/cidr.ts'
import type { ChainEntry, FilterChain, FilterRule, FilterTable, Hook } from '../../domain/packet-filter.ts'
import { shortHash } from './short-hash.ts'

/** A rule without its id. */
export type DraftRule = Omit<FilterRule, 'id'>

/** A rule that something else than the fields of `spec.firewall` asks for: egress by another uplink. */
export interface ExtraRule extends DraftRule {
  readonly family: AddressFamily
  readonly chain: 'marks' | 'postrouting'
}

interface ChainPlace {
  readonly name: string
  readonly table: FilterTable
  readonly entry?: ChainEntry
}

/**
 * Where each kind of rule stands. What denies is in mangle, which no component of K3s rewrites; what accepts is in
 * filter, behind the network policies. Marks are set before the rules that may ask for them.
 * @see node-networking §1.3, §1.5
 */
export const chainPlaces = {
  anchor: { name: 'FAIRLEAD-ANCHOR', table: 'mangle' },
  notrackIncoming: place('FAIRLEAD-NOTRACK', 'raw', 'PREROUTING'),
  notrackOutgoing: place('FAIRLEAD-NOTRACK-OUTPUT', 'raw', 'OUTPUT'),
  marks: place('FAIRLEAD-MARKS', 'mangle', 'PREROUTING', { before: ['FAIRLEAD-SERVICES'] }),
  services: place('FAIRLEAD-SERVICES', 'mangle', 'PREROUTING'),
  inputDenies: place('FAIRLEAD-INPUT', 'mangle', 'INPUT'),
  // kubelet's own chain stops packets from outside to 127.0.0.0/8: an accept before it would let them in.
  input: place('FAIRLEAD-INPUT', 'filter', 'INPUT', { after: ['KUBE-ROUTER-INPUT', 'KUBE-FIREWALL'] }),
  forwardDenies: place('FAIRLEAD-FORWARD', 'mangle', 'FORWARD'),
  forward: place('FAIRLEAD-FORWARD', 'filter', 'FORWARD', { before: ['FLANNEL-FWD'], after: ['KUBE-ROUTER-FORWARD'] }),
  clampForward: place('FAIRLEAD-MSS', 'mangle', 'FORWARD'),
  clampOutput: place('FAIRLEAD-MSS-OUTPUT', 'mangle', 'OUTPUT'),
  dscp: place('FAIRLEAD-DSCP', 'mangle', 'POSTROUTING'),
  // Packets that portmap marked are translated first; those of kube-proxy are told by their mark.
  postrouting: place('FAIRLEAD-POSTROUTING', 'nat', 'POSTROUTING', {
    before: ['FLANNEL-POSTRTG'],
    after: ['CNI-HOSTPORT-MASQ'],
  }),
} as const satisfies Readonly<Record<string, ChainPlace>>

export type ChainKey = keyof typeof chainPlaces

/** The chains that have rules, sorted by name, then by table; every rule with its id. */
export function filterChains(
  drafts: Readonly<Partial<Record<ChainKey, readonly DraftRule[]>>>,
): readonly FilterChain[] {
  const places: Readonly<Record<ChainKey, ChainPlace>> = chainPlaces
  return (Object.keys(chainPlaces) as ChainKey[])
    .flatMap((key): FilterChain[] => {
      const rules = drafts[key] ?? []
      return rules.length === 0 ? [] : [{ ...places[key], rules: withIds(places[key], rules) }]
    })
    .sort((a, b) => compareText(a.name, b.name) || compareText(a.table, b.table))
}

/** Equal bodies are told apart by their number, so that a rule keeps its id when others come and go. */
function withIds({ name, table }: ChainPlace, drafts: readonly DraftRule[]): readonly FilterRule[] {
  const seen = new Map<string, number>()
  return drafts.map(({ match, action, origin }) => {
    const body = JSON.stringify([table, name, match, action])
    const earlier = seen.get(body) ?? 0
    seen.set(body, earlier + 1)
    return { id: shortHash(earlier === 0 ? body : `${body}#${earlier}`), match, action, origin }
  })
}

function place(
  name: string,
  table: FilterTable,
  hook: Hook,
  order: Partial<Omit<ChainEntry, 'hook'>> = {},
): ChainPlace {
  return { name, table, entry: { hook, before: [], after: [], ...order } }
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}
