/** What `ip -j` prints, as far as probes ask. Text of another tool: what does not fit counts as not there. */

/** The gateway of the best default route: the lowest metric that has one; of several next hops the first. */
export function readDefaultGateway(json: string): { readonly gateway: string; readonly device: string } | undefined {
  const routes = readList(json)
    .filter((route) => !flagsOf(route).some((flag) => flag === 'linkdown' || flag === 'dead'))
    .map((route) => ({ metric: numberOf(route['metric']) ?? 0, hop: firstHop(route) }))
    .sort((a, b) => a.metric - b.metric)
  for (const { hop } of routes) {
    const via = hop['via']
    const gateway = textOf(hop['gateway']) ?? (isObject(via) ? textOf(via['host']) : undefined)
    const device = textOf(hop['dev'])
    if (gateway !== undefined && device !== undefined) return { gateway, device }
  }
  return undefined
}

/** `REACHABLE`, `STALE`, `FAILED`; undefined without an entry. */
export function readNeighbourState(json: string): string | undefined {
  const states = readList(json)[0]?.['state']
  return Array.isArray(states) ? textOf(states[0]) : undefined
}

/** The device by which a packet to an address would leave; an error is what the kernel says about that. */
export function readRouteGet(json: string): { readonly device: string } | { readonly error: string } {
  const route = readList(json)[0]
  const type = textOf(route?.['type']) ?? 'unicast'
  if (type !== 'unicast' && type !== 'local') return { error: `its route is ${type}` }
  const device = textOf(route?.['dev'])
  return device === undefined ? { error: 'there is no route' } : { device }
}

/** Whether a link carries traffic. `UNKNOWN` is what devices without a carrier of their own say: `lo`, `wireguard`. */
export function readLinkUp(json: string): boolean {
  const link = readList(json)[0]
  if (link === undefined) return false
  const flags = flagsOf(link)
  return flags.includes('UP') && !flags.includes('NO-CARRIER') && textOf(link['operstate']) !== 'DOWN'
}

function firstHop(route: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const hops = route['nexthops']
  const first: unknown = Array.isArray(hops) ? hops[0] : undefined
  return isObject(first) ? first : route
}

function readList(json: string): readonly Readonly<Record<string, unknown>>[] {
  try {
    const parsed: unknown = JSON.parse(json === '' ? '[]' : json)
    return Array.isArray(parsed) ? parsed.filter(isObject) : []
  } catch {
    return []
  }
}

function flagsOf(entry: Readonly<Record<string, unknown>>): readonly unknown[] {
  return Array.isArray(entry['flags']) ? entry['flags'] : []
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
