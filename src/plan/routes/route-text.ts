import { mainTable, type NextHop, type RouteArtefact, type RoutingRuleArtefact } from '../../domain/host-route.ts'

/** As `ip route` would say it: `10.60.0.0/16 via 192.168.1.2 dev eth0 metric 100`. */
export function routeText(
  route: Pick<RouteArtefact, 'to' | 'type' | 'nextHops' | 'metric' | 'table' | 'family'>,
): string {
  const type = route.type === 'unicast' ? '' : `${route.type} `
  const hops = route.nextHops.length > 1 ? route.nextHops.map((hop) => ` nexthop${hopText(hop)}`).join('') : ''
  const [only] = route.nextHops
  const single = route.nextHops.length === 1 && only !== undefined ? hopText(only) : ''
  const metric = route.metric === defaultMetric(route.family) ? '' : ` metric ${route.metric}`
  const table = route.table === mainTable ? '' : ` table ${route.table}`
  return `${type}${route.to}${single}${hops}${metric}${table}`
}

/** ` via 192.168.1.2 dev eth0`, with the blank before each part; empty for a hop of neither. */
export function hopText({ via, dev, onlink, weight }: NextHop): string {
  const parts = [
    via === undefined ? '' : ` via ${via}`,
    dev === undefined ? '' : ` dev ${dev}`,
    onlink === true ? ' onlink' : '',
    weight === undefined ? '' : ` weight ${weight}`,
  ]
  return parts.join('')
}

function defaultMetric(family: 4 | 6): number {
  return family === 4 ? 0 : 1024
}

/** As `ip rule` would say it: `5300: from 10.42.0.0/16 fwmark 0x10/0xf0 lookup 7100`. */
export function routingRuleText(rule: Omit<RoutingRuleArtefact, 'kind' | 'id' | 'origin' | 'family'>): string {
  const { from, to, fwmark, inInterface, outInterface, action } = rule
  const parts = [
    `from ${from ?? 'all'}`,
    to === undefined ? '' : `to ${to}`,
    fwmark === undefined ? '' : `fwmark 0x${fwmark.value.toString(16)}/0x${fwmark.mask.toString(16)}`,
    inInterface === undefined ? '' : `iif ${inInterface}`,
    outInterface === undefined ? '' : `oif ${outInterface}`,
    action.kind === 'lookup' ? `lookup ${action.table}` : action.kind,
  ]
  return `${rule.priority}: ${parts.filter((part) => part !== '').join(' ')}`
}
