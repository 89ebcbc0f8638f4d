import { type AddressFamily, addressBits } from '../../domain/cidr.ts'
import type { NextHop } from '../../domain/host-route.ts'
import type { ObservedRoute } from '../../domain/host-routes.ts'
import { asList, asRecord, type Json, numberIn, textIn, textsIn } from '../../domain/plain-json.ts'

/**
 * One family of `ip -j -d -N route show table all`. Names are understood as well as numbers: without `-N` the same
 * program prints `main` and `boot`.
 * @see iproute2 ip/iproute.c, print_route
 */
export function parseRoutes(json: unknown, family: AddressFamily): readonly ObservedRoute[] {
  return asList(json).map((item) => parseRoute(asRecord(item), family))
}

/** @see kernel include/uapi/linux/rtnetlink.h */
const types: Readonly<Record<string, string>> = {
  1: 'unicast',
  2: 'local',
  3: 'broadcast',
  4: 'anycast',
  5: 'multicast',
  6: 'blackhole',
  7: 'unreachable',
  8: 'prohibit',
  9: 'throw',
}
const scopes: Readonly<Record<string, string>> = { 0: 'global', 200: 'site', 253: 'link', 254: 'host', 255: 'nowhere' }
const tables: Readonly<Record<string, number>> = { default: 253, main: 254, local: 255 }
const protocols: Readonly<Record<string, number>> = {
  unspec: 0,
  redirect: 1,
  kernel: 2,
  boot: 3,
  static: 4,
  gated: 8,
  ra: 9,
  mrt: 10,
  zebra: 11,
  bird: 12,
  dnrouted: 13,
  xorp: 14,
  ntk: 15,
  dhcp: 16,
  keepalived: 18,
  babel: 42,
  bgp: 186,
  isis: 187,
  ospf: 188,
  rip: 189,
  eigrp: 192,
}

/** What a route may say besides its way; `mtu` has a field of its own. */
const keptMetrics = ['window', 'advmss', 'hoplimit', 'initcwnd', 'initrwnd', 'quickack', 'reordering', 'rto_min']

function parseRoute(item: Json, family: AddressFamily): ObservedRoute {
  const flags = textsIn(item['flags'])
  const metrics = asRecord(asList(item['metrics'])[0])
  const type = typeName(textIn(item['type']) ?? '1')
  const scope = textIn(item['scope'])
  const mtuBytes = numberIn(metrics['mtu'])
  const preferredSource = textIn(item['prefsrc'])
  const tos = textIn(item['tos'])
  const attributes = attributesOf(item, metrics)
  return {
    family,
    table: numbered(textIn(item['table']) ?? '254', tables),
    to: destination(textIn(item['dst']) ?? 'default', family),
    metric: numberIn(item['metric']) ?? 0,
    type,
    protocol: numbered(textIn(item['protocol']) ?? '3', protocols),
    ...(scope === undefined ? {} : { scope: scopes[scope] ?? scope }),
    nextHops: stopsPackets(type) ? [] : hopsOf(item, flags),
    ...(mtuBytes === undefined ? {} : { mtuBytes }),
    ...(preferredSource === undefined ? {} : { preferredSource }),
    ...(tos === undefined ? {} : { tos: Number(tos) }),
    ...(attributes.length === 0 ? {} : { attributes }),
    flags,
  }
}

/** IPv6 names the loopback interface for them; it means nothing. */
function stopsPackets(type: string): boolean {
  return type === 'blackhole' || type === 'unreachable' || type === 'prohibit' || type === 'throw'
}

function typeName(text: string): string {
  return types[text] ?? text
}

export function numbered(text: string, names: Readonly<Record<string, number>>): number {
  return names[text] ?? Number(text)
}

export function tableNumber(text: string): number {
  return numbered(text, tables)
}

export function protocolNumber(text: string): number {
  return numbered(text, protocols)
}

function destination(text: string, family: AddressFamily): string {
  if (text === 'default') return family === 4 ? '0.0.0.0/0' : '::/0'
  return text.includes('/') ? text : `${text}/${addressBits(family)}`
}

function hopsOf(item: Json, flags: readonly string[]): readonly NextHop[] {
  const several = asList(item['nexthops']).map(asRecord)
  if (several.length === 0) return [hop(item, flags)]
  return several.map((one) => {
    const weight = numberIn(one['weight']) ?? 1
    return { ...hop(one, textsIn(one['flags'])), ...(weight === 1 ? {} : { weight }) }
  })
}

function hop(item: Json, flags: readonly string[]): NextHop {
  // An IPv4 route through an IPv6 gateway has it as `via`.
  const via = textIn(item['gateway']) ?? textIn(asRecord(item['via'])['host'])
  const dev = textIn(item['dev'])
  return {
    ...(via === undefined ? {} : { via }),
    ...(dev === undefined ? {} : { dev }),
    ...(flags.includes('onlink') ? { onlink: true as const } : {}),
  }
}

function attributesOf(item: Json, metrics: Json): readonly string[] {
  const preference = textIn(item['pref'])
  return [
    ...keptMetrics.flatMap((name) => {
      const value = metrics[name]
      return typeof value === 'number' || typeof value === 'string' ? [name, String(value)] : []
    }),
    ...(preference === undefined || preference === 'medium' ? [] : ['pref', preference]),
  ]
}
