import type { CleanupKind } from './cleanup.ts'
import type { IptablesBackend } from './network-program.ts'
import type { AddressFamilyKey, SavedTable } from './saved-tables.ts'

/** Everything that cleanups decide about, read in one go. */
export interface Leftovers {
  /** By backend, as far as it has any tables at all. */
  readonly tables: readonly {
    readonly backend: IptablesBackend
    readonly family: AddressFamilyKey
    readonly tables: readonly SavedTable[]
    /** Tables that iptables cannot show, and that therefore nobody touches. */
    readonly incompatible?: readonly string[]
  }[]
  /** Names and types of ipsets. */
  readonly sets: readonly { readonly name: string; readonly type: string }[]
  /** Native nft tables: `inet kube-router-filter-ipv4`. */
  readonly nftTables: readonly { readonly family: string; readonly name: string }[]
  readonly links: readonly { readonly name: string; readonly kind?: string; readonly master?: string }[]
  /** Routes by their own line of `ip route`, with destination and device. */
  readonly routes: readonly {
    readonly family: AddressFamilyKey
    readonly to: string
    readonly device?: string
    readonly via?: string
    readonly protocol: number
    readonly table: number
    /** `unicast`, `blackhole`, `local`, …; `multipath` for one with several next hops. */
    readonly type: string
    readonly metric?: number
    readonly onlink?: true
  }[]
  /** Routing rules, as far as cleanups know them: by mark, or for everybody. */
  readonly routingRules?: readonly LeftoverRule[]
  /** CNI files: absolute paths as K3s sees them. */
  readonly files: readonly string[]
  /** Addresses that host-local gave out, each a file with the id of its container. */
  readonly leases?: readonly { readonly path: string; readonly container: string }[]
  /** Networks of this node's own pods, from what flannel wrote for the CNI: `10.42.0.0/24`. */
  readonly flannelSubnets?: readonly string[]
  /** Backend in the flannel configuration that K3s wrote when it started: `host-gw`. Undefined when nobody can tell. */
  readonly flannelBackend?: string
  /** Container ids that the runtime knows; undefined when it could not be asked. */
  readonly containers: ReadonlySet<string> | undefined
  /**
   * What the K3s that runs was started with, from wherever it took it: the command, then one `--flag=value` for each flag
   * in force, lists one item each. Undefined when none runs, or nobody can tell. K3s hides its own argv once it is up.
   */
  readonly k3sArguments: readonly string[] | undefined
  /** Names of programs that run: `calico-node`, `cilium-agent`, `kube-proxy`. */
  readonly programs: readonly string[]
}

export interface CleanupPlan {
  readonly removals: readonly Removal[]
  /** What was found and stays, with the reason: its owner still runs, or nobody can tell. */
  readonly kept: readonly { readonly cleanup: CleanupKind; readonly what: string; readonly reason: string }[]
}

interface RemovalBase {
  readonly cleanup: CleanupKind
  /** For people: why it is a leftover. */
  readonly reason: string
  /** Traffic that this blocked may flow afterwards: asks for a yes. */
  readonly widensAccess: boolean
}

export type Removal = RemovalBase &
  (
    | {
        readonly kind: 'chains'
        readonly backend: IptablesBackend
        readonly family: AddressFamilyKey
        readonly table: SavedTable['table']
        readonly chains: readonly string[]
        /** Exact bodies of rules in chains of others, with the chain: `['INPUT', '-j', 'KUBE-ROUTER-INPUT']`. */
        readonly rules: readonly (readonly string[])[]
      }
    | { readonly kind: 'sets'; readonly names: readonly string[] }
    | { readonly kind: 'nft-table'; readonly family: string; readonly name: string }
    | { readonly kind: 'link'; readonly name: string }
    | { readonly kind: 'route'; readonly route: Leftovers['routes'][number] }
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'routing-rule'; readonly rule: LeftoverRule }
    /** A routing rule that has to stand before any other is removed: `0: from all lookup local`. */
    | { readonly kind: 'add-routing-rule'; readonly rule: LeftoverRule }
  )

export interface LeftoverRule {
  readonly family: AddressFamilyKey
  readonly priority: number
  readonly table: number
  readonly fwmark?: { readonly value: number; readonly mask: number }
}
