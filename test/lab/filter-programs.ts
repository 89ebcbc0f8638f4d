import { createHash } from 'node:crypto'
import type {
  AddressMatch,
  AddressSet,
  ChainEntry,
  FamilyFilter,
  FilterChain,
  FilterProgram,
  FilterRule,
  FilterTable,
  PacketAction,
  PacketMatch,
  PortMatch,
} from '../../src/domain/packet-filter.ts'

/** A rule without its id, which comes from where it stands and what it says. */
export interface RuleDraft {
  readonly match?: PacketMatch
  readonly action: PacketAction
  /** Field of the document that asked for it: `spec.firewall.input[2]`. */
  readonly path?: string
}

/** A family's chains and sets, sorted as programs have them. */
export function familyOf(chains: readonly FilterChain[], sets: readonly AddressSet[] = []): FamilyFilter {
  return {
    sets: sets.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    chains: chains.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

export const emptyFamily: FamilyFilter = { sets: [], chains: [] }

/** The same chains for both families, where no rule names an address. */
export function programOf(chains: readonly FilterChain[]): FilterProgram {
  return { v4: familyOf(chains), v6: familyOf(chains) }
}

export function chainOf(
  name: string,
  table: FilterTable,
  drafts: readonly RuleDraft[],
  entry?: Partial<ChainEntry> & Pick<ChainEntry, 'hook'>,
): FilterChain {
  const seen = new Map<string, number>()
  return {
    name,
    table,
    ...(entry === undefined ? {} : { entry: { before: [], after: [], ...entry } }),
    rules: drafts.map((draft, index) => ruleOf(name, table, draft, index, seen)),
  }
}

function ruleOf(
  chain: string,
  table: FilterTable,
  draft: RuleDraft,
  index: number,
  seen: Map<string, number>,
): FilterRule {
  const { match = {}, action, path = `spec.firewall.test[${index}]` } = draft
  const body = JSON.stringify([table, chain, match, action])
  const again = seen.get(body) ?? 0
  seen.set(body, again + 1)
  return {
    id: base32(createHash('sha256').update(`${body}${again}`).digest()),
    match,
    action,
    origin: { kind: 'document', file: 'clusters/test/nodes/n1.yaml', path, name: `${chain.toLowerCase()}-${index}` },
  }
}

function base32(bytes: Buffer): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz234567'
  return [...bytes.subarray(0, 12)].map((byte) => letters[byte % 32]).join('')
}

export const accept: PacketAction = { kind: 'accept' }
export const drop: PacketAction = { kind: 'drop' }

export function network(cidr: string, negated = false): AddressMatch {
  return { kind: 'network', cidr, negated }
}

export function setMatch(set: string, negated = false): AddressMatch {
  return { kind: 'set', set, negated }
}

/** `80`, `[80, 443]`, `[[30000, 32767]]`. */
export function ports(list: number | readonly (number | readonly [number, number])[], negated = false): PortMatch {
  const entries = typeof list === 'number' ? [list] : list
  return {
    ranges: entries.map((entry) =>
      typeof entry === 'number' ? { first: entry, last: entry } : { first: entry[0], last: entry[1] },
    ),
    negated,
  }
}

/** Keeps conntrack active; no built-in chain jumps here. */
export const anchor: FilterChain = chainOf('FAIRLEAD-ANCHOR', 'filter', [
  { match: { states: ['NEW'] }, action: { kind: 'return' } },
])

/**
 * What a typical node has: ssh accepted before state and denies, one port denied before Services are translated, and an
 * anchor. Port 22 and 8080 stay open, 9999 is dropped, 30080 is dropped before translation.
 */
export function typicalProgram(): FilterProgram {
  return programOf([
    anchor,
    chainOf(
      'FAIRLEAD-INPUT',
      'filter',
      [
        { match: { protocol: 'tcp', destinationPorts: ports(22) }, action: accept, path: 'failsafe' },
        { match: { states: ['ESTABLISHED', 'RELATED'] }, action: accept },
        { match: { protocol: 'tcp', destinationPorts: ports(9999) }, action: drop },
        { match: { protocol: 'udp', destinationPorts: ports([9998, [10_000, 10_010]]) }, action: drop },
      ],
      { hook: 'INPUT' },
    ),
    chainOf(
      'FAIRLEAD-SERVICES',
      'mangle',
      [
        {
          match: { protocol: 'tcp', destinationPorts: ports(30_080), destinationIsLocal: true },
          action: drop,
        },
      ],
      { hook: 'PREROUTING' },
    ),
  ])
}

/** One chain of `count` accepts that differ in port and source, then a drop of one port; v6 has a short one. */
export function longProgram(count: number, table: FilterTable = 'filter'): FilterProgram {
  const rules: RuleDraft[] = Array.from({ length: count }, (_, index) => ({
    match: {
      source: network(`10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}/32`),
      protocol: 'tcp',
      destinationPorts: ports(1 + (index % 65_000)),
    },
    action: accept,
  }))
  return {
    v4: familyOf([anchor, chainOf('FAIRLEAD-INPUT', table, rules, { hook: 'INPUT' })]),
    v6: familyOf([anchor]),
  }
}

/** One rule that names a set of networks, and drops one port for its members. */
export function setProgram(members4: readonly string[], members6: readonly string[] = ['fd99::/64']): FilterProgram {
  const family = (set: string, of: 4 | 6, members: readonly string[]): FamilyFilter =>
    familyOf(
      [
        anchor,
        chainOf(
          'FAIRLEAD-INPUT',
          'filter',
          [{ match: { source: setMatch(set), protocol: 'tcp', destinationPorts: ports(8080) }, action: drop }],
          { hook: 'INPUT' },
        ),
      ],
      [{ name: set, family: of, members }],
    )
  return { v4: family('FAIRLEAD4-BLOCKED', 4, members4), v6: family('FAIRLEAD6-BLOCKED', 6, members6) }
}

/** Every match and every action at least once, in each family. */
export function everythingProgram(): FilterProgram {
  return { v4: everything(4), v6: everything(6) }
}

function everything(family: 4 | 6): FamilyFilter {
  const [one, many, set] =
    family === 4
      ? ['192.0.2.7/32', '198.51.100.0/24', 'FAIRLEAD4-PEERS']
      : ['2001:db8::7/128', '2001:db8:1::/48', 'FAIRLEAD6-PEERS']
  const icmp = family === 4 ? ({ protocol: 'icmp' } as const) : ({ protocol: 'icmpv6' } as const)
  const matches: readonly PacketMatch[] = [
    {},
    { source: network(one), destination: network(many) },
    { source: network(many, true), destination: network(one, true) },
    { source: setMatch(set), destination: setMatch(set, true) },
    { inInterface: { name: 'eth0', isPrefix: false, negated: false } },
    { inInterface: { name: 'cni', isPrefix: true, negated: true } },
    { protocol: 'tcp', sourcePorts: ports(1024), destinationPorts: ports(80) },
    { protocol: 'udp', sourcePorts: ports([[1024, 65_535]]), destinationPorts: ports([[53, 54]], true) },
    { protocol: 'sctp', destinationPorts: ports([1, 2, [3, 9]]) },
    { protocol: 'tcp', sourcePorts: ports([7, 9]), destinationPorts: ports([80, 443, [8000, 8100]], true) },
    { protocol: 'tcp', originalDestinationPorts: ports(30_080) },
    { protocol: 'udp', originalDestinationPorts: ports([[30_000, 32_767]], true) },
    { ...icmp, icmp: { type: family === 4 ? 8 : 128 } },
    { ...icmp, icmp: { type: family === 4 ? 3 : 1, code: 4 } },
    { protocol: 'esp' },
    { protocol: 'ah' },
    { protocol: 'gre' },
    { protocol: 254 },
    { states: ['ESTABLISHED', 'RELATED'] },
    { states: ['ESTABLISHED', 'INVALID', 'NEW', 'RELATED', 'UNTRACKED'] },
    { mark: { value: 0x10, mask: 0xf0, negated: false } },
    { mark: { value: 0x4000, mask: 0x4000, negated: true } },
    { mark: { value: 0x20, mask: 0xffff_ffff, negated: false } },
    { destinationIsLocal: true },
    { protocol: 'tcp', tcpSyn: true },
    { limit: { packets: 10, per: 'minute', burst: 5, perSource: false } },
    { limit: { packets: 3, per: 'second', burst: 9, perSource: false } },
    { limit: { packets: 20, per: 'second', burst: 40, perSource: true } },
    { limit: { packets: 2, per: 'hour', burst: 5, perSource: true } },
  ]
  const actions: readonly PacketAction[] = [
    accept,
    drop,
    { kind: 'reject', with: 'port-unreachable' },
    { kind: 'reject', with: 'admin-prohibited' },
    { kind: 'return' },
    { kind: 'log', prefix: 'denied: ', level: 'warning' },
    { kind: 'log', prefix: 'x', level: 'debug' },
    { kind: 'mark', value: 0x10, mask: 0xf0 },
    { kind: 'jump', chain: 'FAIRLEAD-MORE' },
  ]
  return familyOf(
    [
      anchor,
      chainOf(
        'FAIRLEAD-INPUT',
        'filter',
        [
          ...matches.map((match) => ({ match, action: accept })),
          ...actions.filter(({ kind }) => kind !== 'mark').map((action) => ({ action })),
          { match: { protocol: 'tcp' }, action: { kind: 'reject', with: 'tcp-reset' } },
        ],
        { hook: 'INPUT' },
      ),
      chainOf('FAIRLEAD-MORE', 'filter', [{ match: { protocol: 'udp' }, action: drop }]),
      chainOf(
        'FAIRLEAD-FORWARD',
        'filter',
        [{ match: { outInterface: { name: 'cni', isPrefix: true, negated: false } }, action: drop }],
        { hook: 'FORWARD', before: ['FLANNEL-FWD'], after: ['KUBE-ROUTER-FORWARD'] },
      ),
      chainOf('FAIRLEAD-MSS', 'mangle', mssRules(), { hook: 'FORWARD' }),
      chainOf(
        'FAIRLEAD-SERVICES',
        'mangle',
        [
          {
            match: { mark: { value: 0x1, mask: 0x1, negated: true } },
            action: { kind: 'mark', value: 16, mask: 0xf0 },
          },
        ],
        { hook: 'PREROUTING' },
      ),
      chainOf('FAIRLEAD-DSCP', 'mangle', [{ match: { protocol: 'udp' }, action: { kind: 'dscp', value: 46 } }], {
        hook: 'POSTROUTING',
      }),
      chainOf(
        'FAIRLEAD-NAT',
        'nat',
        [
          {
            match: { source: network(many), mark: { value: 0x4000, mask: 0x4000, negated: true } },
            action: { kind: 'keepSource' },
          },
          {
            match: { source: network(one), outInterface: { name: 'eth1', isPrefix: false, negated: false } },
            action: { kind: 'masquerade' },
          },
        ],
        { hook: 'POSTROUTING', before: ['FLANNEL-POSTRTG'] },
      ),
      chainOf(
        'FAIRLEAD-RAW',
        'raw',
        [{ match: { protocol: 'udp', destinationPorts: ports(8472) }, action: { kind: 'notrack' } }],
        { hook: 'PREROUTING' },
      ),
    ],
    [{ name: set, family, members: [many, one].toSorted() }],
  )
}

function mssRules(): readonly RuleDraft[] {
  const match: PacketMatch = {
    protocol: 'tcp',
    tcpSyn: true,
    outInterface: { name: 'wg', isPrefix: true, negated: false },
  }
  return [
    { match, action: { kind: 'clampMss', to: 'pmtu' } },
    { match, action: { kind: 'clampMss', to: 1360 } },
  ]
}
