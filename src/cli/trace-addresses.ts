import { formatCidr, parseCidr } from '../domain/cidr.ts'
import { mainTable } from '../domain/host-route.ts'
import type { HostRoutes, ObservedLink, ObservedRoute } from '../domain/host-routes.ts'

const form = /^([A-Za-z0-9_.:-]{1,15})=(\S+)$/

/** Whether every part reads `eth0=192.168.1.5/24`. */
export function areAddresses(text: string): boolean {
  return text.split(',').every((part) => parseCidr(form.exec(part)?.[2] ?? '') !== undefined)
}

/**
 * A node as somebody describes it: its addresses, the networks behind them, and everything else by the interface that is
 * named first.
 * @param text `eth0=192.168.1.5/24,cni0=10.42.0.1/24`
 */
export function routesFromAddresses(text: string): HostRoutes {
  const parts = text.split(',').flatMap((part) => {
    const [, name = '', address = ''] = form.exec(part) ?? []
    const cidr = parseCidr(address)
    return cidr === undefined ? [] : [{ name, address, cidr }]
  })
  const links = new Map<string, string[]>([['lo', []]])
  for (const { name, address } of parts) links.set(name, [...(links.get(name) ?? []), address])
  const first = parts[0]?.name
  const defaults = first === undefined ? [] : [route(4, '0.0.0.0/0', first), route(6, '::/0', first)]
  return {
    links: [...links].map(([name, addresses], index) => linkOf(name, addresses, index + 1)),
    rules: [],
    routes: [...parts.map(({ name, cidr }) => route(cidr.family, formatCidr(cidr), name)), ...defaults],
  }
}

function linkOf(name: string, addresses: readonly string[], index: number): ObservedLink {
  return {
    name,
    index,
    isUp: true,
    hasCarrier: true,
    mtuBytes: 1500,
    addresses: addresses.map((address) => ({ address, noPrefixRoute: false })),
  }
}

function route(family: 4 | 6, to: string, dev: string): ObservedRoute {
  return { family, table: mainTable, to, metric: 0, type: 'unicast', protocol: 2, nextHops: [{ dev }], flags: [] }
}
