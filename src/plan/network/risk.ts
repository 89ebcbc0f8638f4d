import { parseAddress, parseCidr } from '../../domain/cidr.ts'
import type { RouteArtefact, RoutingRuleArtefact, SysctlArtefact } from '../../domain/host-route.ts'
import { mainTable } from '../../domain/host-route.ts'
import type { FilterRule } from '../../domain/packet-filter.ts'
import type { ChainChange } from './filter-changes.ts'

/**
 * Why a change could cut the node off, although the simulation found nothing; undefined when it cannot. Such a change is
 * applied under a checkpoint. Everything else, and everything that only puts back what was in force, is applied at once.
 */
export function chainRisk(change: ChainChange): string | undefined {
  const { added, removed, after, isReordered } = change
  const denied = added.find(isDeny)
  if (denied !== undefined) return `a new rule stops traffic: ${nameOf(denied)}`
  const denies = (after?.rules ?? []).some(isDeny)
  if (denies && removed.some(lets)) return 'a rule that let traffic through before a deny goes away'
  if (denies && isReordered) return 'rules change places with a rule that stops traffic'
  if (denies && change.changedSets.length > 0) return 'addresses of rules that decide about traffic change'
  const other = [...added, ...removed].find(({ action }) => altersPath.has(action.kind))
  return other === undefined ? undefined : `it changes how packets go: ${nameOf(other)}`
}

const altersPath: ReadonlySet<string> = new Set(['mark', 'masquerade', 'notrack', 'keepSource'])

function isDeny({ action }: FilterRule): boolean {
  return action.kind === 'drop' || action.kind === 'reject'
}

function lets({ action }: FilterRule): boolean {
  return action.kind === 'accept' || action.kind === 'return'
}

function nameOf({ origin }: FilterRule): string {
  return origin.name
}

/** @param protectedPeers addresses on whose way back this node depends: gateway, API server, nodes, live sessions */
export function routeRisk(
  route: Pick<RouteArtefact, 'to' | 'table'>,
  protectedPeers: readonly string[],
): string | undefined {
  if (route.table !== mainTable) return undefined
  if (route.to === '0.0.0.0/0' || route.to === '::/0') return 'it is a default route'
  const peer = protectedPeers.find((one) => covers(route.to, one))
  return peer === undefined ? undefined : `it decides about the way to ${peer}`
}

export function routingRuleRisk({ action }: Pick<RoutingRuleArtefact, 'action'>): string {
  return action.kind === 'lookup' ? 'it sends packets to another routing table' : 'it stops packets'
}

/** Settings that decide whether packets of others come through at all. */
export function sysctlRisk({ path }: Pick<SysctlArtefact, 'path'>): string | undefined {
  return riskySettings.has(path.at(-1) ?? '') ? 'the kernel treats packets and routes otherwise with it' : undefined
}

const riskySettings: ReadonlySet<string> = new Set([
  'accept_ra',
  'arp_announce',
  'arp_filter',
  'arp_ignore',
  'autoconf',
  'bridge-nf-call-ip6tables',
  'bridge-nf-call-iptables',
  'disable_ipv6',
  'drop_gratuitous_arp',
  'drop_unicast_in_l2_multicast',
  'forwarding',
  'gc_thresh3',
  'hop_limit',
  'ip_default_ttl',
  'ip_forward',
  'ip_local_port_range',
  'max_addresses',
  'mtu',
  'nf_conntrack_buckets',
  'nf_conntrack_max',
  'rp_filter',
  'src_valid_mark',
  'tcp_mem',
  'udp_mem',
])

function covers(cidr: string, address: string): boolean {
  const [network, host] = [parseCidr(cidr), parseAddress(address)]
  if (network === undefined || host === undefined || network.family !== host.family) return false
  const hostBits = BigInt((host.family === 4 ? 32 : 128) - network.prefixBits)
  return host.value >> hostBits === network.network >> hostBits
}
