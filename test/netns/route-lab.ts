import { openHostRoutes } from '../../src/adapters/iproute/iproute-routes.ts'
import type { HostRoutes } from '../../src/domain/host-routes.ts'
import type { RouteMemory } from '../../src/plan/routes/decide-route.ts'
import { planRoutes, type RoutePlan, type WantedRoutes } from '../../src/plan/routes/plan-routes.ts'
import type { HostRoutesPort, RefusedWrite } from '../../src/ports/host-routes-port.ts'
import { type RenderedRoutes, renderRoutes } from '../../src/render/routes/render-routes.ts'
import { nodeNetwork } from '../lab/node-network.ts'
import { type Namespace, newNamespace } from './namespace.ts'

export const signal = new AbortController().signal
export const nothingRemembered: RouteMemory = { written: new Set(), adopted: new Map() }

/** A node with two uplinks: eth0 192.168.1.5/24 and fd00:1::5/64, eth1 192.168.2.5/24 and fd00:2::5/64. */
export interface RouteLab {
  readonly node: Namespace
  readonly port: HostRoutesPort
  /** Lines for `ip -batch` on the node, of one family. */
  ip(family: 4 | 6, ...lines: readonly string[]): Promise<void>
  /** Reads, plans and writes once, as the agent does. */
  pass(wanted: WantedRoutes, memory?: RouteMemory): Promise<Pass>
  /** `ip route show` of one table, one line for each route, without trailing blanks. */
  routes(family: 4 | 6, table?: string): Promise<readonly string[]>
  down(): Promise<void>
}

export interface Pass {
  readonly before: HostRoutes
  readonly plan: RoutePlan
  readonly refused: readonly RefusedWrite[]
}

export async function newRouteLab(label = 'rt'): Promise<RouteLab> {
  const node = await newNamespace(label)
  const ip = async (family: 4 | 6, ...lines: readonly string[]): Promise<void> => {
    await node.run(['/usr/sbin/ip', `-${family}`, '-batch', '-'], `${lines.join('\n')}\n`)
  }
  await node.run(['/usr/sbin/sysctl', '-qw', 'net.ipv6.conf.default.accept_dad=0', 'net.ipv6.conf.all.accept_dad=0'])
  await ip(
    4,
    'link add eth0 type veth peer name far0',
    'link add eth1 type veth peer name far1',
    ...['eth0', 'eth1', 'far0', 'far1'].map((name) => `link set ${name} up`),
    'addr add 192.168.1.5/24 dev eth0',
    'addr add 192.168.2.5/24 dev eth1',
  )
  await ip(6, 'addr add fd00:1::5/64 dev eth0 nodad', 'addr add fd00:2::5/64 dev eth1 nodad')
  const port = await openHostRoutes(node.commands)
  return {
    node,
    port,
    ip,
    pass: async (wanted, memory = nothingRemembered) => {
      const before = await port.read(signal)
      const plan = planRoutes(wanted, before, memory)
      return { before, plan, refused: await port.write(plan.writes, signal) }
    },
    routes: async (family, table = 'main') => {
      const text = await node.run(['/usr/sbin/ip', `-${family}`, 'route', 'show', 'table', table])
      return text
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '')
    },
    down: () => node.down(),
  }
}

/** What a document with these parts of `spec` asks for. */
export function rendered(
  spec: Readonly<Record<string, unknown>>,
  more: Partial<Parameters<typeof renderRoutes>[1]> = {},
): RenderedRoutes {
  const network = nodeNetwork('edge', { nodes: { names: ['pi-1'] }, ...spec })
  return renderRoutes([{ network, file: 'nodes/edge.yaml' }], {
    clusterCIDRs: ['10.42.0.0/16', 'fd00:42::/56'],
    serviceCIDRs: ['10.43.0.0/16'],
    nodeNetworks: ['192.168.1.0/24'],
    ...more,
  })
}

export function remembered(wanted: WantedRoutes): RouteMemory {
  return { written: new Set([...wanted.routes, ...wanted.routingRules].map(({ id }) => id)), adopted: new Map() }
}
