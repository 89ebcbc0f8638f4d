/**
 * The parts of a setting's path below `/proc/sys`: `net.ipv6.conf.flannel.1.accept_ra` is
 * `['net', 'ipv6', 'conf', 'flannel.1', 'accept_ra']`. A dot inside the name of an interface may be written as `/`, as
 * sysctl(8) prints it.
 * @returns undefined for everything that is not on the list of settings that may be managed
 */
export function sysctlPath(key: string): readonly string[] | undefined {
  const [net, area, group, ...rest] = key.split('.')
  if (net === undefined || area === undefined || group === undefined) return undefined
  if (!hasInterface(area, group)) {
    const path = [net, area, group, ...rest]
    return isManagedSysctl(path) ? path : undefined
  }
  const name = rest.at(-1)
  const device = rest.slice(0, -1).join('.').replaceAll('/', '.')
  const path = [net, area, group, device, name ?? '']
  return isManagedSysctl(path) ? path : undefined
}

/**
 * Whether a path below `/proc/sys` is a setting that a document may manage: network settings that are values. What acts
 * when it is written (`flush`), and what holds a secret, is none.
 */
export function isManagedSysctl(path: readonly string[]): boolean {
  const [net, area = '', group = '', ...rest] = path
  if (net !== 'net') return false
  if (hasInterface(area, group)) {
    const [device = '', name = ''] = rest
    return rest.length === 2 && isDevice(device) && settingName.test(name) && !excluded.has(name)
  }
  const text = path.slice(1).join('/')
  return plainSettings.some((form) => form.test(text)) && !excluded.has(path.at(-1) ?? '')
}

/** The interface that a setting is about; `all` and `default` are none. */
export function deviceOfSysctl(path: readonly string[]): string | undefined {
  const [, area = '', group = '', device = ''] = path
  return hasInterface(area, group) && device !== 'all' && device !== 'default' ? device : undefined
}

/**
 * Who comes first. The kernel drops the default route of a router as soon as forwarding begins, unless accept_ra is 2 by
 * then; it drops answers on a second way until rp_filter is loose; and forwarding for all sets the one of each
 * interface, and the redirects.
 * @see kernel.org Documentation/networking/ip-sysctl.rst
 */
export function sysctlRank(path: readonly string[]): number {
  const name = path.at(-1) ?? ''
  if (name === 'accept_ra') return 0
  if (name === 'rp_filter' || name === 'src_valid_mark') return 1
  if (name === 'ip_forward') return 2
  if (name === 'forwarding') return path.includes('all') ? 2 : path.includes('default') ? 3 : 4
  return 5
}

const settingName = /^[a-z0-9_]{1,64}$/
const excluded: ReadonlySet<string> = new Set(['flush', 'stable_secret', 'tcp_fastopen_key'])

/** @see kernel.org Documentation/networking/ip-sysctl.rst, nf_conntrack-sysctl.rst, Documentation/admin-guide/sysctl/net.rst */
const plainSettings: readonly RegExp[] = [
  /^ipv[46]\/[a-z0-9_]{1,64}$/,
  /^ipv[46]\/(route|icmp)\/[a-z0-9_]{1,64}$/,
  /^core\/[a-z0-9_]{1,64}$/,
  /^bridge\/bridge-nf-[a-z0-9-]{1,56}$/,
  /^netfilter\/nf_[a-z0-9_]{1,61}$/,
]

function hasInterface(area: string, group: string): boolean {
  return (area === 'ipv4' || area === 'ipv6') && (group === 'conf' || group === 'neigh')
}

function isDevice(text: string): boolean {
  return /^[A-Za-z0-9_@-][A-Za-z0-9_.@-]{0,14}$/.test(text)
}
