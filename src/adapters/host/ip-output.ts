import type { HostInterface, HostNetwork } from '../../domain/host.ts'
import { asList, asRecord } from '../../domain/plain-json.ts'

/** `ip -j -d address show`; undefined for anything else, such as what a busybox prints. */
export function parseInterfaces(text: string | undefined): readonly HostInterface[] | undefined {
  return recordsOf(text)?.flatMap((link) => {
    const { ifname, flags, mtu, linkinfo } = link
    if (typeof ifname !== 'string' || typeof mtu !== 'number') return []
    const kind = asRecord(linkinfo)['info_kind']
    const addresses = asList(link['addr_info']).flatMap((item) => {
      const { local, prefixlen } = asRecord(item)
      return typeof local === 'string' && typeof prefixlen === 'number' ? [`${local}/${prefixlen}`] : []
    })
    return [
      {
        name: ifname,
        isUp: asList(flags).includes('UP'),
        mtuBytes: mtu,
        ...(typeof kind === 'string' ? { type: kind } : {}),
        addresses,
      },
    ]
  })
}

type DefaultRoute = HostNetwork['defaultRoutes'][number]

/** `ip -j route show default`, with `-6` for IPv6; the preferred route first. */
export function parseDefaultRoutes(text: string | undefined, family: 4 | 6): readonly DefaultRoute[] {
  const routes = (recordsOf(text) ?? []).flatMap((route) => {
    if (route['dst'] !== 'default') return []
    const metric = typeof route['metric'] === 'number' ? route['metric'] : 0
    const ways = route['nexthops'] === undefined ? [route] : asList(route['nexthops']).map(asRecord)
    return ways.flatMap(({ dev, gateway }) => {
      if (typeof dev !== 'string') return []
      const { protocol } = route
      const found: DefaultRoute = {
        family,
        device: dev,
        ...(typeof gateway === 'string' ? { gateway } : {}),
        ...(typeof protocol === 'string' ? { protocol } : {}),
      }
      return [{ metric, found }]
    })
  })
  return routes.sort((a, b) => a.metric - b.metric).map(({ found }) => found)
}

function recordsOf(text: string | undefined): readonly Readonly<Record<string, unknown>>[] | undefined {
  // Without any route some versions print nothing at all.
  if (text === undefined) return undefined
  if (text.trim() === '') return []
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value.map(asRecord) : undefined
  } catch {
    return undefined
  }
}
