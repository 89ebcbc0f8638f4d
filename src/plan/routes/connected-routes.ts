import { type AddressFamily, addressBits, formatCidr, parseAddress, parseCidr } from '../../domain/cidr.ts'
import { mainTable } from '../../domain/host-route.ts'
import type { HostRoutes, LinkAddress, ObservedLink, ObservedRoute } from '../../domain/host-routes.ts'

/** The number of routes that the kernel makes by itself. */
const kernelProtocol = 2

/**
 * Routes to the networks of the node's own addresses that are gone. The kernel makes them once, with the address: after
 * `ip route flush table main` they do not come back, and without them no gateway can be reached.
 * Left alone: links that are down, addresses that ask for none, those of a VRF, whose routes are elsewhere, and what
 * routers advertise, whose next advertisement brings them back.
 */
export function missingConnectedRoutes({ links, routes }: HostRoutes): readonly ObservedRoute[] {
  const held = new Set(routes.filter(isConnected).map(({ to, nextHops }) => connectedKey(to, nextHops[0]?.dev)))
  const vrfs = new Set(links.filter(({ kind }) => kind === 'vrf').map(({ name }) => name))
  const missing = new Map<string, ObservedRoute>()
  for (const link of links) {
    if (!link.isUp || link.name === 'lo' || (link.master !== undefined && vrfs.has(link.master))) continue
    for (const address of link.addresses) {
      const route = connectedRoute(link, address)
      if (route === undefined) continue
      const key = connectedKey(route.to, link.name)
      if (!held.has(key) && !missing.has(key)) missing.set(key, route)
    }
  }
  return [...missing.values()]
}

function isConnected({ table, protocol, type }: ObservedRoute): boolean {
  return table === mainTable && protocol === kernelProtocol && type === 'unicast'
}

function connectedKey(to: string, dev: string | undefined): string {
  return `${to} ${dev ?? ''}`
}

function connectedRoute(link: ObservedLink, address: LinkAddress): ObservedRoute | undefined {
  if (address.noPrefixRoute) return undefined
  const [local = '', prefix = ''] = address.address.split('/')
  const network = parseCidr(`${address.peer ?? local}/${prefix}`)
  if (network === undefined || (network.family === 6 && address.isDynamic === true)) return undefined
  // An address alone is reached by the table of local addresses; the other end of a link is a network of one.
  if (network.prefixBits === addressBits(network.family) && address.peer === undefined) return undefined
  return {
    family: network.family,
    table: mainTable,
    to: formatCidr(network),
    metric: address.metric ?? defaultMetric(network.family),
    type: 'unicast',
    protocol: kernelProtocol,
    ...(network.family === 4 ? { scope: 'link', preferredSource: local } : {}),
    nextHops: [{ dev: link.name }],
    flags: [],
  }
}

/** Of the routes that the kernel makes with an address. @see kernel net/ipv6/addrconf.c, IP6_RT_PRIO_ADDRCONF */
function defaultMetric(family: AddressFamily): number {
  return family === 4 ? 0 : 256
}

/** Whether an address is in the network of one of the link's own addresses. */
export function isOnLink(link: ObservedLink, text: string): boolean {
  const address = parseAddress(text)
  return link.addresses.some((own) => {
    const [local = '', prefix = ''] = own.address.split('/')
    const network = parseCidr(`${own.peer ?? local}/${prefix}`)
    if (network === undefined || address === undefined || network.family !== address.family) return false
    const hostBits = BigInt(addressBits(network.family) - network.prefixBits)
    return network.network >> hostBits === address.value >> hostBits
  })
}
