import type { CleanupKind } from '../../domain/cleanup.ts'
import type { SavedRule, SavedTable } from '../../domain/saved-tables.ts'
import { valueAfter } from './rule-words.ts'

/** What belongs to one component by its name, its comment or its kind; never by a word somewhere in a line. */
export interface OwnedObjects {
  /** Chains, by table; a table that is not named has none. */
  readonly chains: Partial<Readonly<Record<SavedTable['table'], RegExp>>>
  /** Rules in chains of others that do not jump to a chain of its own. */
  readonly isOwnRule?: (rule: SavedRule) => boolean
  readonly sets?: RegExp
  /** Native tables, as `family name`. */
  readonly nftTables?: RegExp
  /** Devices, by kind and name. */
  readonly links: readonly { readonly kind: string; readonly name: RegExp }[]
  /** Devices that are found and stay, with the reason. */
  readonly keptLinks: readonly { readonly kind?: string; readonly name: RegExp; readonly reason: string }[]
  readonly files?: RegExp
  readonly keptFiles?: { readonly path: RegExp; readonly reason: string }
  /** Something that it blocked may flow once it is gone. */
  readonly widensAccess: boolean
}

const policyChains = /^KUBE-(ROUTER|POD-FW|NWPLCY)-[A-Z0-9-]+$/
const policyAccept = 'KUBE-ROUTER rule to explicitly ACCEPT traffic that comply to network policies'
const flannelChains = /^FLANNEL-(FWD|POSTRTG)$/
const calicoChains = /^cali-/
const ciliumChains = /^(OLD_)?CILIUM_/
const serviceChain = '(SVC|SEP|EXT|FW|SVL|XLB)-[A-Z2-7]{16}'

const vxlan = { kind: 'vxlan', name: /^flannel(-v6)?\.\d+$/ } as const
const wireguard = { kind: 'wireguard', name: /^flannel-wg(-v6)?$/ } as const
const legacyWireguard = { kind: 'wireguard', name: /^flannel\.\d+$/ } as const
const podLink = 'a pod hangs on it until it is made anew; it goes with the pod'
const none = { chains: {}, links: [], keptLinks: [], widensAccess: false } as const

/** @see node-networking §3.2, §3.4, §3.6 */
export const ownedObjects: Readonly<Record<CleanupKind, OwnedObjects>> = {
  'network-policy': {
    ...none,
    chains: { filter: policyChains },
    isOwnRule: ({ words }) =>
      valueAfter(words, '--comment') === policyAccept &&
      valueAfter(words, '--mark') === '0x20000/0x20000' &&
      valueAfter(words, '-j') === 'ACCEPT',
    sets: /^(inet6:)?(KUBE-(SRC|DST)-[A-Z0-9]+|kube-router-[a-z0-9-]+)$/,
    nftTables: /^(ip|ip6|inet) kube-router-filter-ipv[46]$/,
    widensAccess: true,
  },
  'vxlan-devices': { ...none, links: [vxlan] },
  'wireguard-devices': { ...none, links: [wireguard], files: /^\/run\/flannel\/wgkey(-v6)?$/ },
  'legacy-backends': { ...none, links: [legacyWireguard] },
  flannel: {
    ...none,
    chains: { filter: flannelChains, nat: flannelChains },
    nftTables: /^(ip|ip6|inet) flannel-ipv[46]$/,
    links: [vxlan, wireguard, legacyWireguard],
    files: /(^\/etc\/cni\/net\.d\/|\/agent\/etc\/cni\/net\.d\/)10-flannel\.conflist$|^\/run\/flannel\/subnet\.env$/,
  },
  calico: {
    chains: { raw: calicoChains, mangle: calicoChains, filter: calicoChains, nat: calicoChains },
    isOwnRule: ({ words }) => valueAfter(words, '--comment')?.startsWith('cali:') === true,
    sets: /^cali[46]0/,
    links: [
      { kind: 'vxlan', name: /^vxlan(-v6)?\.calico$/ },
      { kind: 'wireguard', name: /^wg-v6\.cali$|^wireguard\.cali$/ },
    ],
    keptLinks: [
      { kind: 'veth', name: /^cali[0-9a-f]+$/, reason: podLink },
      { name: /^tunl0$/, reason: 'it belongs to the kernel module ipip and cannot be deleted while that is loaded' },
      { name: /^bpf(in|out)\.cali$/, reason: 'programs of the eBPF mode are attached to it; restart the machine' },
    ],
    files: /^\/etc\/cni\/net\.d\/(10-calico\.conflist|10-canal\.conflist|calico-kubeconfig)$/,
    widensAccess: true,
  },
  cilium: {
    chains: { raw: ciliumChains, mangle: ciliumChains, filter: ciliumChains, nat: ciliumChains },
    sets: /^cilium_node_set_v[46]$/,
    links: [
      { kind: 'vxlan', name: /^cilium_vxlan$/ },
      { kind: 'geneve', name: /^cilium_geneve$/ },
      { kind: 'wireguard', name: /^cilium_wg0$/ },
      { kind: 'veth', name: /^cilium_host$/ },
    ],
    keptLinks: [{ kind: 'veth', name: /^lxc/, reason: podLink }],
    files: /^\/etc\/cni\/net\.d\/05-cilium\.conflist$/,
    keptFiles: {
      path: /^\/etc\/cni\/net\.d\/[^/]+\.cilium_bak$/,
      reason: 'Cilium put it aside; which of these is to count again is not known here: rename it, or delete it',
    },
    // Its policies are programs in the kernel, not rules: what they block they go on blocking.
    widensAccess: false,
  },
  'kube-proxy': {
    chains: {
      mangle: /^KUBE-PROXY-CANARY$/,
      filter: /^KUBE-(SERVICES|EXTERNAL-SERVICES|FORWARD|NODEPORTS|PROXY-FIREWALL|PROXY-CANARY)$/,
      nat: new RegExp(`^KUBE-(SERVICES|NODEPORTS|PROXY-CANARY|POSTROUTING|MARK-MASQ|${serviceChain})$`),
    },
    nftTables: /^ip6? kube-proxy$/,
    links: [],
    keptLinks: [
      {
        name: /^kube-ipvs0$/,
        reason: 'virtual servers of IPVS may still answer; ipvsadm -L shows them, ipvsadm -C ends them',
      },
    ],
    // Source ranges of LoadBalancer Services are among its rules.
    widensAccess: true,
  },
  servicelb: none,
}
