import type { RouteArtefact } from '../../src/domain/host-route.ts'
import { mainTable } from '../../src/domain/host-route.ts'
import { routeId } from '../../src/domain/route-identity.ts'

/** The device that the routes leave by, and its address; the gateways are others of its network. */
export const routeDevice = 'eth0'
export const deviceAddress = '192.168.1.5/24'
export const deviceBatch = [
  `link add ${routeDevice} type veth peer name peer0`,
  `address add ${deviceAddress} dev ${routeDevice}`,
  `link set ${routeDevice} up`,
  'link set peer0 up',
]

/** `count` routes of their own network each. @param gateway last byte of its address */
export function routesOf(count: number, gateway: number): readonly RouteArtefact[] {
  return Array.from({ length: count }, (_, index) => {
    const identity = {
      family: 4,
      table: mainTable,
      to: `10.${100 + (index >> 8)}.${index & 255}.0/24`,
      metric: 0,
    } as const
    return {
      kind: 'route',
      id: routeId(identity),
      ...identity,
      type: 'unicast',
      nextHops: [{ via: `192.168.1.${gateway}`, dev: routeDevice }],
      onConflict: 'Refuse',
      origin: 'clusters/home/nodes/n1.yaml spec.routes',
    }
  })
}
