import type { CommandPort } from '../../ports/command-port.ts'
import type { FilterCapabilities } from '../../ports/packet-filter-port.ts'
import { nftFailure, readComplaint, unsupported } from './nft-failure.ts'
import { tableName } from './nft-names.ts'
import { type NftPrograms, runInShadow } from './nft-shadow.ts'

/** Older ones print lines that they cannot read back, and name no line when the kernel refuses one. */
const oldest = [1, 0, 1] as const

/**
 * What a program may ask of the kernel, in one table: NAT in the inet family, sets that packets fill, where an address
 * belongs, the MTU of a route. Asked of the kernel, since distributions carry features to older versions.
 */
const everythingNeeded = `table inet ${tableName} {
set probe_rate { type ipv6_addr; size 16; flags dynamic,timeout; timeout 60s; }
set probe_networks { type ipv4_addr; flags interval; auto-merge; elements = { 10.0.0.0/8, 192.0.2.1 }; }
chain probe_pass {
ip saddr @probe_networks fib daddr type local ct state new return
update @probe_rate { ip6 saddr limit rate 1/second burst 5 packets } log prefix "x" level debug
meta l4proto tcp ct original proto-dst 80 reject with tcp reset
}
chain probe_input { type filter hook input priority filter - 10; policy accept; jump probe_pass; }
chain probe_forward { type filter hook forward priority mangle - 10; policy accept; tcp flags & (fin | syn | rst | ack) == syn tcp option maxseg size set rt mtu; }
chain probe_output { type route hook output priority mangle - 10; policy accept; meta mark set meta mark & 0xffffff0f | 0x10; ip dscp set 46; }
chain probe_raw { type filter hook prerouting priority raw; policy accept; udp dport 8472 notrack; }
chain probe_nat { type nat hook postrouting priority srcnat - 10; policy accept; ip saddr 10.0.0.1 snat ip to ip saddr; ip6 saddr ::1 snat ip6 to ip6 saddr; masquerade; }
}
`

/** @throws Failure FILTER_UNSUPPORTED */
export async function findNft(commands: CommandPort): Promise<NftPrograms> {
  const [nft, unshare, shell] = await Promise.all(['nft', 'unshare', 'sh'].map((name) => commands.find(name)))
  if (nft === undefined) throw unsupported('nft is not installed', 'install nftables, or set plane: iptables')
  if (unshare === undefined || shell === undefined) {
    throw unsupported('unshare is not installed', 'install util-linux, or set plane: iptables')
  }
  return { nft, unshare, shell }
}

/** @throws Failure FILTER_UNSUPPORTED */
export async function nftCapabilities(commands: CommandPort, programs: NftPrograms): Promise<FilterCapabilities> {
  const [version, probe] = await Promise.all([
    commands.run([programs.nft, '--version']),
    runInShadow(commands, programs, everythingNeeded),
  ])
  const tool = /^nftables v\S+/.exec(version.stdout)?.[0]
  if (tool === undefined) throw nftFailure(version, 'asking nft for its version')
  if (isOlder(tool)) throw unsupported(`${tool} is too old`, 'install nft 1.0.1 or later, or set plane: iptables')
  if (probe.code !== 0) {
    const { words, line } = readComplaint(probe.stderr)
    if (line === undefined) throw nftFailure(probe, 'trying the kernel')
    const asked = everythingNeeded.split('\n')[line - 1] ?? ''
    throw unsupported(`this kernel refuses "${asked}": ${words}`, 'use a newer kernel, or set plane: iptables')
  }
  return { tool, unsupported: [] }
}

function isOlder(tool: string): boolean {
  const version = (/v(\d+)\.(\d+)\.(\d+)/.exec(tool) ?? []).slice(1).map(Number)
  for (const [at, least] of oldest.entries()) {
    const part = version[at] ?? 0
    if (part !== least) return part < least
  }
  return false
}
