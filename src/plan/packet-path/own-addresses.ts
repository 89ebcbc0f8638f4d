import { familyOf } from '../../domain/cidr.ts'
import type { HostRoutes } from '../../domain/host-routes.ts'
import type { FailsafeFlow } from '../../domain/network-program.ts'

/** A node with thousands of addresses has them on a device for Services; the first ones are those of its uplinks. */
const mostAddresses = 16

/** Addresses of the node for one end of a flow, those that packets of its kind are sent to besides included. */
export function ownAddresses(
  { links }: HostRoutes,
  { family, direction, protocol, port, icmpType }: FailsafeFlow,
): readonly string[] {
  const own = links
    .filter(({ name, isUp }) => name !== 'lo' && isUp)
    .flatMap(({ addresses }) => addresses.map(({ address }) => address.split('/')[0] ?? ''))
    .filter((address) => address !== '' && familyOf(address) === family)
    .slice(0, mostAddresses)
  if (direction === 'output' || own.length === 0) return own
  if (protocol === 'udp' && port === 68) return [...own, '255.255.255.255']
  if (protocol === 'icmpv6' && icmpType !== undefined && icmpType >= 133) return [...own, 'ff02::1']
  return own
}

/** Nothing but loopback: the network is not up, or nobody could read it. */
export function isWithoutAddress({ links }: HostRoutes): boolean {
  return !links.some(({ name, isUp, addresses }) => name !== 'lo' && isUp && addresses.length > 0)
}
