import { parseAddress } from '../../domain/cidr.ts'
import type { HostInterface } from '../../domain/host.ts'
import { scalarOf } from '../../k3s/config/effective-settings.ts'
import type { NodeSubject } from '../subject.ts'

/**
 * The interface that flannel takes for the traffic between nodes: `flannel-iface`, else that of the default route (of
 * IPv4 where there is one).
 * @returns undefined where the machine's interfaces are not known
 * @see k3s-io/k3s pkg/agent/flannel/flannel.go
 */
export function underlayOf({ settings, host }: NodeSubject): HostInterface | undefined {
  const network = host?.network
  if (network === undefined) return undefined
  const routes = network.defaultRoutes
  const route = routes.find((one) => one.family === 4) ?? routes[0]
  const name = scalarOf(settings, 'flannel-iface')?.text ?? route?.device
  return network.interfaces.find((one) => one.name === name)
}

/** `192.168.1.5` of `192.168.1.5/24`. */
export function addressOfInterface(text: string): ReturnType<typeof parseAddress> {
  return parseAddress(text.replace(/\/.*/s, ''))
}
