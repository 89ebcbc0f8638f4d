import type { InverseStep } from '../../domain/inverse.ts'
import { asList, asRecord } from '../../domain/plain-json.ts'

type Json = Readonly<Record<string, unknown>>

/** What `ip -j -d addr`, `ip -j neigh`, `bridge -j fdb` and `ip -j -N route` print of one device. */
export interface LinkReading {
  readonly link: Json
  readonly neighbours: readonly Json[]
  readonly forwarding: readonly Json[]
  /** Each as `ip route` takes it, without its verb. */
  readonly routes: readonly { readonly family: 'v4' | 'v6'; readonly words: readonly string[] }[]
}

export interface LinkPrograms {
  readonly ip: string
  readonly bridge: string | undefined
}

/**
 * What makes a VXLAN device or an empty bridge again, with its addresses, neighbours, forwarding entries and routes.
 * @returns undefined for other kinds: the key of a WireGuard device and its peers are known to its owner alone
 */
export function linkInverse(reading: LinkReading, programs: LinkPrograms): readonly InverseStep[] | undefined {
  const { link } = reading
  const name = String(link['ifname'])
  const linkinfo = asRecord(link['linkinfo'])
  const kind = linkArguments(String(linkinfo['info_kind']), asRecord(linkinfo['info_data']))
  if (kind === undefined) return undefined
  const { ip, bridge } = programs
  const isUp = asList(link['flags']).includes('UP')
  const own = ['address', String(link['address']), 'mtu', String(link['mtu'])]
  const commands = [
    ...addressLines(link, name),
    ...(isUp ? [`link set dev ${name} up`] : []),
    ...reading.neighbours.flatMap((entry) => neighbourLine(entry, name)),
  ]
  const forwarding = reading.forwarding.flatMap((entry) => forwardingLine(entry, name))
  return [
    {
      kind: 'ensure',
      check: [ip, 'link', 'show', 'dev', name],
      argv: [ip, 'link', 'add', 'name', name, ...own, 'type', ...kind],
    },
    batch(ip, [], commands),
    ...(bridge === undefined || forwarding.length === 0 ? [] : [batch(bridge, [], forwarding)]),
    ...(['v4', 'v6'] as const).flatMap((family) => {
      const lines = reading.routes.filter((route) => route.family === family)
      if (lines.length === 0) return []
      return [
        batch(
          ip,
          [family === 'v4' ? '-4' : '-6'],
          lines.map(({ words }) => `route replace ${words.join(' ')}`),
        ),
      ]
    }),
  ]
}

function batch(program: string, flags: readonly string[], lines: readonly string[]): InverseStep {
  return {
    kind: 'run',
    argv: [program, ...flags, '-force', '-batch', '-'],
    input: lines.map((line) => `${line}\n`).join(''),
  }
}

function linkArguments(kind: string, data: Json): readonly string[] | undefined {
  if (kind === 'bridge') return ['bridge']
  if (kind !== 'vxlan') return undefined
  const text = (option: string, key: string): readonly string[] => {
    const value = data[key]
    return typeof value === 'string' || typeof value === 'number' ? [option, String(value)] : []
  }
  return [
    'vxlan',
    ...text('id', 'id'),
    ...text('local', 'local'),
    ...text('local', 'local6'),
    ...text('dev', 'link'),
    ...text('dstport', 'port'),
    data['learning'] === true ? 'learning' : 'nolearning',
    ...(data['gbp'] === true ? ['gbp'] : []),
  ]
}

/** The kernel makes link-local addresses itself. */
function addressLines(link: Json, name: string): readonly string[] {
  return asList(link['addr_info']).flatMap((item) => {
    const { local, prefixlen, scope } = asRecord(item)
    return scope === 'link' ? [] : [`addr replace ${String(local)}/${String(prefixlen)} dev ${name}`]
  })
}

function neighbourLine({ dst, lladdr, state }: Json, name: string): readonly string[] {
  if (!asList(state).includes('PERMANENT')) return []
  return [`neigh replace ${String(dst)} lladdr ${String(lladdr)} dev ${name} nud permanent`]
}

function forwardingLine({ mac, dst, state }: Json, name: string): readonly string[] {
  if (state !== 'permanent' || typeof dst !== 'string') return []
  return [`fdb replace ${String(mac)} dev ${name} dst ${dst} self permanent`]
}
