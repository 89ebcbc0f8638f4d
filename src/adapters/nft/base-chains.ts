import type { FilterTable, Hook } from '../../domain/packet-filter.ts'

/**
 * How each built-in chain of iptables is hooked in a native table, by table and hook. `raw` is where iptables has it: what
 * is not to be tracked has to be told before conntrack (-200). All others come ten places before the table of the same
 * name, so that ours is seen first whatever else is loaded, and mangle still stands before the translation of Services
 * (-100). `type route` looks the way up anew after a mark was set in OUTPUT, as iptables' mangle does.
 *
 * @see kernel include/uapi/linux/netfilter_ipv4.h (nf_ip_hook_priorities)
 */
const baseChains: Readonly<Record<FilterTable, Partial<Readonly<Record<Hook, string>>>>> = {
  raw: {
    PREROUTING: 'type filter hook prerouting priority raw',
    OUTPUT: 'type filter hook output priority raw',
  },
  mangle: {
    PREROUTING: 'type filter hook prerouting priority mangle - 10',
    INPUT: 'type filter hook input priority mangle - 10',
    FORWARD: 'type filter hook forward priority mangle - 10',
    OUTPUT: 'type route hook output priority mangle - 10',
    POSTROUTING: 'type filter hook postrouting priority mangle - 10',
  },
  nat: {
    PREROUTING: 'type nat hook prerouting priority dstnat - 10',
    INPUT: 'type nat hook input priority 90',
    OUTPUT: 'type nat hook output priority -110',
    POSTROUTING: 'type nat hook postrouting priority srcnat - 10',
  },
  filter: {
    INPUT: 'type filter hook input priority filter - 10',
    FORWARD: 'type filter hook forward priority filter - 10',
    OUTPUT: 'type filter hook output priority filter - 10',
  },
}

/** The line that makes a base chain; its policy is always accept, so that what no rule names goes on. */
export function baseChainLine(table: FilterTable, hook: Hook): string {
  const line = baseChains[table][hook]
  if (line === undefined) throw new Error(`table ${table} has no hook ${hook}`)
  return `${line}; policy accept;`
}
