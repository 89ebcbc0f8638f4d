import { readdirSync, readFileSync } from 'node:fs'

const names: readonly string[] = [
  'net.ipv4.ip_forward',
  'net.ipv4.conf.all.forwarding',
  'net.ipv4.conf.all.rp_filter',
  'net.ipv4.ip_local_port_range',
  'net.ipv6.conf.all.forwarding',
  'net.ipv6.conf.all.disable_ipv6',
  'net.ipv6.conf.default.disable_ipv6',
  'net.bridge.bridge-nf-call-iptables',
  'net.bridge.bridge-nf-call-ip6tables',
  'net.core.devconf_inherit_init_net',
  'net.netfilter.nf_conntrack_max',
]

/** Settings of the kernel that decide about pods; those of an interface by its name, a dot in it as `/` like sysctl. */
export function readSysctls(proc: string): Readonly<Record<string, string>> {
  const interfaces = attempt(() => readdirSync(`${proc}/sys/net/ipv6/conf`)) ?? []
  const paths = [
    ...names.map((name) => ({ name, path: name.replaceAll('.', '/') })),
    ...interfaces.map((device) => ({
      name: `net.ipv6.conf.${device.replaceAll('.', '/')}.accept_ra`,
      path: `net/ipv6/conf/${device}/accept_ra`,
    })),
  ]
  return Object.fromEntries(
    paths.flatMap(({ name, path }) => {
      const text = attempt(() => readFileSync(`${proc}/sys/${path}`, 'utf8'))
      return text === undefined ? [] : [[name, text.trim()] as const]
    }),
  )
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
