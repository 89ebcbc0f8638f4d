import type { AddressFamily } from './cidr.ts'

/**
 * A packet filter as a value: chains of structured rules, nothing that a tool would have to parse as text. The two
 * planes, iptables and a native nft table, print the same program.
 */
export interface FilterProgram {
  readonly v4: FamilyFilter
  readonly v6: FamilyFilter
}

/** What one address family gets. Chains and sets are sorted by name, rules stand in their order. */
export interface FamilyFilter {
  readonly sets: readonly AddressSet[]
  readonly chains: readonly FilterChain[]
}

export type FilterTable = 'raw' | 'mangle' | 'nat' | 'filter'
export type Hook = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING'

/** Every name of ours begins so, and no chain of anybody else does. */
export const chainPrefix = 'FAIRLEAD-'
/** Comment of every rule of ours: this and the rule's id, nothing else. */
export const commentPrefix = 'fairlead:'

export interface FilterChain {
  /** `FAIRLEAD-…` of `[A-Z0-9-]`, at most 28 characters, unique in its table. */
  readonly name: string
  readonly table: FilterTable
  /** The built-in chain that jumps here; absent for chains that only others of ours call, and for the anchor. */
  readonly entry?: ChainEntry
  readonly rules: readonly FilterRule[]
}

/** Where the jump stands, told by the targets of other jumps in the same built-in chain; those that are absent count not. */
export interface ChainEntry {
  readonly hook: Hook
  /** Our jump has to come before the jumps to these targets: `FLANNEL-FWD`. */
  readonly before: readonly string[]
  /** Our jump has to come after the jumps to these targets: `KUBE-ROUTER-FORWARD`. */
  readonly after: readonly string[]
}

export interface FilterRule {
  /** 12 or more characters of `[a-z2-7]`: a hash of table, chain and body, counted up where a body stands twice. */
  readonly id: string
  readonly match: PacketMatch
  readonly action: PacketAction
  readonly origin: RuleOrigin
}

/** Who asked for a rule: what keeps the node reachable, or a field of a document. */
export type RuleOrigin =
  | { readonly kind: 'failsafe'; readonly name: string }
  | {
      readonly kind: 'document'
      /** `clusters/home/nodes/edge.yaml`. */
      readonly file: string
      /** `spec.firewall.input[2]`. */
      readonly path: string
      /** The rule's own name. */
      readonly name: string
    }

/** A set of networks that rules name: `FAIRLEAD4-…` or `FAIRLEAD6-…`, at most 30 characters (`~` is added while it is swapped). */
export interface AddressSet {
  readonly name: string
  readonly family: AddressFamily
  /** Canonical networks, sorted bytewise, none inside another: `10.0.0.0/8`, `192.168.1.5/32`. */
  readonly members: readonly string[]
}

/** All parts that are present must match. What is absent matches everything. */
export interface PacketMatch {
  readonly source?: AddressMatch
  readonly destination?: AddressMatch
  readonly inInterface?: InterfaceMatch
  readonly outInterface?: InterfaceMatch
  /** A name, or a protocol number that has none here. */
  readonly protocol?: NamedProtocol | number
  /** At most 15 places, a range takes two. Only with tcp, udp or sctp. */
  readonly sourcePorts?: PortMatch
  readonly destinationPorts?: PortMatch
  /** Ports as the client wrote them, before Services were translated. */
  readonly originalDestinationPorts?: PortMatch
  /** Only with icmp or icmpv6. */
  readonly icmp?: { readonly type: number; readonly code?: number }
  /** Sorted by name. */
  readonly states?: readonly ConnectionState[]
  readonly mark?: { readonly value: number; readonly mask: number; readonly negated: boolean }
  /** The destination is an address of this node. */
  readonly destinationIsLocal?: true
  /** The first packet of a TCP connection from either side: SYN is set, and RST is not. */
  readonly tcpSyn?: true
  readonly limit?: RateLimit
}

export type AddressMatch =
  | { readonly kind: 'network'; readonly cidr: string; readonly negated: boolean }
  | { readonly kind: 'set'; readonly set: string; readonly negated: boolean }

export interface InterfaceMatch {
  readonly name: string
  /** Every interface whose name begins so. */
  readonly isPrefix: boolean
  readonly negated: boolean
}

export interface PortMatch {
  readonly ranges: readonly { readonly first: number; readonly last: number }[]
  readonly negated: boolean
}

export type NamedProtocol = 'tcp' | 'udp' | 'sctp' | 'icmp' | 'icmpv6' | 'esp' | 'ah' | 'gre'
export type ConnectionState = 'ESTABLISHED' | 'INVALID' | 'NEW' | 'RELATED' | 'UNTRACKED'

/** Packets above the rate do not match. */
export interface RateLimit {
  readonly packets: number
  readonly per: 'second' | 'minute' | 'hour' | 'day'
  readonly burst: number
  /** One allowance for each source address, instead of one for all. */
  readonly perSource: boolean
}

export type PacketAction =
  | { readonly kind: 'accept' }
  | { readonly kind: 'drop' }
  /** Only in the filter table. */
  | { readonly kind: 'reject'; readonly with: 'port-unreachable' | 'admin-prohibited' | 'tcp-reset' }
  | { readonly kind: 'return' }
  /** Goes on with the next rule. The prefix is at most 29 characters of printable ASCII without quotes and backslashes. */
  | { readonly kind: 'log'; readonly prefix: string; readonly level: LogLevel }
  /** Only in mangle, in FORWARD, OUTPUT and POSTROUTING. */
  | { readonly kind: 'clampMss'; readonly to: 'pmtu' | number }
  | { readonly kind: 'dscp'; readonly value: number }
  | { readonly kind: 'mark'; readonly value: number; readonly mask: number }
  /** Only in nat POSTROUTING: the packet keeps its source address, whatever comes after. */
  | { readonly kind: 'keepSource' }
  /** Only in nat POSTROUTING. */
  | { readonly kind: 'masquerade' }
  /** Only in raw. */
  | { readonly kind: 'notrack' }
  /** To another chain of ours in the same table. */
  | { readonly kind: 'jump'; readonly chain: string }

export type LogLevel = 'debug' | 'info' | 'notice' | 'warning' | 'error'
