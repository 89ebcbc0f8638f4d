import { openHostRoutes } from '../../../src/adapters/iproute/iproute-routes.ts'
import { openIptables } from '../../../src/adapters/iptables/open-iptables.ts'
import { openNft } from '../../../src/adapters/nft/nft-filter.ts'
import type { NetworkProgram } from '../../../src/domain/network-program.ts'
import { planRoutes } from '../../../src/plan/routes/plan-routes.ts'
import type { PacketFilterPort } from '../../../src/ports/packet-filter-port.ts'
import type { Namespaces } from '../../netns/lab.ts'
import { rules } from '../../netns/observe.ts'
import type { KillNode, KillRole, Variant } from './kill-node.ts'

const signal = new AbortController().signal

/** Everything that a program says of a kernel, as the kernel tells it, in an order that does not depend on history. */
export async function kernelPicture(lab: Namespaces<KillRole>, role: KillRole, { backend }: Variant): Promise<string> {
  const [saved, tables, routes, rulesOfRouting, setting] = await Promise.all([
    rules(lab, role, backend),
    lab.x(role, ['nft', '-s', 'list', 'tables']),
    Promise.all(['-4', '-6'].map((family) => lab.x(role, ['ip', family, 'route', 'show', 'proto', '201']))),
    lab.x(role, ['ip', 'rule', 'show']),
    lab.x(role, ['sysctl', '-n', 'net.ipv4.conf.eth0.rp_filter']),
  ])
  const hasTable = /^table inet fairlead$/m.test(tables)
  const native = hasTable ? await lab.x(role, ['nft', '-s', 'list', 'table', 'inet', 'fairlead']) : ''
  return [canonical(saved.v4), canonical(saved.v6), native, sorted(routes.join('\n')), rulesOfRouting, setting].join(
    '\n--\n',
  )
}

/** Chains in the order of their names: it depends on who made them when. Rules stay in their order. */
export function canonical(saved: string): string {
  const tables = new Map<string, string[]>()
  let table = ''
  for (const line of saved.split('\n')) {
    if (line.startsWith('*')) table = line
    if (line === '' || line.startsWith('#') || line.startsWith('*') || line === 'COMMIT') continue
    const text = line.replace(/ \[\d+:\d+\]$/, '')
    tables.set(table, [...(tables.get(table) ?? []), text])
  }
  const chainOf = (line: string): string => line.replace(/^(:|-A )/, '').split(' ')[0] ?? ''
  return [...tables]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text]) => [name, ...text.toSorted((a, b) => compare(chainOf(a), chainOf(b)))].join('\n'))
    .join('\n')
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const sorted = (text: string): string => text.split('\n').filter(Boolean).toSorted().join('\n')

/** What programs look like in a kernel: each is loaded once on a node that nobody disturbs. */
export class Mirror {
  readonly #node: KillNode
  readonly #filter: PacketFilterPort
  #written: readonly string[] = []

  constructor(node: KillNode) {
    this.#node = node
    const commands = node.client.commands('m')
    const { plane, backend } = node.variant
    this.#filter =
      plane === 'nft' ? openNft({ commands }) : openIptables({ commands, backend, lockFile: node.client.lockFile('m') })
  }

  async pictureOf(program: NetworkProgram): Promise<string> {
    const { client, variant } = this.#node
    await this.#filter.replace(program.filter, signal)
    const routes = await openHostRoutes(client.commands('m'))
    const memory = { written: new Set(this.#written), adopted: new Map() }
    const { writes } = planRoutes(program, await routes.read(signal), memory)
    this.#written = program.routes.map(({ id }) => id)
    const refused = await routes.write(writes, signal)
    if (refused.length > 0) throw new Error(`the mirror refused ${JSON.stringify(refused)}`)
    const setting = program.sysctls[0]?.value ?? '0'
    await client.x('m', ['sysctl', '-qw', `net.ipv4.conf.eth0.rp_filter=${setting}`])
    return await kernelPicture(client, 'm', variant)
  }
}
